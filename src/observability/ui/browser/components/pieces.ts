import { type Child, element } from '../dom/element.ts';
import { count } from '../dom/format.ts';
import type { Pages } from '../model/pages.ts';

/** How something is: said by its word, and by a colour for those who see one. */
export type Tone = 'good' | 'warning' | 'bad' | 'plain';

export function pill(tone: Tone, text: string): HTMLElement {
  return element('span', { class: `pill ${tone}` }, text);
}

/** A name as it is written somewhere. */
export function code(text: string): HTMLElement {
  return element('code', {}, text);
}

export function muted(...children: readonly Child[]): HTMLElement {
  return element('span', { class: 'muted' }, ...children);
}

/** What stands where there is nothing. */
export function absent(text = '–'): HTMLElement {
  return element('span', { class: 'absent' }, text);
}

/** A part of a view. */
export function panel(title: string, ...children: readonly Child[]): HTMLElement {
  return element('section', { class: 'panel' }, element('h2', {}, title), ...children);
}

/** The head of a view: its name, how much there is, and what narrows it. */
export function viewHead(title: string, amount: string | undefined, ...tools: readonly Child[]): HTMLElement {
  return element(
    'div',
    { class: 'view-head' },
    element('h1', { tabindex: -1 }, title),
    amount !== undefined && element('p', { class: 'amount' }, amount),
    ...tools,
  );
}

/** `12 of 40 routes`. */
export function amountText(shown: number, all: number, one: string, many = `${one}s`): string {
  const total = `${count(all)} ${all === 1 ? one : many}`;
  return shown === all ? total : `${count(shown)} of ${total}`;
}

/** What stands in the place of a page that did not come (yet); undefined: it is there, and perhaps it is old. */
export function insteadOf(path: string, pages: Pages): Child {
  const answer = pages.answer(path);
  const name = code(path.split('?')[0] ?? path);
  if (answer?.kind === 'missing')
    return ofAnotherVersion('The program at this port has no page ', name, ': it is older than this web UI. ');
  if (answer?.kind === 'unlike')
    return ofAnotherVersion('The program at this port writes ', name, ' otherwise: it is of another version than this web UI. ');
  if (answer?.kind === 'refused') return element('p', { class: 'notice' }, `The program says: ${answer.why}`);
  if (pages.isKnown(path)) return undefined;
  return element('p', { class: 'empty' }, answer === undefined ? 'Asking …' : 'Nothing is known: the program did not answer yet.');
}

/** Says why something cannot be shown, and has the program's own UI loaded. */
export function ofAnotherVersion(...why: readonly Child[]): HTMLElement {
  return element('p', { class: 'notice' }, ...why, element('button', { type: 'button', 'data-action': 'reload' }, 'Load its own'));
}

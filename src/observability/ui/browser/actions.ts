import { askInDialog } from './components/ask-dialog.ts';
import { filledQuestion } from './components/explain-form.ts';
import { code } from './components/pieces.ts';
import { counted } from './dom/format.ts';
import type { AdminToken } from './model/admin-token.ts';
import { hashOf, type Place } from './model/location.ts';
import type { Pages } from './model/pages.ts';
import type { Tap } from './model/tap.ts';
import { switchTheme } from './model/theme.ts';

export interface ActionsOptions {
  readonly pages: Pages;
  readonly token: AdminToken;
  readonly tap: Tap;
  readonly expanded: Set<string>;
  readonly place: () => Place;
  /** Something is to be shown otherwise. */
  readonly changed: () => void;
}

const typingMs = 300;

/** What people do beside following links. Listens to the whole page, whose elements come and go. */
export class Actions {
  readonly #options: ActionsOptions;
  #typing: number | undefined;

  constructor(options: ActionsOptions) {
    this.#options = options;
  }

  listen(): void {
    document.addEventListener('click', (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-action]') : null;
      if (button !== null) void this.#act(button.dataset.action ?? '', button.dataset.id ?? '');
    });
    document.addEventListener('submit', (event) => {
      if (!(event.target instanceof HTMLFormElement) || event.target.dataset.form !== 'explain') return;
      event.preventDefault();
      this.#explain(event.target);
    });
    document.addEventListener('input', (event) => {
      if (event.target instanceof HTMLInputElement && event.target.dataset.query !== undefined) this.#typed(event.target);
    });
    document.addEventListener('keydown', (event) => pressed(event));
    document.querySelector('a.skip')?.addEventListener('click', (event) => {
      // The address says which view it is.
      event.preventDefault();
      document.getElementById('main')?.focus();
    });
  }

  async #act(action: string, id: string): Promise<void> {
    const { pages, token, tap, expanded, changed } = this.#options;
    switch (action) {
      case 'toggle':
        if (!expanded.delete(id)) expanded.add(id);
        return changed();
      case 'theme':
        announce(`Theme: ${switchTheme()}`, true);
        return changed();
      case 'retry':
        return pages.askNow();
      case 'reload':
        return location.reload();
      case 'lock':
        token.forget();
        return changed();
      case 'ask-token':
        return this.#askToken();
      case 'tap-pause':
        tap.togglePause();
        return changed();
      case 'tap-retry':
        return tap.retry();
      case 'ask-end':
        return this.#end(id);
      case 'ask-drain':
        return this.#drain(id);
      case 'end-drain':
        return this.#change('DELETE', `/debug/drains?${new URLSearchParams({ endpoint: id })}`, 'Not used again', (changed) =>
          changed > 0 ? `Used again: ${id}.` : `It was not drained: ${id}.`,
        );
    }
  }

  #explain(form: HTMLFormElement): void {
    const hash = hashOf('explain', filledQuestion(form));
    if (location.hash === hash) this.#options.pages.askNow();
    else location.hash = hash;
  }

  /** What is typed is kept in the address, without a step of the history for each letter. */
  #typed(field: HTMLInputElement): void {
    const { view, query } = this.#options.place();
    const next = new URLSearchParams(query);
    next.set(field.dataset.query ?? '', field.value);
    history.replaceState(null, '', hashOf(view, next));
    window.clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => {
      this.#options.changed();
      announce(document.querySelector('main .amount')?.textContent ?? '', true);
    }, typingMs);
  }

  async #askToken(): Promise<void> {
    const secret = await askInDialog({
      title: 'Allow changes',
      text: [
        'The admin token, which is in the file that the program was given with ',
        code('--admin-token-file'),
        '. It is kept until this tab is closed.',
      ],
      confirm: 'Use it',
      secret: 'Admin token',
    });
    if (secret === undefined) return;
    this.#options.token.take(secret.trim());
    this.#options.changed();
  }

  async #end(id: string): Promise<void> {
    const confirmed = await askInDialog({
      title: 'End this connection?',
      text: [code(id), ' is closed at once, with whatever it is in the middle of. Its client may come again.'],
      confirm: 'End it',
      isDangerous: true,
    });
    if (confirmed === undefined) return;
    const path = `/debug/connections?${new URLSearchParams({ id })}`;
    await this.#change('DELETE', path, 'Not ended', (changed) => `Ended: ${counted(changed, 'connection')}.`);
  }

  async #drain(endpoint: string): Promise<void> {
    const confirmed = await askInDialog({
      title: 'Drain this endpoint?',
      text: [
        code(endpoint),
        ' keeps what it has and gets nothing new from this pod, in any Service, until it is used again or no Service has it any more.',
      ],
      confirm: 'Drain it',
      isDangerous: true,
    });
    if (confirmed === undefined) return;
    const path = `/debug/drains?${new URLSearchParams({ endpoint })}`;
    await this.#change('PUT', path, 'Not drained', (changed) => (changed > 0 ? `Drained: ${endpoint}.` : `Nothing to drain: ${endpoint}.`));
  }

  /** Asks for a change, and says what came of it. */
  async #change(method: 'DELETE' | 'PUT', path: string, failed: string, done: (changed: number) => string): Promise<void> {
    const answer = await this.#options.token.change(method, path);
    if (answer.kind === 'data') announce(done(changedOf(answer.data)));
    else announce(answer.kind === 'missing' ? `${failed}: the program is of another version.` : `${failed}: ${answer.why}.`);
    this.#options.changed();
  }
}

function changedOf(data: unknown): number {
  return typeof data === 'object' && data !== null && 'changed' in data ? Number(data.changed) : 0;
}

/** `/` goes to the filter, unless somebody is writing; Escape empties it. */
function pressed(event: KeyboardEvent): void {
  const isWriting = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (event.key === '/' && !isWriting && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector<HTMLInputElement>('main input:not([type="checkbox"])');
    if (field === null) return;
    event.preventDefault();
    field.focus();
    field.select();
  }
  // Some browsers do so by themselves.
  if (event.key === 'Escape' && event.target instanceof HTMLInputElement && event.target.dataset.query !== undefined) {
    event.preventDefault();
    event.target.value = '';
    event.target.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

const shownMs = 8000;
let hiding: number | undefined;

/** Says something to those who listen, and to those who look unless they see it anyway. */
function announce(text: string, isSeenAnyway = false): void {
  const place = document.getElementById('announcer');
  if (place === null) return;
  place.textContent = text;
  place.classList.toggle('visually-hidden', isSeenAnyway);
  window.clearTimeout(hiding);
  hiding = window.setTimeout(() => place.classList.add('visually-hidden'), shownMs);
}

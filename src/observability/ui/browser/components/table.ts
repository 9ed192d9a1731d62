import { type Child, element } from '../dom/element.ts';

export interface TableHead {
  readonly title: string;
  /** `number`: to the right. `wide`: left out on narrow screens. `prose`, `nowrap`: how it is broken. */
  readonly kind?: string | undefined;
  /** What sorts by it. */
  readonly link?: { readonly href: string; readonly direction: 'none' | 'ascending' | 'descending' };
}

export interface TableRow {
  /** Says that a row is the same as before. */
  readonly key?: string;
  readonly kind?: string | undefined;
  /** One for each head. */
  readonly cells: readonly (Child | readonly Child[])[];
  /** Shown below it. */
  readonly detail?: readonly Child[] | undefined;
}

export interface TableOptions {
  readonly caption: string;
  readonly heads: readonly TableHead[];
  readonly rows: readonly TableRow[];
  /** Which cell names its row. @default 0 */
  readonly namedBy?: number;
  /** It stands inside of another table's row, and does not scroll by itself. */
  readonly isInner?: boolean;
}

/**
 * A table that becomes a list of cards on narrow screens. Roles are written out, because browsers forget them where a table is laid out as
 * something else.
 */
export function table(options: TableOptions): HTMLElement {
  const { caption, heads, rows, isInner = false } = options;
  const whole = element(
    'table',
    { role: 'table', class: isInner ? 'inner' : undefined },
    element('caption', { class: 'visually-hidden' }, caption),
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...heads.map(headCell))),
    element('tbody', { role: 'rowgroup' }, ...rows.flatMap((row) => rowElements(row, options))),
  );
  return isInner ? whole : element('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 }, whole);
}

function headCell({ title, kind, link }: TableHead): HTMLElement {
  const attributes = { scope: 'col', role: 'columnheader', class: kind };
  if (link === undefined) return element('th', attributes, title);
  return element('th', { ...attributes, 'aria-sort': link.direction }, element('a', { href: link.href, class: 'sort' }, title));
}

function rowElements({ key, kind, cells, detail }: TableRow, { heads, namedBy = 0 }: TableOptions): readonly HTMLElement[] {
  const made = cells.map((content, index) => {
    const children = Array.isArray(content) ? (content as readonly Child[]) : [content as Child];
    const attributes = { class: heads[index]?.kind, 'data-label': heads[index]?.title };
    return index === namedBy
      ? element('th', { scope: 'row', role: 'rowheader', ...attributes }, ...children)
      : element('td', { role: 'cell', ...attributes }, ...children);
  });
  const row = element('tr', { role: 'row', 'data-key': key, class: detail === undefined ? kind : 'open' }, ...made);
  if (detail === undefined) return [row];
  const below = element('td', { role: 'cell', colspan: heads.length }, ...detail);
  return [row, element('tr', { role: 'row', 'data-key': `${key} detail`, class: 'detail' }, below)];
}

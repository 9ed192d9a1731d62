import { type Child, element } from '../dom/element.ts';
import { count } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import { type TableHead, table } from './table.ts';

export interface Column<R> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: R) => Child | readonly Child[];
  /** What rows are sorted by, numbers from the largest and texts from A; undefined: they cannot be. */
  readonly sortBy?: (row: R) => number | string;
  /** See `TableHead`. */
  readonly kind?: string;
}

export interface DataTableOptions<R> {
  readonly view: string;
  readonly caption: string;
  /** The first names the row. */
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string;
  /** Of the address: `sort`, `order`. */
  readonly query: URLSearchParams;
  /** What stands there when there are no rows. */
  readonly empty: string;
  /** What is shown below a row that is open; undefined: it is not. */
  readonly detail?: (row: R) => readonly Child[] | undefined;
}

/** Most rows that a browser is given. */
const maxRows = 500;

/** Rows that can be sorted by links in their head; beyond the first 500 it says how many there are. */
export function dataTable<R>(options: DataTableOptions<R>): HTMLElement {
  const { caption, columns, rows, empty, keyOf, detail } = options;
  if (rows.length === 0) return element('p', { class: 'empty' }, empty);
  const shown = sorted(options).slice(0, maxRows);
  const left = rows.length - shown.length;
  return element(
    'div',
    { class: 'table-block' },
    table({
      caption,
      heads: columns.map((column) => headOf(column, options)),
      rows: shown.map((row) => ({ key: keyOf(row), cells: columns.map(({ cell }) => cell(row)), detail: detail?.(row) })),
    }),
    left > 0 && element('p', { class: 'more' }, `${count(left)} more: filter to see others.`),
  );
}

function headOf<R>({ id, title, sortBy, kind }: Column<R>, { view, query }: DataTableOptions<R>): TableHead {
  if (sortBy === undefined) return { title, kind };
  const isSorted = query.get('sort') === id;
  const isReversed = isSorted && query.get('order') === 'reverse';
  const next = new URLSearchParams(query);
  // The third time it is as it was.
  next.set('sort', isReversed ? '' : id);
  next.set('order', isSorted && !isReversed ? 'reverse' : '');
  const isNumber = kind?.includes('number') === true;
  const direction = !isSorted ? 'none' : isNumber !== isReversed ? 'descending' : 'ascending';
  return { title, kind, link: { href: hashOf(view, next), direction } };
}

function sorted<R>({ columns, rows, query }: DataTableOptions<R>): readonly R[] {
  const by = columns.find(({ id }) => id === query.get('sort'))?.sortBy;
  if (by === undefined) return rows;
  const sign = query.get('order') === 'reverse' ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(by(a), by(b)));
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? b - a : String(a).localeCompare(String(b), 'en', { numeric: true });
}

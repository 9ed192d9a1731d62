import type { TableItem } from './table-items.ts';

/** One thing that is another one, or in one table alone. */
export interface ItemChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: TableItem['kind'];
  readonly name: string;
  readonly object: string | undefined;
  /** Of a change; of what is added or removed, nothing. */
  readonly fields: readonly FieldChange[];
}

/** A field that is another one, or in one table alone. */
export interface FieldChange {
  readonly field: string;
  /** undefined: it was, or is, not there. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Most characters of a value that are told, and how many of them stand before the first that is another, in a value that begins alike. */
const maxText = 200;
const maxBefore = 60;

/** What has to happen to `before` so that it is `after`, by object and name. Pure. */
export function diffItems(before: ReadonlyMap<string, TableItem>, after: ReadonlyMap<string, TableItem>): readonly ItemChange[] {
  const changes: ItemChange[] = [];
  for (const [id, item] of before) if (!after.has(id)) changes.push(whole('removed', item));
  for (const [id, item] of after) {
    const old = before.get(id);
    const fields = old === undefined ? [] : diffFields(old, item);
    if (old === undefined) changes.push(whole('added', item));
    else if (fields.length > 0) changes.push({ ...whole('changed', item), fields });
  }
  return changes.sort((a, b) => compare(sortKey(a), sortKey(b)));
}

function whole(change: ItemChange['change'], { kind, name, object }: TableItem): ItemChange {
  return { change, kind, name, object, fields: [] };
}

function diffFields(old: TableItem, item: TableItem): readonly FieldChange[] {
  const names = [...new Set([...old.fields.keys(), ...item.fields.keys()])].sort();
  const all = names.map((field) => ({ field, from: old.fields.get(field), to: item.fields.get(field) }));
  const moved = old.object === item.object ? [] : [{ field: 'object', from: old.object, to: item.object }];
  return [...moved, ...all.filter(({ from, to }) => from !== to).map(shortened)];
}

/** Long values as far as they tell what is another: an address in a list of hundreds, a word of a page. */
function shortened({ field, from, to }: FieldChange): FieldChange {
  if (from === undefined || to === undefined) return { field, from: clipped(from, 0), to: clipped(to, 0) };
  let same = 0;
  while (same < from.length && from[same] === to[same]) same++;
  const start = same < maxText - maxBefore ? 0 : same - maxBefore;
  return { field, from: clipped(from, start), to: clipped(to, start) };
}

function clipped(text: string | undefined, start: number): string | undefined {
  if (text === undefined) return undefined;
  return `${start > 0 ? '...' : ''}${text.slice(start, start + maxText)}${text.length > start + maxText ? '...' : ''}`;
}

function sortKey({ object = '', kind, name }: ItemChange): string {
  return `${object}\0${kind}\0${name}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

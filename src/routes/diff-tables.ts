import { type RouteTable, type TablePart, tableParts } from './route-table.ts';
import { sameData } from './same-data.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/**
 * What turns table `a` into table `b`; undefined when nothing does. References are compared first, so that unchanged parts cost nothing;
 * an entry that was made again with the same content is no difference.
 */
export function diffTables(a: RouteTable, b: RouteTable): TableDelta | undefined {
  const delta: { [P in TablePart]?: PartDelta<unknown> } = {};
  for (const part of tableParts) {
    const partDelta = diffPart<unknown>(a[part], b[part]);
    if (partDelta !== undefined) delta[part] = partDelta;
  }
  // Each part's entries were taken from the same part of `b`, which the loop above can't tell the compiler.
  return Object.keys(delta).length > 0 ? (delta as TableDelta) : undefined;
}

function diffPart<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): PartDelta<T> | undefined {
  if (a === b) return undefined;
  const set: T[] = [];
  let added = 0;
  for (const [key, value] of b) {
    const before = a.get(key);
    if (before === undefined) added++;
    if (before !== value && !sameData(before, value)) set.push(value);
  }
  const removed: string[] = [];
  if (a.size + added > b.size) for (const key of a.keys()) if (!b.has(key)) removed.push(key);
  return set.length > 0 || removed.length > 0 ? { set, removed } : undefined;
}

import { SmartProxyError } from '../errors.ts';
import { entryKey, type TableEntry } from './entry-key.ts';
import { type RouteTable, type TablePart, tableParts } from './route-table.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/**
 * The table that `delta` makes of `table`. Parts and entries that it does not name keep their reference. Throws DELTA_MISMATCH when it
 * removes what is not there: then it was made for another table, and `table` stays as it is.
 */
export function applyDelta(table: RouteTable, delta: TableDelta): RouteTable {
  const next: { [P in TablePart]: RouteTable[P] } = { ...table };
  for (const part of tableParts) applyPart(next, part, delta[part]);
  return next;
}

function applyPart<P extends TablePart>(
  next: { [Q in P]: ReadonlyMap<string, unknown> },
  part: P,
  delta: PartDelta<TableEntry> | undefined,
): void {
  if (delta === undefined) return;
  const entries = new Map(next[part]);
  for (const key of delta.removed) {
    if (!entries.delete(key)) throw new SmartProxyError('DELTA_MISMATCH', `Cannot apply a delta: ${part} has no ${key} to remove`);
  }
  for (const entry of delta.set) entries.set(entryKey(entry), entry);
  next[part] = entries;
}

import type { RouteTable, TablePart } from './route-table.ts';

/** An entry of any part of a table. */
export type TableEntry = { [P in TablePart]: RouteTable[P] extends ReadonlyMap<string, infer T> ? T : never }[TablePart];

/** The key that a table lists an entry under: an ACME challenge's token, everything else's `key`. */
export function entryKey(entry: TableEntry): string {
  return 'token' in entry ? entry.token : entry.key;
}

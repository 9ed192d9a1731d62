import { entryKey, type TableEntry } from './entry-key.ts';
import type { RouteTable, TablePart } from './route-table.ts';

/** What changed in one part: entries to set by key, and keys to remove. */
export interface PartDelta<T> {
  readonly set: readonly T[];
  readonly removed: readonly string[];
}

type PartValue<P extends TablePart> = RouteTable[P] extends ReadonlyMap<string, infer T> ? T : never;

/** The difference between two tables; a part without a change is absent. */
export type TableDelta = { readonly [P in TablePart]?: PartDelta<PartValue<P>> };

/** The keys that a part's delta names, set or removed; of a part without a change: none. */
export function changedKeys(delta: PartDelta<TableEntry> | undefined): readonly string[] {
  return delta === undefined ? [] : [...delta.removed, ...delta.set.map(entryKey)];
}

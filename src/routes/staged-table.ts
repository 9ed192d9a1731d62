import { SmartProxyError } from '../errors.ts';
import { entryKey, type TableEntry } from './entry-key.ts';
import { MapEdit } from './map-edit.ts';
import { type RouteTable, type TablePart, tableParts } from './route-table.ts';
import { sameData } from './same-data.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/**
 * A table in the making: deltas are applied to it one after the other, and nobody sees it before it is finished. The table that it
 * began with stays as it is.
 */
export class StagedTable {
  readonly #base: RouteTable;
  readonly #known: RouteTable | undefined;
  /** Of the parts that a delta named. */
  readonly #edits = new Map<TablePart, MapEdit<unknown>>();

  /** @param known entries that say the same as the one under their key here keep its reference, so that they cost no more than that */
  constructor(base: RouteTable, known?: RouteTable) {
    this.#base = base;
    this.#known = known;
  }

  /** Throws DELTA_MISMATCH when the delta removes what is not there: then it was made for another table, and this one is of no use. */
  apply(delta: TableDelta): void {
    for (const part of tableParts) this.#applyPart(part, delta[part]);
  }

  /** The table. Parts and entries that no delta named keep their reference. No more deltas may follow. */
  finish(): RouteTable {
    const next: { -readonly [P in TablePart]: ReadonlyMap<string, unknown> } = { ...this.#base };
    for (const [part, edit] of this.#edits) next[part] = edit.finish();
    // Each part's entries were taken from the same part of deltas, which the loop above can't tell the compiler.
    return next as RouteTable;
  }

  #applyPart(part: TablePart, delta: PartDelta<TableEntry> | undefined): void {
    if (delta === undefined) return;
    let edit = this.#edits.get(part);
    if (edit === undefined) this.#edits.set(part, (edit = new MapEdit<unknown>(this.#base[part])));
    for (const key of delta.removed) {
      if (!edit.delete(key)) throw new SmartProxyError('DELTA_MISMATCH', `Cannot apply a delta: ${part} has no ${key} to remove`);
    }
    for (const entry of delta.set) {
      const key = entryKey(entry);
      const known = this.#known?.[part].get(key);
      edit.set(key, known !== undefined && sameData(known, entry) ? known : entry);
    }
  }
}

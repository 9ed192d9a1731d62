import { SmartProxyError } from '../errors.ts';
import { entryKey, type TableEntry } from './entry-key.ts';
import { type RouteTable, type TablePart, tableParts } from './route-table.ts';
import { sameData } from './same-data.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/**
 * A table in the making: deltas are applied to it one after the other, and nobody sees it before `table` is asked for. The table that it
 * began with stays as it is.
 */
export class StagedTable {
  readonly #next: { [P in TablePart]: RouteTable[P] };
  readonly #known: RouteTable | undefined;
  /** The parts that are copies of ours. */
  readonly #copied = new Set<TablePart>();

  /** @param known entries that say the same as the one under their key here keep its reference, so that they cost no more than that */
  constructor(base: RouteTable, known?: RouteTable) {
    this.#next = { ...base };
    this.#known = known;
  }

  /** Parts and entries that no delta named keep their reference. No more deltas may follow. */
  get table(): RouteTable {
    return this.#next;
  }

  /** Throws DELTA_MISMATCH when the delta removes what is not there: then it was made for another table, and this one is of no use. */
  apply(delta: TableDelta): void {
    for (const part of tableParts) this.#applyPart(this.#next, part, delta[part]);
  }

  #applyPart<P extends TablePart>(
    next: { [Q in P]: ReadonlyMap<string, unknown> },
    part: P,
    delta: PartDelta<TableEntry> | undefined,
  ): void {
    if (delta === undefined) return;
    const entries = this.#copied.has(part) ? (next[part] as Map<string, unknown>) : new Map(next[part]);
    this.#copied.add(part);
    for (const key of delta.removed) {
      if (!entries.delete(key)) throw new SmartProxyError('DELTA_MISMATCH', `Cannot apply a delta: ${part} has no ${key} to remove`);
    }
    for (const entry of delta.set) {
      const key = entryKey(entry);
      const known = this.#known?.[part].get(key);
      entries.set(key, known !== undefined && sameData(known, entry) ? known : entry);
    }
    next[part] = entries;
  }
}

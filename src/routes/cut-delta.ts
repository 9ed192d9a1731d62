import type { TableEntry } from './entry-key.ts';
import { type TablePart, tableParts } from './route-table.ts';
import type { PartDelta, TableDelta } from './table-delta.ts';

/**
 * The pieces of a delta that are each cheap to read and apply: one after the other they make the same table, the removals first. A delta
 * that is small already is its own one piece.
 * @param limit how much a piece may hold: an entry counts one, and one more for each route or endpoint in it. A larger entry is a piece
 * of its own.
 */
export function cutDelta(delta: TableDelta, limit: number): readonly TableDelta[] {
  if (costOf(delta) <= limit) return [delta];
  const pieces = new Pieces(limit);
  for (const part of tableParts) for (const key of delta[part]?.removed ?? []) pieces.add(part, 1).removed.push(key);
  for (const part of tableParts) for (const entry of delta[part]?.set ?? []) pieces.add(part, costOfEntry(entry)).set.push(entry);
  return pieces.all;
}

/** A part of a piece that still grows. */
interface GrowingPart extends PartDelta<TableEntry> {
  readonly set: TableEntry[];
  readonly removed: string[];
}

class Pieces {
  readonly #limit: number;
  readonly #all: { [P in TablePart]?: GrowingPart }[] = [{}];
  #cost = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get all(): readonly TableDelta[] {
    // Each part's entries were taken from the same part of the whole delta, which the compiler can't know.
    return this.#all as readonly TableDelta[];
  }

  /** Where the next entry of `part` goes. */
  add(part: TablePart, cost: number): GrowingPart {
    if (this.#cost > 0 && this.#cost + cost > this.#limit) {
      this.#all.push({});
      this.#cost = 0;
    }
    this.#cost += cost;
    const piece = this.#all.at(-1) ?? {};
    piece[part] ??= { set: [], removed: [] };
    return piece[part];
  }
}

function costOf(delta: TableDelta): number {
  let cost = 0;
  for (const part of tableParts) {
    cost += delta[part]?.removed.length ?? 0;
    for (const entry of delta[part]?.set ?? []) cost += costOfEntry(entry);
  }
  return cost;
}

function costOfEntry(entry: TableEntry): number {
  if ('routes' in entry) return 1 + entry.routes.length;
  return 'endpoints' in entry ? 1 + entry.endpoints.length : 1;
}

import type { RouteTable } from './route-table.ts';
import { StagedTable } from './staged-table.ts';
import type { TableDelta } from './table-delta.ts';

/**
 * The table that `delta` makes of `table`. Parts and entries that it does not name keep their reference. Throws DELTA_MISMATCH when it
 * removes what is not there: then it was made for another table, and `table` stays as it is.
 */
export function applyDelta(table: RouteTable, delta: TableDelta): RouteTable {
  const staged = new StagedTable(table);
  staged.apply(delta);
  return staged.finish();
}

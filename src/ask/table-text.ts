import { renderColumns } from './columns.ts';
import { printable } from './printable.ts';

/** Rows below a heading, for a terminal: what objects and clients wrote in them is shown and not obeyed. */
export function tableText(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return renderColumns([heading, ...rows.map((row) => row.map((cell) => printable(cell.replaceAll('\n', ' '))))]);
}

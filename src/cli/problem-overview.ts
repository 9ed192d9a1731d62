import { printable } from '../ask/printable.ts';
import type { LocatedProblem } from '../ask/reports/locate-problems.ts';
import { problemText } from '../ask/reports/render-problems.ts';
import type { SourceProblem } from '../sources/object-store.ts';

/** Most problems that are shown. */
export const maxProblems = 50;

/** Everything that is wrong, one line each, that of objects in the words of `lint`. Empty when nothing is. Pure. */
export function renderProblems(sourceProblems: readonly SourceProblem[], problems: readonly LocatedProblem[]): string {
  const lines = [
    ...sourceProblems.map(({ where, message }) => `  ${printable(`${where}: ${message}`.replaceAll('\n', ' '))}`),
    ...problems.map((problem) => `  ${problemText(problem)}`),
  ];
  if (lines.length === 0) return '';
  const more = lines.length > maxProblems ? [`  ... and ${lines.length - maxProblems} more`] : [];
  return [`Problems (${lines.length}):`, ...lines.slice(0, maxProblems), ...more].join('\n');
}

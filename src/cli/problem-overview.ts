import type { LocatedProblem } from '../ask/reports/locate-problems.ts';
import type { SourceProblem } from '../sources/object-store.ts';
import { describe } from '../translate/problem-list.ts';

/** Most problems that are shown. */
export const maxProblems = 50;

/** Everything that is wrong, one line each: where, which object and field, and why. Empty when nothing is. Pure. */
export function renderProblems(sourceProblems: readonly SourceProblem[], problems: readonly LocatedProblem[]): string {
  const lines = sourceProblems.map(({ where, message }) => `  ${where}: ${message}`);
  for (const { object, reason, field, message, location } of problems) {
    lines.push(
      `  ${location === undefined ? '' : `${location}: `}${describe(object)}${field === '' ? '' : ` ${field}`}: ${reason}: ${message}`,
    );
  }
  if (lines.length === 0) return '';
  const more = lines.length > maxProblems ? [`  ... and ${lines.length - maxProblems} more`] : [];
  return [`Problems (${lines.length}):`, ...lines.slice(0, maxProblems), ...more].join('\n');
}

import type { SourceProblem } from '../sources/object-store.ts';
import { describe } from '../translate/problem-list.ts';
import type { Problem } from '../translate/translation.ts';

const maxProblems = 50;

/** Everything that is wrong, one line each: where, which object and field, and why. Empty when nothing is. Pure. */
export function renderProblems(
  sourceProblems: readonly SourceProblem[],
  problems: readonly Problem[],
  locationOf: (kind: string, key: string) => string | undefined,
): string {
  const lines = sourceProblems.map(({ where, message }) => `  ${where}: ${message}`);
  for (const { object, reason, field, message } of problems) {
    const key = object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
    const where = locationOf(object.kind, key);
    lines.push(`  ${where === undefined ? '' : `${where}: `}${describe(object)}${field === '' ? '' : ` ${field}`}: ${reason}: ${message}`);
  }
  if (lines.length === 0) return '';
  const more = lines.length > maxProblems ? [`  ... and ${lines.length - maxProblems} more`] : [];
  return [`Problems (${lines.length}):`, ...lines.slice(0, maxProblems), ...more].join('\n');
}

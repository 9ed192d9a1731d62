import type { SourceProblem } from '../sources/object-store.ts';

/** Most that are named. */
const maxNamed = 10;

/** What may be missing in an answer, because it could not be read, a sentence each. Pure. */
export function unreadNotes(problems: readonly SourceProblem[]): readonly string[] {
  return problems.slice(0, maxNamed).map(({ where, message }) => `Not read: ${where}: ${message}`);
}

import type { RouteSource } from '../../routes/route.ts';
import { describe } from '../../translate/problem-list.ts';
import type { Problem } from '../../translate/translation.ts';
import { locationOfObject } from '../reports/locate-problems.ts';
import type { ExplainContext } from './explain-context.ts';
import type { ProblemStep } from './explanation.ts';

const maxProblems = 20;

/** What is wrong with these objects, in their order. */
export function problemsOf(sources: readonly RouteSource[], context: ExplainContext): readonly ProblemStep[] {
  const places = new Map(sources.map((source, index) => [describe(source), index] as const).reverse());
  const found = context.problems.filter(({ object }) => places.has(describe(object)));
  const placeOfProblem = ({ object }: Problem) => places.get(describe(object)) ?? 0;
  return stepsOf(
    [...found].sort((a, b) => placeOfProblem(a) - placeOfProblem(b)),
    context,
  );
}

/** What is wrong with objects that say something of a host: why they may have no route for it. */
export function problemsAbout(host: string, context: ExplainContext): readonly ProblemStep[] {
  if (host === '') return [];
  return stepsOf(
    context.problems.filter(({ message }) => message.includes(host)),
    context,
  );
}

function stepsOf(problems: readonly Problem[], { locationOf }: ExplainContext): readonly ProblemStep[] {
  return problems.slice(0, maxProblems).map(({ object, reason, field, message }) => {
    return { object: describe(object), location: locationOfObject(object, locationOf), reason, field, message };
  });
}

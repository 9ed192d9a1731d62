import type { OutEndpoint } from '../../balancing/balancers.ts';
import type { SourceProblem } from '../../sources/object-store.ts';
import { reasonDoc } from '../../translate/problem-docs.ts';
import { describe } from '../../translate/problem-list.ts';
import type { Problem } from '../../translate/translation.ts';
import { locationOfObject } from './locate-problems.ts';

/** What is wrong with one object of a running program. */
export interface ReportedObjectProblem extends Problem {
  readonly level: 'error' | 'warning';
  /** `file:line` of the object; undefined: it is in no file. */
  readonly location?: string;
}

/** Everything that is wrong, as `/debug/problems` has it. Each list is cut to the limit of the query. */
export interface ProblemReport {
  /** How many there are of each, those left out included. */
  readonly total: { readonly sources: number; readonly objects: number; readonly endpoints: number };
  /** Files that do not parse, watches that fail. */
  readonly sources: readonly SourceProblem[];
  /** Errors first, then as the table was made. */
  readonly objects: readonly ReportedObjectProblem[];
  /** Endpoints that are out of rotation. */
  readonly endpoints: readonly OutEndpoint[];
}

/** Which problems of objects are meant, and how many of each list. */
export interface ProblemQuery {
  /** Is found in `Kind namespace/name` of the object, or in the reason. */
  readonly search?: string | undefined;
  readonly limit: number;
}

/** What a running program knows to be wrong. */
export interface ProblemReportContext {
  readonly sources: readonly SourceProblem[];
  readonly problems: readonly Problem[];
  readonly out: readonly OutEndpoint[];
  /** @param key `namespace/name`, or `name` */
  readonly locationOf: (kind: string, key: string) => string | undefined;
}

/** What is wrong with a running program's sources, objects and endpoints. Pure. */
export function reportProblems({ search, limit }: ProblemQuery, context: ProblemReportContext): ProblemReport {
  const { sources, problems, out, locationOf } = context;
  const meant = search === undefined ? problems : problems.filter((problem) => isFound(search, problem));
  const { error = [], warning = [] } = Object.groupBy(meant, ({ reason }) => reasonDoc(reason).level);
  const shown = [...error, ...warning].slice(0, limit);
  return {
    total: { sources: sources.length, objects: meant.length, endpoints: out.length },
    sources: sources.slice(0, limit),
    objects: shown.map((problem) => reported(problem, locationOf)),
    endpoints: out.slice(0, limit),
  };
}

/** Whether something is not served as it was asked for. Errors come first, so that the limit hides none. */
export function hasErrors({ sources, objects }: ProblemReport): boolean {
  return sources.length > 0 || objects.some(({ level }) => level === 'error');
}

function isFound(search: string, { object, reason }: Problem): boolean {
  return describe(object).includes(search) || reason.includes(search);
}

function reported(problem: Problem, locationOf: ProblemReportContext['locationOf']): ReportedObjectProblem {
  const location = locationOfObject(problem.object, locationOf);
  return { level: reasonDoc(problem.reason).level, ...problem, ...(location !== undefined && { location }) };
}

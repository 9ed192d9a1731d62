import type { ObjectKind } from '../../api/objects.ts';
import type { SourceProblem } from '../../sources/object-store.ts';
import { reasonDoc } from '../../translate/problem-docs.ts';
import { describe } from '../../translate/problem-list.ts';
import type { Problem, ProblemReason } from '../../translate/translation.ts';
import { type Finding, type FindingLevel, findingLevels, invalidManifest } from './finding.ts';

/** What findings are made of. */
export interface LintInput {
  readonly sourceProblems: readonly SourceProblem[];
  readonly problems: readonly Problem[];
  /** `file:line`, the file below the folder; undefined: no file has it. */
  readonly locationOf: (kind: string, key: string) => string | undefined;
  /** How many objects of each kind the folder holds. */
  readonly counts: ReadonlyMap<ObjectKind, number>;
  /** The path of a file as it is to be shown; undefined: it is none (standard input). */
  readonly pathOf: (file: string) => string | undefined;
  /** The line of a field of the object that begins on `line`. */
  readonly lineOf: (file: string, line: number, field: string) => number;
}

/** What is missing because folders seldom hold it: clusters make endpoints, and Secrets are kept elsewhere. */
const ofTheCluster: Partial<Readonly<Record<ProblemReason, ObjectKind>>> = {
  NoEndpoints: 'EndpointSlice',
  SecretNotFound: 'Secret',
  ConfigMapNotFound: 'ConfigMap',
  ServiceNotFound: 'Service',
};

/** Everything that is wrong, by file and line; the same for the same folder. Pure. */
export function makeFindings(input: LintInput): readonly Finding[] {
  const findings = [
    ...input.sourceProblems.map((problem) => ofSource(problem, input)),
    ...input.problems.map((problem) => ofObject(problem, input)),
  ];
  return findings.sort(byPlace);
}

function ofSource({ where, message }: SourceProblem, input: LintInput): Finding {
  return { code: invalidManifest, level: 'error', object: undefined, field: '', ...placeAt(where, '', input), message };
}

function ofObject(problem: Problem, input: LintInput): Finding {
  const { object, reason, field, message } = problem;
  const key = object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
  const where = input.locationOf(object.kind, key);
  const place = where === undefined ? { file: undefined, line: undefined } : placeAt(where, field, input);
  return { code: reason, level: levelOf(problem, input), object: describe(object), field, ...place, message };
}

/** A folder without any object of a kind leaves that kind to the cluster. */
function levelOf({ reason }: Problem, { counts }: LintInput): FindingLevel {
  const kind = ofTheCluster[reason];
  return kind !== undefined && (counts.get(kind) ?? 0) === 0 ? 'note' : reasonDoc(reason).level;
}

function placeAt(where: string, field: string, { pathOf, lineOf }: LintInput): Pick<Finding, 'file' | 'line'> {
  const [, name = where, digits] = /^(.*):(\d+)$/s.exec(where) ?? [];
  const file = pathOf(name);
  const line = digits === undefined ? 1 : Number(digits);
  return { file, line: field === '' ? line : lineOf(name, line, field) };
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    findingLevels.indexOf(a.level) - findingLevels.indexOf(b.level) ||
    compare(a.code, b.code) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

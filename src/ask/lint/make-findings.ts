import type { ObjectKind } from '../../api/objects.ts';
import { splitLocation } from '../../sources/manifests/locate-fields.ts';
import type { SourceProblem } from '../../sources/object-store.ts';
import { reasonDoc } from '../../translate/problem-docs.ts';
import { describe } from '../../translate/problem-list.ts';
import type { Problem, ProblemReason } from '../../translate/translation.ts';
import type { LocatedProblem } from '../reports/locate-problems.ts';
import { type Finding, type FindingLevel, findingLevels, invalidManifest } from './finding.ts';

/** What findings are made of. */
export interface LintInput {
  readonly sourceProblems: readonly SourceProblem[];
  /** With where their fields are written, files below the folder. */
  readonly problems: readonly LocatedProblem[];
  /** How many objects of each kind the folder holds. */
  readonly counts: ReadonlyMap<ObjectKind, number>;
  /** The path of a file as it is to be shown; undefined: it is none (standard input). */
  readonly pathOf: (file: string) => string | undefined;
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
  return { code: invalidManifest, level: 'error', object: undefined, field: '', ...placeAt(where, input), message };
}

function ofObject(problem: LocatedProblem, input: LintInput): Finding {
  const { object, reason, field, message, location } = problem;
  const place = location === undefined ? { file: undefined, line: undefined } : placeAt(location, input);
  return { code: reason, level: levelOf(problem, input), object: describe(object), field, ...place, message };
}

/** A folder without any object of a kind leaves that kind to the cluster. */
function levelOf({ reason }: Problem, { counts }: LintInput): FindingLevel {
  const kind = ofTheCluster[reason];
  return kind !== undefined && (counts.get(kind) ?? 0) === 0 ? 'note' : reasonDoc(reason).level;
}

function placeAt(where: string, { pathOf }: LintInput): Pick<Finding, 'file' | 'line'> {
  const { file, line } = splitLocation(where);
  return { file: pathOf(file), line };
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

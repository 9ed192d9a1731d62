import { type KubeObject, objectKey } from '../../api/objects.ts';
import type { SourceProblem } from '../object-store.ts';
import type { LineProblem } from './located-object.ts';
import type { Manifest } from './parse-manifest.ts';

/** What is known of one file: its last good content, and what is wrong with it now. */
export interface FileState {
  /** Shown to people: the path below the folder. */
  readonly name: string;
  readonly manifest: Manifest | undefined;
  /** Why the file as it is now is not used; the last good content counts meanwhile. */
  readonly failure: LineProblem | undefined;
  /** It is not there at the moment: what it said counts unless another file has it. */
  readonly isLeaving?: boolean;
}

/** All files put together. */
export interface ManifestIndex {
  readonly objects: readonly KubeObject[];
  readonly problems: readonly SourceProblem[];
  readonly skipped: ReadonlyMap<string, number>;
  /** `file:line` by `locationKey`. */
  readonly locations: ReadonlyMap<string, string>;
}

const maxProblems = 1000;

export function locationKey(kind: string, key: string): string {
  return `${kind} ${key}`;
}

/** Puts files together, in the order given, those that leave at the end: of an object that is there twice the first counts, and the other is a problem. */
export function indexManifests(files: Iterable<FileState>): ManifestIndex {
  const objects: KubeObject[] = [];
  const problems: SourceProblem[] = [];
  const skipped = new Map<string, number>();
  const locations = new Map<string, string>();
  for (const { name, manifest, failure, isLeaving = false } of files) {
    if (failure !== undefined) problems.push({ where: `${name}:${failure.line}`, message: failureText(failure, manifest) });
    for (const { line, message } of manifest?.problems ?? []) problems.push({ where: `${name}:${line}`, message });
    for (const [kind, count] of manifest?.skipped ?? []) skipped.set(kind, (skipped.get(kind) ?? 0) + count);
    for (const { object, line } of manifest?.objects ?? []) {
      const key = locationKey(object.kind, objectKey(object));
      const where = `${name}:${line}`;
      const first = locations.get(key);
      if (first === undefined) {
        locations.set(key, where);
        objects.push(object);
      } else if (!isLeaving) {
        problems.push({ where, message: `${key} is not used: it is in ${first} too, which counts` });
      }
    }
  }
  return { objects, problems: bounded(problems), skipped, locations };
}

function failureText(failure: LineProblem, manifest: Manifest | undefined): string {
  return manifest === undefined ? failure.message : `${failure.message}; what the file said before still counts`;
}

function bounded(problems: readonly SourceProblem[]): readonly SourceProblem[] {
  if (problems.length <= maxProblems) return problems;
  return [
    ...problems.slice(0, maxProblems),
    { where: 'manifests', message: `${problems.length - maxProblems} more problems are not shown` },
  ];
}

import { type FieldPlace, locateFields } from '../../sources/manifests/locate-fields.ts';
import type { Problem } from '../../translate/translation.ts';

/** A problem, and where it is written. */
export interface LocatedProblem extends Problem {
  /** `file:line`; undefined: it is in no file. */
  readonly location?: string | undefined;
}

/** Where an object is written. @param locationOf of a kind and `namespace/name` */
export function locationOfObject(
  { kind, namespace, name }: Problem['object'],
  locationOf: (kind: string, key: string) => string | undefined,
): string | undefined {
  return locationOf(kind, namespace === '' ? name : `${namespace}/${name}`);
}

/**
 * Problems with the lines of their fields in place of those of their objects.
 * @param textOf what a file says now; undefined: nobody knows
 * @param maxFiles most files that are read, those of the first problems before others
 */
export async function locateProblems<P extends LocatedProblem>(
  problems: readonly P[],
  textOf: (file: string) => Promise<string | undefined>,
  maxFiles?: number,
): Promise<readonly P[]> {
  const places = problems.flatMap(({ object: { kind, name }, field, location }): readonly FieldPlace[] => {
    return location === undefined ? [] : [{ location, kind, name, field }];
  });
  const located = (await locateFields(places, textOf, maxFiles)).values();
  return problems.map((problem) => (problem.location === undefined ? problem : { ...problem, location: located.next().value }));
}

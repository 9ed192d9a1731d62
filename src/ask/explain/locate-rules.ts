import { type FieldPlace, locateFields } from '../../sources/manifests/locate-fields.ts';
import type { Explanation, ObjectPlace } from './explanation.ts';

/**
 * The explanation with the lines of rules, and of fields that problems are about, in place of those of their objects.
 * @param textOf what a file says now; undefined: nobody knows
 * @param maxFiles most files that are read, those of the winner first
 */
export async function locateRules(
  explanation: Explanation,
  textOf: (file: string) => Promise<string | undefined>,
  maxFiles?: number,
): Promise<Explanation> {
  const { winner, problems, candidates } = explanation;
  const written = new Map([winner, ...problems, ...candidates].flatMap(fieldPlaceOf));
  const located = await locateFields([...written.values()], textOf, maxFiles);
  const lines = new Map([...written.keys()].map((step, index) => [step, located[index]]));
  const withLine = <S extends ObjectPlace>(step: S): S => ({ ...step, location: lines.get(step) ?? step.location });
  return {
    ...explanation,
    winner: winner && withLine(winner),
    problems: problems.map(withLine),
    candidates: candidates.map(withLine),
  };
}

/** Nothing for what is in no file. */
function fieldPlaceOf(step: ObjectPlace | undefined): readonly (readonly [ObjectPlace, FieldPlace])[] {
  if (step?.location === undefined) return [];
  const [, kind = '', name = ''] = /^(\S+) (?:.*\/)?(.*)$/.exec(step.object) ?? [];
  return [[step, { location: step.location, kind, name, field: step.field }]];
}

import { setImmediate } from 'node:timers/promises';

/** A field of an object that stands in a file. */
export interface FieldPlace {
  /** `file:line` that the object begins on. */
  readonly location: string;
  readonly kind: string;
  readonly name: string;
  /** `spec.rules[0].host`; '': the object as a whole. */
  readonly field: string;
}

/**
 * `file:line` of each field, in the order given. Files are read again for it, one after the other and at most `maxFiles` of them, so that nothing
 * of them is kept; fields of others, and of a file that can not be read, have the line of their object.
 * @param textOf what a file says now; undefined: nobody knows
 */
export async function locateFields(
  places: readonly FieldPlace[],
  textOf: (file: string) => Promise<string | undefined>,
  maxFiles = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const located = places.map(({ location }) => location);
  const byFile = Map.groupBy(
    [...places.entries()].filter(([, { field }]) => field !== ''),
    ([, { location }]) => splitLocation(location).file,
  );
  let left = maxFiles;
  for (const [file, entries] of byFile) {
    if (left-- <= 0) break;
    const text = await textOf(file);
    if (text === undefined) continue;
    const { readFieldLines } = await import('./line-of-field.ts');
    const lines = readFieldLines(text);
    for (const [index, { location, kind, name, field }] of entries)
      located[index] = `${file}:${lines.lineOf({ line: splitLocation(location).line, kind, name }, field)}`;
    await setImmediate();
  }
  return located;
}

/** `a.yaml:12` as its file and line; without a line it is the first. */
export function splitLocation(location: string): { readonly file: string; readonly line: number } {
  const [, file = location, digits = '1'] = /^(.*):(\d+)$/s.exec(location) ?? [];
  return { file, line: Number(digits) };
}

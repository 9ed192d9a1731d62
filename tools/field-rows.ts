import { specFields } from './spec-fields.ts';

/** What a CRD does not say of a field. */
export interface FieldFacts {
  /** What holds without it. */
  readonly byDefault: string;
  /** File below `test/` and the name of the test that drives traffic through it, or the beginning of that name. */
  readonly test: readonly [file: string, name: string];
}

/** The rows of a table of fields: path, default, meaning, test. */
export function fieldRows(crdPath: string, facts: Readonly<Record<string, FieldFacts>>, whole: readonly string[] = []): readonly string[] {
  return specFields(crdPath, whole).map(({ path, description, isLeaf }) => {
    const known = facts[path];
    const test = known === undefined ? '' : `[${known.test[1].split(' ').slice(0, 4).join(' ')}](../test/${known.test[0]})`;
    return `| \`${path}\` | ${isLeaf ? (known?.byDefault ?? '') : ''} | ${description.replaceAll('|', '\\|')} | ${test} |`;
  });
}

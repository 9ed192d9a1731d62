import { specFields } from './spec-fields.ts';

/** What a CRD does not say of a field. */
export interface FieldFacts {
  /** What holds without it. */
  readonly byDefault: string;
  /** File below `test/` and the name of the test that drives traffic through it, or the beginning of that name. */
  readonly test: readonly [file: string, name: string];
  /** The same of what it means for `http`, where that is not what `test` shows. */
  readonly httpTest?: readonly [file: string, name: string];
}

/** The rows of a table of fields: path, default, meaning, test. */
export function fieldRows(crdPath: string, facts: Readonly<Record<string, FieldFacts>>, whole: readonly string[] = []): readonly string[] {
  return specFields(crdPath, whole).map(({ path, description, isLeaf }) => {
    const known = facts[path];
    const tests = known === undefined ? [] : [known.test, ...(known.httpTest === undefined ? [] : [known.httpTest])];
    const test = tests.map(([file, name]) => `[${name.split(' ').slice(0, 4).join(' ')}](../test/${file})`).join(', ');
    return `| \`${path}\` | ${isLeaf ? (known?.byDefault ?? '') : ''} | ${description.replaceAll('|', '\\|')} | ${test} |`;
  });
}

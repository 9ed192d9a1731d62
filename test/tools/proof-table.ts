import { existsSync, readFileSync } from 'node:fs';

/** One row of a page that names the tests which prove it: `| KEY | what is done here | proof |`. */
export interface ProofRow {
  readonly key: string;
  readonly here: string;
  readonly proof: string;
}

/** A test that a row names. */
export interface NamedTest {
  readonly path: string;
  readonly name: string;
}

/** The rows of a page whose keys look like `key`. */
export function proofRows(page: string, key: RegExp): readonly ProofRow[] {
  const row = new RegExp(`^\\| (${key.source}) \\| (.*?) \\| (.*) \\|$`);
  return readFileSync(page, 'utf8')
    .split('\n')
    .map((line) => row.exec(line))
    .filter((found) => found !== null)
    .map(([, name = '', here = '', proof = '']) => ({ key: name, here, proof }));
}

/** The `file` "name" pairs of a proof. */
export function proofsOf({ proof }: ProofRow): readonly NamedTest[] {
  return [...proof.matchAll(/`([\w/-]+)` "([^"]+)"/g)].map(([, file = '', name = '']) => ({ path: `test/${file}.test.ts`, name }));
}

/** The named tests that do not exist. */
export function missingProofs(rows: readonly ProofRow[]): readonly string[] {
  return rows.flatMap((row) =>
    proofsOf(row)
      .filter(({ path, name }) => !existsSync(path) || !testNames(path).has(name))
      .map(({ path, name }) => `${row.key}: ${path}: ${name}`),
  );
}

/** Names of the tests in a file, as they are written there. */
function testNames(path: string): ReadonlySet<string> {
  const calls = readFileSync(path, 'utf8').matchAll(/\b(?:test|it)\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|`((?:[^`\\]|\\.)*)`)/g);
  return new Set([...calls].map(([, single, double, template]) => (single ?? double ?? template ?? '').replaceAll(/\\(['`])/g, '$1')));
}

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Row {
  readonly key: string;
  readonly here: string;
  readonly proof: string;
}

const rows: readonly Row[] = readFileSync('docs/lessons.md', 'utf8')
  .split('\n')
  .map((line) => /^\| ([DB]\d+) \| (.*?) \| (.*) \|$/.exec(line))
  .filter((found) => found !== null)
  .map(([, key = '', here = '', proof = '']) => ({ key, here, proof }));

/** Names of the tests in a file, as they are written there. */
function testNames(path: string): ReadonlySet<string> {
  const calls = readFileSync(path, 'utf8').matchAll(/\b(?:test|it)\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|`((?:[^`\\]|\\.)*)`)/g);
  return new Set([...calls].map(([, single, double, template]) => (single ?? double ?? template ?? '').replaceAll(/\\(['`])/g, '$1')));
}

/** `file` "name" pairs of a proof. */
function proofsOf({ proof }: Row): readonly { path: string; name: string }[] {
  return [...proof.matchAll(/`([\w/-]+)` "([^"]+)"/g)].map(([, file = '', name = '']) => ({ path: `test/${file}.test.ts`, name }));
}

test('lessons: every row of the design and every later bug is there, once and in order', () => {
  const expected = [
    ...Array.from({ length: 51 }, (_, index) => `D${index + 1}`),
    ...Array.from({ length: 61 }, (_, index) => `B${index + 1}`),
  ];
  assert.deepEqual(
    rows.map(({ key }) => key),
    expected,
  );
});

test('lessons: every row has a proof, or says why it does not apply', () => {
  for (const row of rows) {
    const applies = !row.proof.startsWith('n/a here: ');
    assert.equal(proofsOf(row).length > 0, applies, `${row.key} has neither a proof nor a reason: ${row.proof}`);
    assert.equal(row.here !== '–', applies, `${row.key} does not say what is done here`);
  }
});

test('lessons: every test that is named exists', () => {
  const missing: string[] = [];
  for (const row of rows) {
    for (const { path, name } of proofsOf(row)) {
      if (!existsSync(path) || !testNames(path).has(name)) missing.push(`${row.key}: ${path}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});

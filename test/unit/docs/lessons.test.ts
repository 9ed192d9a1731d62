import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingProofs, proofRows, proofsOf } from '../../tools/proof-table.ts';

const rows = proofRows('docs/lessons.md', /[DB]\d+/);

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
  assert.deepEqual(missingProofs(rows), []);
});

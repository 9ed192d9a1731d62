import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingProofs, proofRows, proofsOf } from '../../tools/proof-table.ts';

const rows = proofRows('docs/security.md', /[A-Z]\d+/);

test('security: every actor has defences, numbered in order', () => {
  const actors = Map.groupBy(rows, ({ key }) => key.slice(0, 1));
  assert.deepEqual([...actors.keys()], ['C', 'T', 'B', 'P', 'N', 'S']);
  for (const [actor, defences] of actors) {
    assert.deepEqual(
      defences.map(({ key }) => key),
      defences.map((_, index) => `${actor}${index + 1}`),
    );
  }
});

test('security: every defence has a proof', () => {
  for (const row of rows) assert.ok(proofsOf(row).length > 0, `${row.key} has no proof: ${row.proof}`);
});

test('security: every test that is named exists', () => {
  assert.deepEqual(missingProofs(rows), []);
});

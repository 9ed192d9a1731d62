import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingProofs, proofRows, proofsOf } from '../../tools/proof-table.ts';

const rows = proofRows('docs/edge-rows.md', /\d+/);

test('edge rows: every row is there, once and in order', () => {
  assert.deepEqual(
    rows.map(({ key }) => key),
    Array.from({ length: 36 }, (_, index) => String(index + 1)),
  );
});

test('edge rows: every row has a proof, or says what is missing', () => {
  for (const row of rows) {
    assert.equal(proofsOf(row).length > 0, !row.proof.startsWith('not yet: '), `${row.key} has neither a proof nor a reason: ${row.proof}`);
    assert.ok(row.here.length > 0);
  }
});

test('edge rows: what is about HTTP messages and backends is proven', () => {
  const owed = new Set([...Array.from({ length: 16 }, (_, index) => String(index + 1)), '30', '31', '32']);
  const unproven = rows.filter((row) => owed.has(row.key) && proofsOf(row).length === 0);
  assert.deepEqual(
    unproven.map(({ key }) => key),
    [],
  );
});

test('edge rows: every test that is named exists', () => {
  assert.deepEqual(missingProofs(rows), []);
});

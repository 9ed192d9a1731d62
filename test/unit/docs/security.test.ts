import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricTable } from '../../../src/observability/metric-table.ts';
import { missingProofs, proofRows, proofsOf } from '../../tools/proof-table.ts';

const rows = proofRows('docs/security.md', /[A-Z]\d+/);

test('security: every actor has defences, and every failure a default, numbered in order', () => {
  const actors = Map.groupBy(rows, ({ key }) => key.slice(0, 1));
  assert.deepEqual([...actors.keys()], ['C', 'T', 'B', 'P', 'N', 'S', 'F']);
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

test('security: every failure says what holds and names metrics that exist, with labels that they have', () => {
  const failures = rows.filter(({ key }) => key.startsWith('F'));
  assert.ok(failures.length > 0);
  for (const { key, proof } of failures) {
    const [meanwhile = '', metrics = ''] = proof.split(' | ');
    assert.match(meanwhile, /open|closed|503|status/, key);
    const named = [...metrics.matchAll(/`((?:smart|network)proxy_\w+)(?:\{([^}]*)\})?`/g)];
    assert.ok(named.length > 0, `${key} names no metric: ${metrics}`);
    for (const [, name = '', labels = ''] of named) {
      const spec = metricTable.find((metric) => metric.name === name);
      for (const [label = ''] of labels.matchAll(/\w+(?==")/g)) assert.ok(spec?.labels.includes(label), `${key}: ${name} has no ${label}`);
      assert.ok(spec !== undefined, `${key}: there is no ${name}`);
    }
  }
});

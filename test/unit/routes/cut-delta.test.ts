import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cutDelta } from '../../../src/routes/cut-delta.ts';
import type { TableDelta } from '../../../src/routes/table-delta.ts';
import { makeHost, makePolicy, makeRoute } from './table-builder.ts';

const twoRoutes = [makeRoute('r'), makeRoute('s')];

describe('cutDelta', () => {
  test('leaves a delta alone that is within the limit', () => {
    const delta: TableDelta = { hosts: { set: [makeHost('a', twoRoutes)], removed: ['b'] } };
    assert.equal(cutDelta(delta, 4)[0], delta);
    assert.equal(cutDelta(delta, 4).length, 1);
    assert.equal(cutDelta(delta, 3).length, 2);
  });

  test('puts removals first and counts routes and endpoints', () => {
    const [a, b] = [makeHost('a', twoRoutes), makeHost('b', [])];
    const endpoint = { address: '10.0.0.1', port: 80, state: 'ready', zone: undefined, forZones: [] } as const;
    const set = { key: 'n/s:80', endpoints: [endpoint, endpoint] };
    const policy = makePolicy('p');
    const delta: TableDelta = {
      hosts: { set: [a, b], removed: ['c'] },
      policies: { set: [policy], removed: ['q', 'r'] },
      endpoints: { set: [set], removed: [] },
    };
    assert.deepEqual(cutDelta(delta, 3), [
      { hosts: { set: [], removed: ['c'] }, policies: { set: [], removed: ['q', 'r'] } },
      { hosts: { set: [a], removed: [] } },
      { hosts: { set: [b], removed: [] }, policies: { set: [policy], removed: [] } },
      { endpoints: { set: [set], removed: [] } },
    ]);
  });

  test('makes an entry that is larger than the limit a piece of its own', () => {
    const [small, large, last] = [makeHost('a', []), makeHost('b', twoRoutes), makeHost('c', [])];
    const pieces = cutDelta({ hosts: { set: [small, large, last], removed: [] } }, 2);
    assert.deepEqual(
      pieces.map(({ hosts }) => hosts?.set.map(({ key }) => key)),
      [['a'], ['b'], ['c']],
    );
  });
});

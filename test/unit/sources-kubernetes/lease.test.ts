import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldSpec, releasedSpec } from '../../../src/sources/kubernetes/lease.ts';

test('heldSpec: renewing keeps start and transitions, taking over counts one', () => {
  const first = heldSpec(undefined, 'a', 15_000, 0);
  assert.deepEqual(first, {
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: '1970-01-01T00:00:00.000000Z',
    renewTime: '1970-01-01T00:00:00.000000Z',
    leaseTransitions: 0,
  });
  const renewed = heldSpec(first, 'a', 15_000, 2000);
  assert.equal(renewed.acquireTime, first.acquireTime);
  assert.equal(renewed.renewTime, '1970-01-01T00:00:02.000000Z');
  assert.equal(renewed.leaseTransitions, 0);
  const taken = heldSpec(renewed, 'b', 15_000, 4000);
  assert.equal(taken.acquireTime, taken.renewTime);
  assert.equal(taken.leaseTransitions, 1);
});

test('releasedSpec: names no holder and expires at once', () => {
  const spec = releasedSpec(heldSpec(undefined, 'a', 15_000, 0), 5000);
  assert.equal(spec.holderIdentity, '');
  assert.equal(spec.leaseDurationSeconds, 1);
});

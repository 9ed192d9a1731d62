import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxTimeoutMs } from '../../../src/timer-wheel.ts';
import { connectionPolicyOf } from '../../../src/translate/connection-policy.ts';

const dayMs = 24 * 3_600_000;

test('connection policy: silence has the limit of tunnels unless it has its own', () => {
  assert.equal(connectionPolicyOf({ tunnelIdleTimeoutMs: 5000 }).idleMs, 5000);
  assert.equal(connectionPolicyOf({ tunnelIdleTimeoutMs: 5000, connectionIdleMs: 0 }).idleMs, 0);
});

test('connection policy: Extended is six times the silence and a week of life, Immortal neither, and both are probed', () => {
  const times = { connectionIdleMs: 1000, connectionLifetimeMs: dayMs };
  const of = (keepAlive: 'standard' | 'extended' | 'immortal', more = {}) => {
    const { idleMs, lifetimeMs, probeAfterMs } = connectionPolicyOf({ ...times, keepAlive, ...more });
    return [idleMs, lifetimeMs, probeAfterMs];
  };
  assert.deepEqual(of('standard'), [1000, dayMs, 0]);
  assert.deepEqual(of('extended'), [6000, 7 * dayMs, 60_000]);
  assert.deepEqual(of('extended', { connectionLifetimeMs: 8 * dayMs }), [6000, 8 * dayMs, 60_000]);
  assert.deepEqual(of('extended', { connectionLifetimeMs: 0, connectionIdleMs: maxTimeoutMs }), [maxTimeoutMs, 0, 60_000]);
  assert.deepEqual(of('immortal'), [0, 0, 60_000]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxTimeoutMs } from '../../../src/timer-wheel.ts';
import { clientConnectionPolicyOf, connectionPolicyOf, upgradeIdleMs } from '../../../src/translate/connection-policy.ts';

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

test('client connection policy: what is not said is as the installation has it, and treatments are of that too', () => {
  const silent = { idleMs: undefined, lifetimeMs: undefined, keepAlive: undefined, whenRemoved: undefined };
  const of = (more: Partial<Parameters<typeof clientConnectionPolicyOf>[0]>) => clientConnectionPolicyOf({ ...silent, ...more });
  assert.deepEqual(of({}), { idleMs: undefined, idleFactor: 1, lifetimeMs: 0, probeAfterMs: 0, whenRemoved: undefined });
  assert.deepEqual(of({ keepAlive: 'extended', lifetimeMs: dayMs, whenRemoved: 'drain' }), {
    ...{ idleMs: undefined, idleFactor: 6, lifetimeMs: 7 * dayMs, probeAfterMs: 60_000, whenRemoved: 'drain' },
  });
  assert.deepEqual(of({ keepAlive: 'immortal', idleMs: 5000, lifetimeMs: dayMs }), {
    ...{ idleMs: 5000, idleFactor: 0, lifetimeMs: 0, probeAfterMs: 60_000, whenRemoved: undefined },
  });
});

test('the silence of an upgrade is treated as its object says, whoever gave it', () => {
  const of = (keepAlive: 'standard' | 'extended' | 'immortal' | undefined, tunnelIdleTimeoutMs = 5000) =>
    upgradeIdleMs({
      tunnelIdleTimeoutMs,
      clientConnection: { keepAlive, idleMs: undefined, lifetimeMs: undefined, whenRemoved: undefined },
    });
  assert.deepEqual([of(undefined), of('standard'), of('extended'), of('immortal')], [5000, 5000, 30_000, 0]);
  assert.equal(of('extended', maxTimeoutMs), maxTimeoutMs);
  assert.equal(upgradeIdleMs({ tunnelIdleTimeoutMs: 5000 }), 5000);
});

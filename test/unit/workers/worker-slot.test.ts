import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerSlot } from '../../../src/workers/worker-slot.ts';
import { eventually } from '../../tools/eventually.ts';

test('WorkerSlot: a process that can not even be started is tried again, until the slot is stopped', async () => {
  let tries = 0;
  const slot = new WorkerSlot(0, { firstMs: 1, maxMs: 2, healthyAfterMs: 1000 }, () => {
    tries++;
    return undefined;
  });
  slot.start();
  await eventually('it was tried three times', () => tries >= 3);
  assert.equal(slot.process, undefined);
  assert.ok(slot.restarts >= 2);
  slot.stop();
  const last = tries;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(tries, last);
});

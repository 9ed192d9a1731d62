import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from '../../../src/workers/back-off.ts';

const options = { firstMs: 100, maxMs: 1000, healthyAfterMs: 30_000 };

test('BackOff: the first restart is immediate, the next ones double up to the maximum', () => {
  const backOff = new BackOff(options);
  const delays = Array.from({ length: 7 }, () => backOff.nextDelayMs(5));
  assert.deepEqual(delays, [0, 100, 200, 400, 800, 1000, 1000]);
});

test('BackOff: a worker that lived long enough is restarted at once again', () => {
  const backOff = new BackOff(options);
  for (let crash = 0; crash < 5; crash++) backOff.nextDelayMs(5);
  assert.equal(backOff.nextDelayMs(30_000), 0);
  assert.equal(backOff.failures, 1);
  assert.equal(backOff.nextDelayMs(29_999), 100);
});

test('BackOff: a thousand crashes do not overflow the delay', () => {
  const backOff = new BackOff(options);
  for (let crash = 0; crash < 2000; crash++) backOff.nextDelayMs(0);
  assert.equal(backOff.nextDelayMs(0), 1000);
});

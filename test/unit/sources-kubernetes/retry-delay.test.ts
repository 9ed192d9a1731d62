import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryDelay } from '../../../src/sources/kubernetes/retry-delay.ts';

test('RetryDelay: doubles up to its maximum and begins again after a success', () => {
  const delay = new RetryDelay({ firstMs: 100, maxMs: 1000, random: () => 1 });
  assert.deepEqual(
    Array.from({ length: 6 }, () => delay.nextMs()),
    [100, 200, 400, 800, 1000, 1000],
  );
  delay.succeeded();
  assert.equal(delay.nextMs(), 100);
});

test('RetryDelay: stays between half and the whole of the delay, after any number of failures', () => {
  const least = new RetryDelay({ firstMs: 100, maxMs: 1000, random: () => 0 });
  assert.equal(least.nextMs(), 50);
  for (let failure = 0; failure < 5000; failure++) least.nextMs();
  assert.equal(least.nextMs(), 500);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from '../../../src/networkproxy/http2/token-bucket.ts';

/** How many can be taken at this time, up to a thousand. */
function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  while (taken < 1000 && bucket.take(nowMs)) taken++;
  return taken;
}

test('a token bucket gives its capacity at once, and no more', () => {
  assert.equal(takeAll(new TokenBucket(5, 10, 0), 0), 5);
});

test('a token bucket that is empty gives as many as its rate over time', () => {
  const bucket = new TokenBucket(5, 10, 1000);
  takeAll(bucket, 1000);
  assert.equal(bucket.take(1099), false, 'not a whole one yet');
  assert.equal(bucket.take(1100), true);
  assert.equal(takeAll(bucket, 1400), 3);
});

test('a token bucket never holds more than its capacity, however long it rests', () => {
  const bucket = new TokenBucket(5, 10, 0);
  assert.equal(takeAll(bucket, 86_400_000), 5);
});

test('a token bucket whose time stands still or goes back gives nothing for that', () => {
  const bucket = new TokenBucket(2, 1000, 500);
  takeAll(bucket, 500);
  assert.equal(bucket.take(500), false);
  assert.equal(bucket.take(100), false);
  assert.equal(takeAll(bucket, 501), 1);
});

test('what is given back to a token bucket can be taken, up to its capacity', () => {
  const bucket = new TokenBucket(5, 0, 0);
  takeAll(bucket, 0);
  bucket.give(3);
  assert.equal(takeAll(bucket, 0), 3);
  bucket.give(1000);
  assert.equal(takeAll(bucket, 0), 5);
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { TicketKeys } from '../../../src/workers/ticket-keys.ts';

test('TicketKeys: a key is replaced when it has had its time, counted from when it was made, and read for one more', () => {
  const keys = new TicketKeys(50);
  const first = keys.bytes;
  assert.equal(first.length, 48);
  assert.equal(keys.rotateIfDue(1000, 1049), false);
  assert.deepEqual(keys.bytes, first);
  assert.equal(keys.rotateIfDue(1000, 1300), true);
  const second = keys.bytes;
  assert.equal(second.length, 96);
  assert.notDeepEqual(second.subarray(0, 48), first);
  assert.deepEqual(second.subarray(48), first);
  assert.equal(keys.rotateIfDue(1000, 2299), false);
  assert.equal(keys.rotateIfDue(1000, 2300), true);
  assert.deepEqual(keys.bytes.subarray(48), second.subarray(0, 48), 'the first is forgotten');
});

test('TicketKeys: keys of other pods come before our own, and say whether they changed anything', () => {
  const keys = new TicketKeys(0);
  const own = keys.bytes;
  const shared = randomBytes(96);
  assert.equal(keys.share(undefined), false);
  assert.equal(keys.share(shared), true);
  assert.equal(keys.share(Buffer.from(shared)), false);
  assert.deepEqual(keys.bytes, Buffer.concat([shared, own]));
  assert.equal(keys.share(undefined), true);
  assert.deepEqual(keys.bytes, own);
});

test('TicketKeys: with rotation off the first key stays', () => {
  const keys = new TicketKeys(0);
  assert.equal(keys.rotateIfDue(0, Number.MAX_SAFE_INTEGER), false);
});

test('TicketKeys: prints nowhere', () => {
  const keys = new TicketKeys(0);
  for (const text of [inspect(keys, { showHidden: true, depth: 9 }), JSON.stringify(keys), String(keys)])
    assert.doesNotMatch(text, /Uint8Array|Buffer|[0-9a-f]{8}|\d+, \d+/i);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { TicketKeys } from '../../../src/workers/ticket-keys.ts';

test('TicketKeys: a key is replaced when it has had its time, counted from when it was made', () => {
  const keys = new TicketKeys(1000, 50);
  const first = keys.current;
  assert.equal(first.length, 48);
  assert.equal(keys.rotateIfDue(1049), false);
  assert.equal(keys.current, first);
  assert.equal(keys.rotateIfDue(1300), true);
  assert.notDeepEqual(keys.current, first);
  assert.equal(keys.rotateIfDue(2299), false);
  assert.equal(keys.rotateIfDue(2300), true);
});

test('TicketKeys: with rotation off the first key stays', () => {
  const keys = new TicketKeys(0, 0);
  assert.equal(keys.rotateIfDue(Number.MAX_SAFE_INTEGER), false);
});

test('TicketKeys: prints nowhere', () => {
  const keys = new TicketKeys(1000, 0);
  for (const text of [inspect(keys, { showHidden: true, depth: 9 }), JSON.stringify(keys), String(keys)])
    assert.doesNotMatch(text, /Uint8Array|Buffer|[0-9a-f]{8}|\d+, \d+/i);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestIds } from '../../../src/networkproxy/request-ids.ts';

test('request ids are 32 hex digits that count up in their second half, also past a block of prepared ones', () => {
  const ids = new RequestIds();
  const first = ids.next();
  const prefix = first.slice(0, 16);
  assert.match(first, /^[0-9a-f]{16}0{15}1$/);
  for (let count = 2; count <= 3 * 4096 + 1; count++) assert.equal(ids.next(), prefix + count.toString(16).padStart(16, '0'));
});

test('two workers give different ids', () => {
  assert.notEqual(new RequestIds().next(), new RequestIds().next());
});

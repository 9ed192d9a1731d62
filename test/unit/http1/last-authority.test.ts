import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAuthority } from '../../../src/networkproxy/http1/authority.ts';
import { LastAuthority } from '../../../src/networkproxy/http1/last-authority.ts';

test('LastAuthority: reads any sequence of values as parseAuthority does, refused ones and repeated ones too', () => {
  const last = new LastAuthority();
  const values = ['', 'a.example', 'a.example', 'b.example:8080', 'a.example', 'bad host', 'bad host', '', '[::1]:80', 'Ä', 'A.Example'];
  for (const value of values) assert.deepEqual(last.read(value), parseAuthority(value), value);
});

test('LastAuthority: the same value is the same object', () => {
  const last = new LastAuthority();
  const first = last.read('shop.example:443');
  assert.ok(first);
  assert.equal(last.read(`shop.${'example'}:443`), first);
});

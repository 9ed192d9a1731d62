import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieValues } from '../../../src/networkproxy/http1/cookie-values.ts';

const table: readonly (readonly [cookie: string, values: readonly string[]])[] = [
  ['sid=a', ['a']],
  ['other=1; sid=a; sid=b', ['a', 'b']],
  ['sid="a"', ['a']],
  [' sid = a ;', ['a']],
  ['sid=', ['']],
  ['sid=a=b', ['a=b']],
  ['sid', []],
  ['xsid=a; sidx=b; SID=c', []],
  ['; ;=;', []],
];

for (const [cookie, values] of table) {
  test(`cookie: ${cookie}`, () => assert.deepEqual(cookieValues(['host', 'x', 'cookie', cookie], 'sid'), values));
}

test('cookies may come in several fields, as HTTP/2 clients send them', () => {
  assert.deepEqual(cookieValues(['cookie', 'a=1', 'cookie', 'sid=one', 'cookie', 'sid=two'], 'sid'), ['one', 'two']);
});

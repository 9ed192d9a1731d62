import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { guardedLookup, type Resolve } from '../../../src/balancing/guarded-lookup.ts';
import { isLocalAddress } from '../../../src/local-address.ts';

for (const address of [
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '169.254.169.254',
  '::1',
  '::',
  'fe80::1',
  '::ffff:127.0.0.1',
  'fd00:ec2::254',
  '100.100.100.200',
]) {
  test(`${address} is a local address`, () => assert.equal(isLocalAddress(address), true));
}

for (const address of ['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd00::1', '::ffff:10.0.0.1']) {
  test(`${address} is not a local address`, () => assert.equal(isLocalAddress(address), false));
}

/** Looks a name up that resolves to `addresses`. */
function look(addresses: readonly string[], allowLocal: boolean, all: boolean): { error: string | undefined; found: unknown } {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const resolve: Resolve = (_name, _options, callback) => callback(null, found);
  let result: { error: string | undefined; found: unknown } | undefined;
  guardedLookup(allowLocal, resolve)('name.test', { all }, (error, answer) => {
    result = { error: error?.code, found: Array.isArray(answer) ? answer.map(({ address }) => address) : answer };
  });
  assert.ok(result !== undefined);
  return result;
}

test('a lookup drops local addresses from the answer and keeps the others', () => {
  assert.deepEqual(look(['127.0.0.1', '10.0.0.1', '::1'], false, true), { error: undefined, found: ['10.0.0.1'] });
  assert.deepEqual(look(['127.0.0.1', '10.0.0.1'], false, false), { error: undefined, found: '10.0.0.1' });
});

test('a lookup that finds local addresses alone fails', () => {
  assert.equal(look(['127.0.0.1', '::1'], false, true).error, 'ERR_LOCAL_ADDRESS_REFUSED');
});

test('a lookup with local addresses allowed gives all of them', () => {
  assert.deepEqual(look(['127.0.0.1', '::1'], true, true).found, ['127.0.0.1', '::1']);
});

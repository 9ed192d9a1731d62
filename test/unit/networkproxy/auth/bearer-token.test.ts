import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenOf, withoutToken } from '../../../../src/networkproxy/auth/bearer-token.ts';
import { claimAt, claimFields, missingClaim } from '../../../../src/networkproxy/auth/claims.ts';
import { ownRequest } from '../../../../src/networkproxy/own-request.ts';

const head = (target: string, ...headers: readonly string[]) => ownRequest({ method: 'GET', authority: 'a', target, headers });
const authorization = { kind: 'header', name: 'authorization' } as const;
const own = { kind: 'header', name: 'x-token' } as const;
const cookie = { kind: 'cookie', name: 'id' } as const;
const query = { kind: 'query', name: 'access_token' } as const;

test('token: is found in its place, once, and nowhere else', () => {
  const cases: readonly (readonly [ReturnType<typeof head>, Parameters<typeof tokenOf>[1], string | undefined])[] = [
    [head('/', 'authorization', 'Bearer abc'), authorization, 'abc'],
    [head('/', 'authorization', 'bEARER  abc'), authorization, 'abc'],
    [head('/', 'authorization', 'abc'), authorization, undefined],
    [head('/', 'authorization', 'Basic abc'), authorization, undefined],
    [head('/', 'authorization', 'Bearer a', 'authorization', 'Bearer b'), authorization, undefined],
    [head('/', 'x-token', 'abc'), own, 'abc'],
    [head('/', 'x-token', 'Bearer abc'), own, 'abc'],
    [head('/', 'x-token', ''), own, undefined],
    [head('/', 'cookie', 'a=b; id=abc', 'cookie', 'idx=no'), cookie, 'abc'],
    [head('/', 'cookie', 'id=a', 'cookie', 'id=b'), cookie, undefined],
    [head('/', 'cookie', 'xid=abc'), cookie, undefined],
    [head('/?a=b&access_token=a%2Eb'), query, 'a.b'],
    [head('/?access_token=a&access_token=b'), query, undefined],
    [head('/access_token=a'), query, undefined],
  ];
  for (const [request, place, token] of cases)
    assert.equal(tokenOf(request, place), token, JSON.stringify([request.target, request.headers]));
});

test('token: is taken out of what goes on, and all else stays as it was sent', () => {
  assert.deepEqual(withoutToken(head('/', 'authorization', 'Bearer a', 'x', 'y'), authorization).headers, ['x', 'y']);
  assert.deepEqual(withoutToken(head('/', 'cookie', 'a=b; id=abc; c=d', 'x', 'y'), cookie).headers, ['x', 'y', 'cookie', 'a=b; c=d']);
  assert.deepEqual(withoutToken(head('/', 'cookie', 'id=abc'), cookie).headers, []);
  assert.equal(withoutToken(head('/p?a=%20&access_token=x&b'), query).target, '/p?a=%20&b');
  assert.equal(withoutToken(head('/p?%61ccess_token=x'), query).target, '/p');
});

test('claims: are found by name or by way, and only what they hold themselves', () => {
  const claims = { sub: 'ada', realm: { roles: ['a', 'b'] }, 'https://x.example/role': 'admin', deep: { 'a.b': 1 } };
  assert.equal(claimAt(claims, 'sub'), 'ada');
  assert.deepEqual(claimAt(claims, 'realm.roles'), ['a', 'b']);
  assert.equal(claimAt(claims, 'https://x.example/role'), 'admin');
  for (const name of ['toString', 'realm.constructor', 'realm.roles.none', 'sub.length', ''])
    assert.equal(claimAt(claims, name), undefined, name);
  assert.equal(
    missingClaim(claims, [
      { claim: 'realm.roles', values: ['b', 'c'] },
      { claim: 'sub', values: ['ada'] },
    ]),
    undefined,
  );
  assert.equal(
    missingClaim(claims, [
      { claim: 'sub', values: ['ada'] },
      { claim: 'realm.roles', values: ['c'] },
    ]),
    'realm.roles',
  );
  assert.equal(missingClaim(claims, [{ claim: 'realm', values: ['[object Object]'] }]), 'realm');
});

test('claims: what a header can not hold is left out', () => {
  const claims = { name: 'Zoë', line: 'a\r\nx: y', list: [1, true, 'b', { c: 'd' }], object: {}, long: 'x'.repeat(5000), nothing: null };
  const fields = claimFields(
    claims,
    Object.keys(claims).map((claim) => ({ claim, header: `x-${claim}` })),
  );
  assert.deepEqual(fields, ['x-name', Buffer.from('Zoë').toString('latin1'), 'x-list', '1,true,b']);
});

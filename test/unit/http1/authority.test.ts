import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSameAuthority, parseAuthority } from '../../../src/networkproxy/http1/authority.ts';

describe('parseAuthority', () => {
  const accepted: readonly (readonly [value: string, host: string, port: string])[] = [
    ['a.test', 'a.test', ''],
    ['A.Test', 'a.test', ''],
    ['a.test:8080', 'a.test', '8080'],
    ['A.TEST:', 'a.test', ''],
    ['a.test.', 'a.test', ''],
    ['a.test.:80', 'a.test', '80'],
    ['localhost', 'localhost', ''],
    ['under_score.test', 'under_score.test', ''],
    ['xn--bcher-kva.test', 'xn--bcher-kva.test', ''],
    ['192.0.2.1:65535', '192.0.2.1', '65535'],
    ['[::1]', '[::1]', ''],
    ['[2001:DB8::A]:443', '[2001:db8::a]', '443'],
    ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]', ''],
  ];
  for (const [value, host, port] of accepted) {
    it(`reads ${value}`, () => assert.deepEqual(parseAuthority(value), { host, port }));
  }

  it('refuses what is not a host with an optional port', () => {
    for (const value of [
      '',
      '.',
      ':80',
      'a:b',
      'a:65536',
      'a:000080',
      'a%41',
      'a@b',
      'a/b',
      '[::1',
      '[::1]a',
      '[::1%1]',
      '*',
      '\u212a.test',
    ]) {
      assert.equal(parseAuthority(value), undefined, value);
    }
  });
});

describe('isSameAuthority', () => {
  const same = (a: string, b: string, scheme: 'http' | 'https') => isSameAuthority(parseAuthority(a)!, parseAuthority(b)!, scheme);

  it('compares hosts without case and ports with their default', () => {
    assert.ok(same('A.test', 'a.test:80', 'http'));
    assert.ok(same('a.test', 'a.test:443', 'https'));
    assert.ok(same('a.test:0080', 'a.test', 'http'));
    assert.ok(!same('a.test', 'a.test:443', 'http'));
    assert.ok(!same('a.test', 'b.test', 'http'));
    assert.ok(!same('a.test:81', 'a.test:82', 'http'));
  });
});

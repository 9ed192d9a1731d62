import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostKeyProblem, normaliseHost } from '../../../src/routes/host-name.ts';

describe('normaliseHost', () => {
  const rows: readonly [authority: string, host: string | undefined][] = [
    ['example.com', 'example.com'],
    ['EXAMPLE.Com', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['Example.com.:8080', 'example.com'],
    ['example.com:', 'example.com'],
    ['localhost', 'localhost'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['under_score.example', 'under_score.example'],
    ['[::1]', '[::1]'],
    ['[::1]:8080', '[::1]'],
    ['[2001:DB8::1]:', '[2001:db8::1]'],
    ['[::ffff:10.0.0.1]:65535', '[::ffff:10.0.0.1]'],
    ['', ''],
    [`${'a'.repeat(49)}.`.repeat(5), `${'a'.repeat(49)}.`.repeat(5).slice(0, -1)],
    [`${'a.'.repeat(127)}`, `${'a.'.repeat(127)}`.slice(0, -1)],
    [`${'a.'.repeat(127)}b`, undefined],
    ['.', undefined],
    ['..', undefined],
    ['.example.com', undefined],
    ['example..com', undefined],
    ['example.com..', undefined],
    [':80', undefined],
    ['example.com:80x', undefined],
    ['example.com:65536', undefined],
    ['example.com:000080', undefined],
    ['example.com:80:80', undefined],
    ['::1', undefined],
    ['[::1', undefined],
    ['[]', undefined],
    ['[::1]x', undefined],
    ['[::1]:x', undefined],
    ['[fe80::1%eth0]', undefined],
    ['[10.0.0.1]', undefined],
    [`[${':'.repeat(5000)}]`, undefined],
    ['user@example.com', undefined],
    ['example.com/path', undefined],
    ['example.com\\path', undefined],
    ['example.com#x', undefined],
    ['example.com?x', undefined],
    ['exa mple.com', undefined],
    ['example.com\0', undefined],
    ['example.com\r\n', undefined],
    ['ex%61mple.com', undefined],
    ['exämple.com', undefined],
    ['example。com', undefined],
    ['exam\u212Aple.com', undefined], // the Kelvin sign becomes k in lower case
  ];
  for (const [authority, host] of rows) {
    test(`${JSON.stringify(authority).slice(0, 40)} is ${host === undefined ? 'refused' : JSON.stringify(host).slice(0, 40)}`, () => {
      assert.equal(normaliseHost(authority), host);
    });
  }
});

describe('hostKeyProblem', () => {
  for (const key of ['*', 'a', 'a.b', 'xn--bcher-kva.example', '*.a', '**.a.b', '1.a', 'a-b.c', `${'a'.repeat(63)}.b`]) {
    test(`${key.slice(0, 30)} is a host key`, () => assert.equal(hostKeyProblem(key), undefined));
  }

  const refused: readonly [key: string, problem: RegExp][] = [
    ['', /empty/],
    ['*.', /empty/],
    ['**', /wildcard/],
    ['*a.b', /wildcard/],
    ['a.*.b', /wildcard/],
    ['*.*.b', /wildcard/],
    ['***.b', /wildcard/],
    ['A.b', /lower-case/],
    ['a_b.c', /lower-case/],
    ['-a.b', /lower-case/],
    ['a-.b', /lower-case/],
    ['a..b', /empty label/],
    ['.a', /empty label/],
    ['a.', /ends with a dot/],
    ['10.0.0.1', /IP address/],
    ['::1', /IP address/],
    ['a.b:80', /port/],
    [`${'a'.repeat(64)}.b`, /63/],
    [`${'a.'.repeat(127)}`, /253/],
    ['bücher.example', /lower-case/],
  ];
  for (const [key, problem] of refused) {
    test(`${JSON.stringify(key.slice(0, 30))} is no host key`, () => assert.match(hostKeyProblem(key) ?? 'valid', problem));
  }
});

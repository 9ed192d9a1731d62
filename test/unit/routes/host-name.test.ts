import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostKeyProblem } from '../../../src/routes/host-name.ts';

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

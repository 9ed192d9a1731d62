import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternBeginnings } from '../../../src/translate/pattern-beginnings.ts';

const rows: readonly (readonly [pattern: string, beginnings: readonly string[]])[] = [
  ['/admin(/|$)(.*)', ['/admin']],
  ['/admin/[0-9|]+/x', ['/admin/']],
  ['/a(b|c(d|e))|/f[|(]g|/a[x]', ['/a', '/f']],
  ['/files/*', ['/files']],
  ['/v1\\.0/.*', ['/v1\\.0/']],
  ['/a\\|b(c)', ['/a']],
  ['/x{2}y', []],
  ['/(.*)', []],
  ['/|/admin(.*)', []],
  ['/)|(', []],
  ['/[', []],
];

for (const [pattern, beginnings] of rows)
  test(`a path ${pattern} of an Ingress means what begins with ${beginnings.join(' or ') || 'anything'}`, () =>
    assert.deepEqual(patternBeginnings(pattern), beginnings));

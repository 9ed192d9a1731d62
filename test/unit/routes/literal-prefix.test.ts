import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { literalPrefix } from '../../../src/routes/literal-prefix.ts';

describe('literalPrefix', () => {
  const cases: readonly (readonly [pattern: string, prefix: string])[] = [
    ['/users/[0-9]+', '/users/'],
    ['^/users/.*$', '/users/'],
    ['/a\\.b/x', '/a.b/x'],
    ['/ab?c', '/a'],
    ['/ab*', '/a'],
    ['/ab+', '/a'],
    ['/ab{2}', '/a'],
    ['/a\\.?b', '/a'],
    ['/a|/b', ''],
    ['/(a|b)', ''],
    ['(?i)/a', ''],
    ['/a(?i)b', '/a'],
    ['/a\\d', '/a'],
    ['/a\\Qb', '/a'],
    ['/café', '/caf'],
    ['.*', ''],
    ['', ''],
  ];
  for (const [pattern, prefix] of cases)
    it(`of ${pattern} is ${prefix}`, () => {
      assert.equal(literalPrefix(pattern), prefix);
    });
});

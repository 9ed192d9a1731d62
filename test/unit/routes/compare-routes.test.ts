import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareHostKeys, compareRoutes, prefixElements } from '../../../src/routes/compare-routes.ts';
import type { PathMatch, Route, RouteMatch } from '../../../src/routes/route.ts';
import { makeRoute } from './table-builder.ts';

function withMatch(key: string, match: Partial<RouteMatch>, changes: Partial<Route> = {}): Route {
  return makeRoute(key, { match: { ...makeRoute('').match, ...match }, ...changes });
}

function withPath(key: string, kind: PathMatch['kind'], value: string): Route {
  return withMatch(key, { path: { kind, value } });
}

function from(namespace: string, name: string, key = 'k'): Route {
  return makeRoute(key, { source: { kind: 'Ingress', namespace, name } });
}

const value = { name: 'x', kind: 'exact' as const, value: '1' };

describe('compareRoutes', () => {
  // Each step is decided against everything below it: the first route loses every later step.
  const rows: readonly [step: string, first: Route, second: Route][] = [
    [
      'the higher priority, even against an exact path',
      makeRoute('z', { priority: 2 }),
      { ...withPath('a', 'exact', '/a/b'), priority: 1 },
    ],
    ['certain listeners, even against an exact path', withMatch('z', { listeners: ['admin'] }), withPath('a', 'exact', '/a/b')],
    ['an exact path, even a shorter one', withPath('z', 'exact', '/a'), withPath('a', 'prefix', '/a/b/c')],
    [
      'the longer prefix, even for any method',
      withPath('z', 'prefix', '/a/b'),
      withMatch('a', { path: { kind: 'prefix', value: '/a' }, methods: ['GET'] }),
    ],
    ['a method, even against headers', withMatch('z', { methods: ['GET'] }), withMatch('a', { headers: [value, value] })],
    ['more headers, even against parameters', withMatch('z', { headers: [value] }), withMatch('a', { query: [value, value] })],
    [
      'more parameters, even of a younger object',
      withMatch('z', { query: [value] }, { createdAtMs: 9 }),
      makeRoute('a', { createdAtMs: 1 }),
    ],
    ['the older object, whatever its name', makeRoute('z', { createdAtMs: 1 }), makeRoute('a', { createdAtMs: 2 })],
    ['an object of known age', makeRoute('z', { createdAtMs: 9 }), makeRoute('a', { createdAtMs: 0 })],
    ['the first namespace', from('a', 'z', 'z'), from('b', 'a', 'a')],
    ['the first name', from('a', 'a', 'z'), from('a', 'b', 'a')],
    ['namespace/name as one text', from('a-b', 'x'), from('a', 'x')],
    ['capitals before small letters, as code units are', from('a', 'B'), from('a', 'a')],
    ['the first key', from('a', 'a', 'a'), from('a', 'a', 'b')],
  ];
  for (const [step, first, second] of rows) {
    test(`puts first: ${step}`, () => {
      assert.ok(compareRoutes(first, second) < 0);
      assert.ok(compareRoutes(second, first) > 0);
    });
  }

  test('a trailing slash makes no prefix longer', () => {
    assert.ok(compareRoutes(withPath('a', 'prefix', '/x'), withPath('b', 'prefix', '/x/')) < 0);
    assert.ok(compareRoutes(withPath('b', 'prefix', '/x'), withPath('a', 'prefix', '/x/')) > 0);
    assert.deepEqual(['/', '//', '/a', '/a/', '/a//', '/a//b'].map(prefixElements), ['', '', '/a', '/a', '/a', '/a//b']);
  });

  test('only a route and itself are equal', () => {
    assert.equal(compareRoutes(makeRoute('a'), makeRoute('a')), 0);
  });
});

describe('compareHostKeys', () => {
  test('sorts exact names, then wildcards with the longer suffix and fewer labels first, then any host', () => {
    const sorted = ['a.b', 'b', 'c.d.e.f.g', '*.b.c.d', '**.b.c.d', '*.c.d', '**.c.d', '**.d', '**.e', '*'];
    assert.deepEqual(sorted.toReversed().sort(compareHostKeys), sorted);
  });
});

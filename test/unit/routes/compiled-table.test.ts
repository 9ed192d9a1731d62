import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CompiledTable, type MatchRequest } from '../../../src/routes/compiled-table.ts';
import { diffTables } from '../../../src/routes/diff-tables.ts';
import type { Route, RouteMatch } from '../../../src/routes/route.ts';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import { byKey, makeHost, makePolicy, makeRoute, makeTable } from './table-builder.ts';

function request(host: string, path: string, changes: Partial<MatchRequest> = {}): MatchRequest {
  return { listener: 'http', client: '192.0.2.1', host, path, method: 'GET', query: '', headers: [], told: () => undefined, ...changes };
}

/** A route called after its path: `=/foo` is exact, `/foo` a prefix. */
function route(text: string, match: Partial<RouteMatch> = {}, changes: Partial<Route> = {}): Route {
  const path = text.startsWith('=') ? ({ kind: 'exact', value: text.slice(1) } as const) : ({ kind: 'prefix', value: text } as const);
  return makeRoute(text, { match: { path, methods: [], headers: [], query: [], ...match }, ...changes });
}

function keyOf(table: CompiledTable, asked: MatchRequest): string {
  const result = table.match(asked);
  return result.kind === 'route' ? result.route.route.key : result.kind;
}

describe('CompiledTable path matching', () => {
  // The rows are those of the table in the Kubernetes documentation of Ingress path types.
  const rows: readonly [route: string, path: string, matches: boolean][] = [
    ['/', '/anything/at/all', true],
    ['=/foo', '/foo', true],
    ['=/foo', '/bar', false],
    ['=/foo', '/foo/', false],
    ['=/foo/', '/foo', false],
    ['/foo', '/foo', true],
    ['/foo', '/foo/', true],
    ['/foo/', '/foo', true],
    ['/foo/', '/foo/', true],
    ['/aaa/bb', '/aaa/bbb', false],
    ['/aaa/bbb', '/aaa/bbb', true],
    ['/aaa/bbb/', '/aaa/bbb', true],
    ['/aaa/bbb', '/aaa/bbb/', true],
    ['/aaa/bbb', '/aaa/bbb/ccc', true],
    ['/aaa/bbb', '/aaa/bbbxyz', false],
    ['/aaa/bbb', '/aaa', false],
    ['/', '*', false],
    ['/', '', true],
    ['/a//b', '/a//b/c', true],
    ['/a//b', '/a/b', false],
    ['/__proto__', '/__proto__', true],
    ['=/constructor', '/constructor', true],
  ];
  for (const [key, path, matches] of rows) {
    test(`${key} ${matches ? 'matches' : 'does not match'} ${path || 'an empty path'}`, () => {
      const table = CompiledTable.compile(makeTable([makeHost('a.example', [route(key)])]));
      assert.equal(keyOf(table, request('a.example', path)), matches ? key : 'no_path');
    });
  }

  test('an exact path wins over a prefix and the longest prefix over a shorter one', () => {
    const table = CompiledTable.compile(
      makeTable([
        makeHost(
          'a.example',
          ['=/foo', '/foo/bar', '/foo', '/'].map((key) => route(key)),
        ),
      ]),
    );
    assert.equal(keyOf(table, request('a.example', '/foo')), '=/foo');
    assert.equal(keyOf(table, request('a.example', '/foo/')), '/foo');
    assert.equal(keyOf(table, request('a.example', '/foo/bar/x')), '/foo/bar');
    assert.equal(keyOf(table, request('a.example', '/fo')), '/');
  });

  test('a short prefix that comes first in the order of the host wins over everything behind it', () => {
    const routes = [route('/', {}, { priority: 1 }), route('=/foo'), route('/foo')];
    const table = CompiledTable.compile(makeTable([makeHost('a.example', routes)]));
    assert.equal(keyOf(table, request('a.example', '/foo')), '/');
  });
});

describe('CompiledTable conditions', () => {
  const rows: readonly [name: string, match: Partial<RouteMatch>, asked: Partial<MatchRequest>, matches: boolean][] = [
    ['a listed method', { methods: ['GET', 'PUT'] }, { method: 'PUT' }, true],
    ['a method in another case', { methods: ['GET'] }, { method: 'get' }, false],
    ['all headers', { headers: [{ name: 'x-a', kind: 'exact', value: '1' }] }, { headers: ['host', 'a', 'x-a', '1'] }, true],
    ['a header on its second line', { headers: [{ name: 'x-a', kind: 'exact', value: '2' }] }, { headers: ['x-a', '1', 'x-a', '2'] }, true],
    [
      'a value where the name should be',
      { headers: [{ name: 'x-a', kind: 'exact', value: '1' }] },
      { headers: ['other', 'x-a', '1', 'b'] },
      false,
    ],
    ['an odd header list', { headers: [{ name: 'x-a', kind: 'exact', value: '1' }] }, { headers: ['x-a'] }, false],
    [
      'one of two headers',
      {
        headers: [
          { name: 'x-a', kind: 'exact', value: '1' },
          { name: 'x-b', kind: 'exact', value: '1' },
        ],
      },
      { headers: ['x-a', '1'] },
      false,
    ],
    ['a query parameter', { query: [{ name: 'q', kind: 'exact', value: 'a b' }] }, { query: 'x=1&q=a+b' }, true],
    ['a percent-encoded parameter', { query: [{ name: 'q', kind: 'exact', value: 'ä&' }] }, { query: 'q=%C3%A4%26' }, true],
    ['only the second of two parameters', { query: [{ name: 'q', kind: 'exact', value: '2' }] }, { query: 'q=1&q=2' }, false],
    ['a parameter without a value', { query: [{ name: 'q', kind: 'exact', value: '' }] }, { query: '&q' }, true],
    ['a parameter that is a part of another', { query: [{ name: 'q', kind: 'exact', value: '1' }] }, { query: 'qq=1' }, false],
    ['broken percent-encoding', { query: [{ name: 'q', kind: 'exact', value: '%zz' }] }, { query: 'q=%zz' }, true],
    ['no parameter at all', { query: [{ name: 'q', kind: 'exact', value: '1' }] }, { query: '' }, false],
  ];
  for (const [name, match, asked, matches] of rows) {
    test(`${name} ${matches ? 'matches' : 'does not match'}`, () => {
      const table = CompiledTable.compile(makeTable([makeHost('a.example', [route('/', match)])]));
      assert.equal(keyOf(table, request('a.example', '/', asked)), matches ? '/' : 'no_path');
    });
  }
});

describe('CompiledTable hosts', () => {
  const hosts = ['shop.example.com', '*.example.com', '**.example.com', '**.com', '*'];
  const table = CompiledTable.compile(makeTable(hosts.map((key) => makeHost(key, [makeRoute(key)]))));
  const rows: readonly [name: string, host: string][] = [
    ['shop.example.com', 'shop.example.com'],
    ['other.example.com', '*.example.com'],
    ['a.b.example.com', '**.example.com'],
    ['example.com', '**.com'],
    ['example.org', '*'],
    ['com', '*'],
    ['.com', '*'],
    ['', '*'],
    ['*.example.com', '*.example.com'],
    ['*', '*'],
    [`${'a.'.repeat(4000)}com`, '*'],
  ];
  for (const [name, host] of rows) {
    test(`${name.slice(0, 30) || 'an empty name'} goes to ${host}`, () => {
      assert.equal(keyOf(table, request(name, '/')), host);
      assert.equal(table.findHost(name)?.key, host);
    });
  }

  test('a request falls through to less specific hosts until a route matches', () => {
    const fallThrough = CompiledTable.compile(
      makeTable([
        makeHost('a.example', [route('/exact')]),
        makeHost('*.example', [route('/one')]),
        makeHost('**.example', [route('/many')]),
        makeHost('*', [route('/any')]),
      ]),
    );
    for (const path of ['/exact', '/one', '/many', '/any']) assert.equal(keyOf(fallThrough, request('a.example', path)), path);
    assert.equal(keyOf(fallThrough, request('a.example', '/none')), 'no_path');
    assert.equal(keyOf(fallThrough, request('b.example', '/exact')), 'no_path');
  });

  test('a name that no key covers is no_host, and one that a key covers no_path', () => {
    const small = CompiledTable.compile(makeTable([makeHost('*.example', [route('/foo')])]));
    assert.equal(keyOf(small, request('a.example', '/')), 'no_path');
    assert.equal(keyOf(small, request('example', '/')), 'no_host');
    assert.equal(keyOf(small, request('*.example', '/')), 'no_path');
    assert.equal(small.findHost('example'), undefined);
  });
});

describe('CompiledTable.compile', () => {
  const first = makeHost('a.example', [makeRoute('a')]);
  const second = makeHost('*.example', [makeRoute('b', { policy: 'other' })]);
  const any = makeHost('*', [makeRoute('c')]);
  const policies = byKey([makePolicy('default'), makePolicy('other')]);
  const base = CompiledTable.compile(makeTable([first, second, any], { policies }));

  function compiledRoute(table: CompiledTable, host: string): unknown {
    const result = table.match(request(host, '/'));
    return result.kind === 'route' ? result.route : undefined;
  }

  test('takes over the compiled routes of hosts that are the same object', () => {
    const next = CompiledTable.compile(makeTable([makeHost('a.example', first.routes), second, any], { policies }), base);
    assert.equal(next.generation, 1);
    assert.notEqual(compiledRoute(next, 'a.example'), compiledRoute(base, 'a.example'));
    assert.equal(compiledRoute(next, 'b.example'), compiledRoute(base, 'b.example'));
    assert.equal(compiledRoute(next, 'other'), compiledRoute(base, 'other'));
  });

  test('takes over everything when hosts and policies are the same maps', () => {
    const next = CompiledTable.compile({ ...base.table, endpoints: new Map() }, base);
    assert.equal(compiledRoute(next, 'a.example'), compiledRoute(base, 'a.example'));
  });

  test('compiles again only the hosts whose policy changed', () => {
    const other = makePolicy('other', { retries: 3 });
    const next = CompiledTable.compile({ ...base.table, policies: new Map([...policies, ['other', other]]) }, base);
    const result = next.match(request('b.example', '/'));
    assert.equal(result.kind === 'route' && result.route.policy, other);
    assert.equal(compiledRoute(next, 'a.example'), compiledRoute(base, 'a.example'));
  });

  test('recompiles the hosts that a delta names, and all that a policy which it changes is for', () => {
    const recompiled = (edit: Partial<RouteTable>): CompiledTable => {
      const table = { ...base.table, ...edit };
      return CompiledTable.recompile(table, base, diffTables(base.table, table) ?? {});
    };
    const fresh = makeHost('c.example', [makeRoute('c', { policy: 'fresh' })]);
    const added = recompiled({
      hosts: new Map([...base.table.hosts, [fresh.key, fresh]]),
      policies: new Map([...policies, ['fresh', makePolicy('fresh')]]),
    });
    assert.notEqual(compiledRoute(added, 'c.example'), compiledRoute(base, 'c.example'));
    for (const host of ['a.example', 'b.example', 'other']) assert.equal(compiledRoute(added, host), compiledRoute(base, host));
    const other = makePolicy('other', { retries: 3 });
    const result = recompiled({ policies: new Map([...policies, ['other', other]]) }).match(request('b.example', '/'));
    assert.equal(result.kind === 'route' && result.route.policy, other);
    const removed = recompiled({ hosts: new Map([...base.table.hosts].filter(([key]) => key !== 'a.example')) });
    assert.equal(compiledRoute(removed, 'a.example'), compiledRoute(base, 'b.example'), 'the wildcard takes over');
    assert.throws(() => recompiled({ policies: new Map([...policies].slice(0, 1)) }), { code: 'TABLE_INVALID' });
  });

  test('refuses a table with a dangling policy', () => {
    assert.throws(() => CompiledTable.compile(makeTable([makeHost('a.example', [makeRoute('a', { policy: 'none' })])])), {
      code: 'TABLE_INVALID',
    });
  });
});

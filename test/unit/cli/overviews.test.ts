import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderProblems } from '../../../src/cli/problem-overview.ts';
import { renderRoutes } from '../../../src/cli/route-overview.ts';
import type { Route } from '../../../src/routes/route.ts';
import { emptyRouteTable, type Host, type RouteTable } from '../../../src/routes/route-table.ts';
import type { Problem } from '../../../src/translate/translation.ts';

function route(path: string, action: Route['action'], kind: 'exact' | 'prefix' = 'prefix'): Route {
  return {
    key: path,
    source: { kind: 'Ingress', namespace: 'q', name: 'shop' },
    createdAtMs: 0,
    priority: 0,
    match: { path: { kind, value: path }, methods: [], headers: [], query: [] },
    policy: 'p',
    action,
  };
}

function forward(service: string): Route['action'] {
  return { kind: 'forward', backends: [{ service, weight: 1 }] };
}

function table(hosts: readonly Host[], endpoints: Readonly<Record<string, readonly string[]>> = {}): RouteTable {
  const sets = Object.entries(endpoints).map(([key, states]) => {
    const list = states.map((state, index) => ({
      address: '127.0.0.1',
      port: 1000 + index,
      state: state as 'ready' | 'draining',
      zone: undefined,
      forZones: [],
    }));
    return [key, { key, endpoints: list }] as const;
  });
  return { ...emptyRouteTable, hosts: new Map(hosts.map((host) => [host.key, host])), endpoints: new Map(sets) };
}

test('route overview: one line a route with host, path, backend and health, columns aligned', () => {
  const shop: Host = {
    key: 'shop.localhost',
    tls: undefined,
    routes: [route('/status', forward('q/web:80'), 'exact'), route('/', forward('q/web:80'))],
  };
  const api: Host = { key: 'api.localhost', tls: { kind: 'terminate', certificates: [] }, routes: [route('/', forward('q/api:80'))] };
  assert.equal(
    renderRoutes(table([shop, api], { 'q/web:80': ['ready', 'draining'] }), []),
    [
      'HOST            PATH             TLS  BACKEND   HEALTH',
      'shop.localhost  /status (exact)  -    q/web:80  1/2 ready',
      'shop.localhost  /                -    q/web:80  1/2 ready',
      'api.localhost   /                yes  q/api:80  no endpoints',
    ].join('\n'),
  );
});

test('route overview: an endpoint that the workers keep out of rotation is not ready', () => {
  const host: Host = { key: '*', tls: undefined, routes: [route('/', forward('q/web:80'))] };
  const text = renderRoutes(table([host], { 'q/web:80': ['ready', 'ready'] }), [{ service: 'q/web:80', endpoint: '127.0.0.1:1001' }]);
  assert.match(text, /1\/2 ready/);
});

test('route overview: redirects, failing routes and passthrough are told apart', () => {
  const host: Host = {
    key: 'a.localhost',
    tls: {
      kind: 'passthrough',
      key: 'passed',
      backends: [{ service: 'q/tls:443', weight: 1 }],
      policy: 'p',
      source: { kind: 'Ingress', namespace: 'q', name: 'shop' },
    },
    routes: [
      route('/x', { kind: 'redirect', status: 308, to: { scheme: 'https', host: 'b', port: undefined, path: undefined } }),
      route('/y', { kind: 'fail', status: 503, reason: 'Service q/gone is missing' }),
    ],
  };
  const text = renderRoutes(table([host], { 'q/tls:443': ['ready'] }), []);
  assert.match(text, /\(all of TLS\)\s+passthrough\s+q\/tls:443\s+1\/1 ready/);
  assert.match(text, /redirect 308 to https:\/\/b/);
  assert.match(text, /answers 503\s+Service q\/gone is missing/);
});

test('route overview: an empty table says so, a huge one is cut', () => {
  assert.equal(renderRoutes(emptyRouteTable, []), 'No routes.');
  const hosts = Array.from(
    { length: 300 },
    (_, index): Host => ({ key: `h${index}`, tls: undefined, routes: [route('/', forward('q/web:80'))] }),
  );
  assert.match(renderRoutes(table(hosts), []), /\n\.\.\. and 100 more$/);
});

test('problem overview: file and line come first, then object, field, reason', () => {
  const problem: Problem = {
    object: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'q', name: 'shop', uid: 'u' },
    reason: 'ServiceNotFound',
    field: 'spec.rules[0]',
    message: 'Service q/web does not exist',
  };
  assert.equal(
    renderProblems([{ where: 'a.yaml:3', message: 'broken' }], [{ ...problem, location: 'shop.yaml:2' }]),
    'Problems (2):\n  a.yaml:3: broken\n  shop.yaml:2: error: ServiceNotFound: Ingress q/shop spec.rules[0]: Service q/web does not exist',
  );
  const message = 'Ingress q/shop, spec.rules[0]: Service q/web does not exist';
  assert.match(
    renderProblems([], [{ ...problem, message }]),
    /^ {2}error: ServiceNotFound: Ingress q\/shop, spec\.rules\[0\]: Service q\/web/m,
  );
  assert.equal(renderProblems([], []), '');
});

test('overviews: escape sequences and marks of direction that an object or a file name holds are shown, not obeyed', () => {
  const object = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'q', name: 'shop', uid: 'u' };
  const field = 'metadata.annotations[smartproxy.dev/a\x1b[2J\u202e]';
  const problems = renderProblems(
    [{ where: 'a\x1b[2J\nb.yaml:1', message: 'no' }],
    [{ object, reason: 'UnknownAnnotation', field, message: 'no' }],
  );
  const hosts: readonly Host[] = [{ key: 'a', tls: undefined, routes: [route('/\x1b[2J', forward('q/web:80'))] }];
  for (const text of [problems, renderRoutes(table(hosts), [])]) {
    assert.doesNotMatch(text, /[\x1b\u202e]/);
    assert.match(text, /\\x1b\[2J/);
  }
  assert.match(problems, /a\\x1b\[2J b\.yaml:1: no\n.*\\u\{202e\}\]: no$/);
});

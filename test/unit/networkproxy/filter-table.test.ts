import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import type { ClientFacts } from '../../../src/networkproxy/client-facts.ts';
import { FilterRequest } from '../../../src/networkproxy/filters/filter-request.ts';
import { edgeFilters, filtersOf, filterTable } from '../../../src/networkproxy/filters/filter-table.ts';
import type { ProxyContext } from '../../../src/networkproxy/proxy-context.ts';
import { unreadableHead } from '../../../src/networkproxy/request-heads.ts';
import type { CompiledRoute } from '../../../src/routes/compiled-table.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { TestRoute } from '../../feature/networkproxy/harness.ts';
import { tableOf } from '../../feature/networkproxy/harness.ts';

function compiled(route: TestRoute): CompiledRoute {
  const result = CompiledTable.compile(tableOf({ routes: [route] })).match({
    listener: 'http',
    client: '192.0.2.1',
    host: 'a',
    method: 'GET',
    path: '/',
    query: '',
    headers: [],
    told: () => undefined,
  });
  assert.equal(result.kind, 'route');
  return (result as { route: CompiledRoute }).route;
}

test('a plain route needs no filter at all', () => {
  assert.deepEqual(filtersOf(compiled({})), []);
});

test('a route gets the filters that its policy and action ask for, in the order of the table', () => {
  const names = filtersOf(
    compiled({ policy: { redirectToHttps: true, maxRequestBodyBytes: 1 }, action: { kind: 'fail', status: 503, reason: 'x' } }),
  ).map((filter) => filter.name);
  assert.deepEqual(names, ['redirect_https', 'body_limit', 'route_action']);
  assert.deepEqual(
    filtersOf(compiled({ policy: { maxRequestBodyBytes: 1 } })).map((filter) => filter.name),
    ['body_limit'],
  );
});

test('every row of the table gives its reason, and names are unique', () => {
  const rows = [...edgeFilters, ...filterTable];
  for (const row of rows) assert.ok(row.reason.length > 20, row.name);
  assert.equal(new Set(rows.map((row) => row.name)).size, rows.length);
});

test('a filter that decides by the request, or by the client too, asks nothing else of a worker', () => {
  const network = new BlockList();
  const asked = new Set<string>();
  const context = new Proxy({} as ProxyContext, {
    get(_, name) {
      asked.add(String(name));
      return name === 'trustedProxies' ? network : undefined;
    },
  });
  const answer = { kind: 'respond', status: 503, headers: [], body: '' } as const;
  const route = compiled({
    policy: {
      redirectToHttps: true,
      clients: { allow: ['10.0.0.0/8'], deny: [] },
      maintenance: { allow: ['10.0.0.0/8'], answer },
      cors: { ...noCors, allowOrigins: ['*'] },
      maxRequestHeadBytes: 10,
      maxRequestBodyBytes: 1,
    },
    action: { kind: 'block' },
  });
  const table = CompiledTable.compile(tableOf({ routes: [{}] }));
  const head = { ...unreadableHead('http', 11), method: 'GET', host: 'a', authority: 'a', target: '/', path: '/' };
  const request = new FilterRequest(head, factsOf('192.0.2.1'), table, context, '');
  const byNeed = (needs: string) => [...edgeFilters, ...filterTable].filter((filter) => filter.needs === needs);
  for (const filter of byNeed('request')) filter.check(request, route);
  assert.deepEqual([...asked], []);
  for (const filter of byNeed('client')) filter.check(request, route);
  assert.deepEqual([...asked], ['trustedProxies']);
  assert.deepEqual(
    byNeed('worker').map(({ name }) => name),
    ['overload', 'rate_limit', 'request_limit', 'client_certificate', 'auth'],
  );
});

const noCors = { allowMethods: [], allowHeaders: undefined, exposeHeaders: [], allowCredentials: false, maxAgeSeconds: undefined };

function factsOf(remoteAddress: string): ClientFacts {
  return {
    connectionId: '',
    remoteAddress,
    trusted: false,
    scheme: 'http',
    listener: { key: 'http', addresses: [], port: 80, publishedPort: 80, protocol: 'http', proxyProtocolFrom: [] },
    serverName: undefined,
    tlsVersion: undefined,
    tlsCipher: undefined,
    proxied: undefined,
    certificates: [],
    tlsPolicy: '',
    clientCertificate: undefined,
    forwardedLines: '',
  };
}

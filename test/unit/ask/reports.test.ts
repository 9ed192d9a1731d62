import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EndpointConditions } from '../../../src/ask/endpoint-conditions.ts';
import { meantServices, reportBackends } from '../../../src/ask/reports/backend-report.ts';
import { renderRouteReport } from '../../../src/ask/reports/render-routes.ts';
import { noTotals, totalsByObject } from '../../../src/ask/reports/request-totals.ts';
import { type RouteQuery, type RouteReport, reportRoutes } from '../../../src/ask/reports/route-report.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { ingress, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { contextOf } from './explained.ts';

const yaml =
  smartProxyConfig({ listeners: [{ name: 'mail', port: 2525, protocol: 'TCP' }] }) +
  service('web', 8001, 8002) +
  service('api', 8003) +
  ingress('shop', {
    rules: {
      'shop.example': [
        ['/', 'Prefix', 'web'],
        ['/api', 'Exact', 'api'],
        ['/gone', 'Prefix', 'gone'],
      ],
      '*.shop.example': [['/', 'Prefix', 'web']],
    },
  }) +
  ingress('other', { rules: { 'other.example': [['/', 'Prefix', 'api']] } }) +
  smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'api', port: { name: 'web' } }] } });
const context = contextOf(yaml);
const out = [{ service: 'default/web:80', endpoint: '127.0.0.1:8002', reason: 'errors', forMs: 4200, detail: undefined }] as const;

function routes(query: Partial<RouteQuery> = {}): RouteReport {
  return reportRoutes(
    { limit: 100, ...query },
    {
      ...context,
      conditions: new EndpointConditions({ out, drained: [] }),
      totals: totalsByObject(counted()),
      seriesRefused: 0,
    },
  );
}

/** Two Services of one object with requests, and one with a connection. */
function counted() {
  const { requests } = new WorkerCounters(100);
  const of = (routeKind: string, route: string, name: string) =>
    requests.get({ routeKind, routeNamespace: 'default', route, service: name });
  of('Ingress', 'shop', 'web').observe(200, 0.01);
  of('Ingress', 'shop', 'web').observe(503, 20);
  of('Ingress', 'shop', 'api').observe(204, 0.3);
  const mail = of('SmartRoute', 'mail', 'api');
  mail.connectionsOpened = 3;
  mail.connectionsClosed = 1;
  mail.bytesReceived = 70;
  return { requestLabels: requests.labelsFrom(0), requestValues: requests.values(), openUnknown: new Set<number>() };
}

suite('routes', () => {
  test('an object has its hosts, rules in order of precedence, backends with health, location and problems', () => {
    const [, other, shop] = routes().routes;
    assert.equal(other?.route, 'other');
    assert.deepEqual(shop?.object, { kind: 'Ingress', namespace: 'default', name: 'shop' });
    assert.equal(shop.location, `Ingress.yaml:${'default/shop'.length}`);
    assert.deepEqual([...shop.hosts].sort(), ['*.shop.example', 'shop.example']);
    const [first] = shop.rules.filter(({ match }) => match === '/api (exact)');
    assert.deepEqual(first, {
      key: 'Ingress default/shop shop.example exact /api',
      host: 'shop.example',
      listeners: [],
      tls: 'none',
      match: '/api (exact)',
      action: 'forward to default/api:80',
      backends: [{ service: 'default/api:80', weight: 1, ready: 1, total: 1 }],
    });
    const [root] = shop.rules.filter(({ host, match }) => host === 'shop.example' && match === '/ (prefix)');
    const [gone] = shop.rules.filter(({ match }) => match === '/gone (prefix)');
    assert.deepEqual([gone?.backends, gone?.failure], [[], 'Service default/gone does not exist']);
    assert.deepEqual(root?.backends, [{ service: 'default/web:80', weight: 1, ready: 1, total: 2 }], 'one is out of rotation');
    assert.deepEqual(
      shop.problems.map(({ level, reason, field }) => [level, reason, field]),
      [['error', 'ServiceNotFound', 'spec.rules[0].http.paths[2].backend.service.name']],
    );
    const lines = renderRouteReport(routes()).split('\n');
    const [told = ''] = lines.slice(lines.indexOf('Problems (1):') + 1);
    assert.match(
      told,
      /^ {2}Ingress\.yaml:12: error: ServiceNotFound: Ingress default\/shop, spec\.rules\[0\]\.http\.paths\[2\]\.backend\.service\.name: Service/,
    );
    assert.equal(told.split('spec.rules').length, 2, 'as lint has it, once');
  });

  test('of many problems of an object errors come first, and the others are counted', () => {
    const annotations = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`smartproxy.dev/a-${index}`, 'x']));
    const rules = { 'a.example': [['/', 'Prefix', 'web'] as const] };
    const wrong = ingress('many', { annotations: { ...annotations, 'smartproxy.dev/retries': 'x' }, rules });
    const many = contextOf(ingressClass + service('web', 8001) + wrong);
    const report = reportRoutes(
      { limit: 1 },
      { ...many, conditions: new EndpointConditions({ out: [], drained: [] }), totals: new Map(), seriesRefused: 0 },
    );
    const [found] = report.routes;
    assert.deepEqual([found?.problems[0]?.level, found?.problems.length, found?.moreProblems], ['error', 20, 6]);
    assert.match(renderRouteReport(report), /\nProblems \(26\):\n(?:.*\n){20} {2}\.\.\. and 6 more: smartproxy-ingress problems$/);
  });

  test('what is counted of an object is the sum over its Services, and 0 for one that had nothing', () => {
    const [mail, other, shop] = routes().routes;
    assert.deepEqual(
      [shop?.totals.requests, shop?.totals.byStatusClass['2xx'], shop?.totals.byStatusClass['5xx'], shop?.totals.durationBuckets.at(-1)],
      [3, 2, 1, 1],
    );
    assert.deepEqual(other?.totals, noTotals);
    const { connectionsOpened, connectionsActive, bytesReceived } = mail?.totals ?? noTotals;
    assert.deepEqual([connectionsOpened, connectionsActive, bytesReceived], [3, 2, 70]);
    assert.equal(shop?.totals.durationBuckets.length, routes().durationBounds.length + 1);
  });

  test('how many connections are open is not known of an object when it is not of one of its Services', () => {
    const series = counted();
    const openUnknown = new Set(['shop', 'mail'].map((route) => series.requestLabels.findIndex((labels) => labels.route === route)));
    const totals = totalsByObject({ ...series, openUnknown });
    const activeOf = (key: string) => totals.get(key)?.connectionsActive;
    assert.deepEqual([activeOf('Ingress default/shop'), activeOf('SmartRoute default/mail')], [undefined, undefined]);
    assert.equal('connectionsActive' in (totals.get('SmartRoute default/mail') ?? {}), false);
    assert.equal(totals.get('SmartRoute default/mail')?.connectionsOpened, 3);
  });

  test('what a listener passes on as a whole is a rule without a host', () => {
    const [mail] = routes().routes;
    assert.deepEqual([mail?.hosts, mail?.rules.map(({ match, listeners }) => [match, ...listeners])], [[], [['all of TCP', 'mail']]]);
  });

  test('a query leaves the rules that it means; a limit the first objects, and says how many there are', () => {
    const table: readonly (readonly [query: Partial<RouteQuery>, rules: readonly number[]])[] = [
      [{ host: '*.shop.example' }, [1]],
      [{ host: 'nobody.example' }, []],
      [{ route: 'Ingress default/shop' }, [4]],
      [{ route: 'Ingress default/shop shop.example exact /api' }, [1]],
      [{ route: 'Ingress default/sho' }, []],
      [{ search: 'example' }, [1, 4]],
      [{ search: 'default/mail' }, [1]],
      [{ search: 'shop', host: 'shop.example' }, [3]],
    ];
    for (const [query, rules] of table) {
      const report = routes(query);
      assert.deepEqual([report.total, report.routes.map((route) => route.rules.length)], [rules.length, rules], JSON.stringify(query));
    }
    assert.equal(routes({ limit: 1, order: 'requests' }).routes[0]?.route, 'shop');
    assert.deepEqual([routes({ limit: 1 }).total, routes({ limit: 1 }).routes.length], [3, 1]);
  });
});

suite('backends', () => {
  const conditions = new EndpointConditions({ out, drained: ['127.0.0.1:8003'] });
  const uses = [{ service: 'default/web:80', endpoint: '127.0.0.1:8001', active: 2, begun: 9 }];
  const report = (name: string | undefined, limit = 10) =>
    reportBackends(context.table, meantServices(context.table, name), limit, conditions, uses);

  test('endpoints have state, reason and what they have to do', () => {
    const [web] = report('default/web').backends;
    assert.deepEqual(web, {
      service: 'default/web:80',
      protocol: 'http',
      balancing: 'round-robin',
      ready: 1,
      total: 2,
      endpoints: [
        { address: '127.0.0.1:8001', state: 'ready', active: 2, requests: 9 },
        { address: '127.0.0.1:8002', state: 'out', reason: 'out of rotation: errors, for 5 s', active: 0, requests: 0 },
      ],
      moreEndpoints: 0,
    });
    const [api] = report('default/api:80').backends;
    assert.deepEqual([api?.ready, api?.endpoints[0]?.state, api?.endpoints[0]?.reason], [0, 'drained', 'drained by hand']);
  });

  test('a limit leaves the first, and says how many there are', () => {
    const { total, backends } = report(undefined, 1);
    assert.deepEqual([total, backends.map(({ service: key }) => key)], [2, ['default/api:80']]);
    assert.equal(report('default/nobody').total, 0);
  });
});

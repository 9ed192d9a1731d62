import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultOutlierDetection } from '../../../src/balancing/outlier-ejection.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { HashSource, Route, SessionCookie } from '../../../src/routes/route.ts';
import type { Certificate, InstallationSettings, Listener, RouteTable } from '../../../src/routes/route-table.ts';
import type { Endpoint, HttpHealthCheck, Service } from '../../../src/routes/service.ts';
import { maxTableProblems, validateTable } from '../../../src/routes/validate-table.ts';
import { byKey, makeHost, makePolicy, makeRoute, makeTable } from './table-builder.ts';

const listener: Listener = { key: 'http', addresses: ['::'], port: 8080, publishedPort: 80, protocol: 'http', proxyProtocolFrom: [] };
const service: Service = {
  key: 'default/web:80',
  namespace: 'default',
  name: 'web',
  port: 80,
  protocol: 'http',
  tls: undefined,
  loadBalancing: 'round-robin',
};
const endpoint: Endpoint = { address: '10.0.0.1', port: 8080, state: 'ready', zone: undefined, forZones: [] };
const certificate: Certificate = {
  key: 'default/cert',
  names: ['a.example'],
  chain: 'chain',
  privateKey: new Redacted('key'),
  fingerprint: 'ff',
  notAfterMs: 1,
  keyType: 'ec',
};
const forward: Route = makeRoute('forward', { action: { kind: 'forward', backends: [{ service: service.key, weight: 1 }] } });

const check: HttpHealthCheck = {
  kind: 'http',
  ...{ intervalMs: 1000, timeoutMs: 1000, unhealthyThreshold: 1, healthyThreshold: 1 },
  ...{ port: undefined, path: '/', host: undefined, statuses: [] },
};

/** A valid table with one of everything, and with changes. */
function table(changes: Partial<RouteTable> = {}): RouteTable {
  return makeTable([{ ...makeHost('a.example', [forward]), tls: { kind: 'terminate', certificates: [certificate.key, 'default'] } }], {
    listeners: byKey([listener]),
    services: byKey([service]),
    endpoints: byKey([{ key: service.key, endpoints: [endpoint] }]),
    certificates: byKey([certificate]),
    challenges: new Map([['t', { token: 't', keyAuthorization: 't.x' }]]),
    ...changes,
  });
}

function withRoutes(...routes: readonly Route[]): RouteTable {
  return table({ hosts: byKey([makeHost('a.example', routes)]) });
}

function withListener(changes: Partial<Listener>): RouteTable {
  return table({ listeners: byKey([{ ...listener, ...changes }]) });
}

function withEndpoints(...endpoints: readonly Endpoint[]): RouteTable {
  return table({ endpoints: byKey([{ key: service.key, endpoints }]) });
}

const settings: InstallationSettings = {
  key: 'installation',
  trustedProxies: undefined,
  drainDelayMs: 0,
  drainTimeoutMs: undefined,
  maxConnections: undefined,
  maxConnectionsPerAddress: undefined,
  connectionRatePerMinute: undefined,
  allowCidrs: ['10.0.0.0/8'],
  denyCidrs: undefined,
  tlsMinVersion: undefined,
  ticketKeyRotationMs: undefined,
  accessLogMode: undefined,
  accessLogFormat: undefined,
};
const source = { kind: 'TCPRoute', namespace: 'default', name: 'x' };
const backends = [{ service: service.key, weight: 1 }];
const l4 = { key: 'x', listener: 'http', protocol: 'tcp', backends, policy: 'default', source } as const;

describe('validateTable', () => {
  test('finds nothing in a valid table', () => {
    assert.deepEqual(validateTable(table()), []);
    assert.deepEqual(validateTable(table({ l4: byKey([l4]), settings: byKey([settings]) })), []);
    assert.deepEqual(validateTable(withListener({ port: 0, proxyProtocolFrom: ['10.0.0.0/8', '::1', '::/0'] })), []);
  });

  const broken: readonly [what: string, table: RouteTable, problem: RegExp][] = [
    [
      'an entry under another key',
      table({ policies: new Map([['default', makePolicy('other')]]) }),
      /policies lists other under the key 'default'/,
    ],
    [
      'a challenge under another token',
      table({ challenges: new Map([['u', { token: 't', keyAuthorization: '' }]]) }),
      /challenges lists t/,
    ],
    ['a host key that is no host', table({ hosts: byKey([makeHost('A', [])]) }), /host A has a label/],
    ['routes out of order', withRoutes(forward, makeRoute('first', { priority: 1 })), /not in order of precedence/],
    ['a route twice', withRoutes(forward, forward), /route forward is not the only one/],
    [
      'a route key in two hosts',
      table({ hosts: byKey([makeHost('a.example', [forward]), makeHost('b.example', [forward])]) }),
      /route forward is not the only one/,
    ],
    ['a missing policy', withRoutes(makeRoute('r', { policy: 'gone' })), /route r names policy gone/],
    ['a missing service', table({ services: new Map() }), /route forward names service default\/web:80/],
    ['endpoints of a missing service', table({ services: new Map() }), /endpoint set default\/web:80 names service/],
    ['a missing certificate', table({ certificates: new Map() }), /names certificate default\/cert/],
    [
      'a passthrough to a missing service and policy',
      table({
        hosts: byKey([
          {
            ...makeHost('a', []),
            tls: { kind: 'passthrough', key: 'passed', backends: [{ service: 'gone', weight: 1 }], policy: 'default', source },
          },
        ]),
      }),
      /host a names service gone/,
    ],
    ['an L4 route on a missing listener', table({ l4: byKey([{ ...l4, listener: 'gone' }]) }), /L4 route x names listener gone/],
    ['two L4 routes on one listener', table({ l4: byKey([l4, { ...l4, key: 'y' }]) }), /L4 route y takes listener http, as x does/],
    ['an L4 route without weight', table({ l4: byKey([{ ...l4, backends: [] }]) }), /L4 route x forwards to no backend/],
    ['an L4 route of TCP with sessions', table({ l4: byKey([{ ...l4, maxSessions: 5 }]) }), /L4 route x has a limit of 5 sessions/],
    [
      'a limit that nothing is under',
      table({
        policies: byKey([{ ...makePolicy('default'), requestLimits: [{ scope: 's', most: 0, per: 'route', exempt: ['x'] }] }]),
      }),
      /policy default lets 0 requests be answered at once/,
    ],
    [
      'a route for a missing listener',
      withRoutes({ ...forward, match: { ...forward.match, listeners: ['gone'] } }),
      /route forward names listener gone/,
    ],
    ['settings with no network', table({ settings: byKey([{ ...settings, denyCidrs: ['x'] }]) }), /settings name 'x'/],
    ['a forward without weight', withRoutes({ ...forward, action: { kind: 'forward', backends: [] } }), /no backend with a weight/],
    [
      'a negative weight',
      withRoutes({ ...forward, action: { kind: 'forward', backends: [{ service: service.key, weight: -1 }] } }),
      /the weight -1/,
    ],
    ['a path without a slash', withRoutes({ ...forward, match: { ...forward.match, path: { kind: 'exact', value: 'x' } } }), /path 'x'/],
    [
      'a header name in upper case',
      withRoutes({ ...forward, match: { ...forward.match, headers: [{ name: 'X-A', kind: 'exact', value: '' }] } }),
      /header 'X-A'/,
    ],
    ['a listener port out of range', withListener({ port: 65_536 }), /port 65536/],
    ['a listener without address', withListener({ addresses: [] }), /no address/],
    ['a listener on a name', withListener({ addresses: ['localhost'] }), /'localhost', which is not numeric/],
    ['a trusted network that is none', withListener({ proxyProtocolFrom: ['10.0.0.0/33'] }), /'10.0.0.0\/33'/],
    [
      'two listeners on one port',
      table({ listeners: byKey([listener, { ...listener, key: 'twin' }]) }),
      /twin takes :: port 8080, as http does/,
    ],
    ['an endpoint port out of range', withEndpoints({ ...endpoint, port: 0 }), /10.0.0.1 port 0/],
    ['an endpoint twice', withEndpoints(endpoint, { ...endpoint, state: 'draining' }), /lists 10.0.0.1 port 8080 twice/],
    ['a service port out of range', table({ services: byKey([{ ...service, port: -1 }]) }), /service default\/web:80 has port -1/],
    ['HTTPS without TLS settings', table({ services: byKey([{ ...service, protocol: 'https' }]) }), /protocol https/],
    [
      'a client certificate without chain',
      table({
        services: byKey([
          {
            ...service,
            protocol: 'h2',
            tls: { serverName: undefined, ca: undefined, clientCertificate: { ...certificate, chain: '' } },
          },
        ]),
      }),
      /certificate default\/cert has no chain/,
    ],
    ['HTTP/2 over TLS without TLS settings', table({ services: byKey([{ ...service, protocol: 'h2' }]) }), /protocol h2 /],
    ['a bound below the mean', withService({ maxLoadPercent: 100 }), /maxLoadPercent 100/],
    ['a slow start without time', withService({ slowStartMs: 0 }), /slowStartMs 0/],
    ['a negative ejection', withService({ outlierDetection: { ...defaultOutlierDetection, ejectionMs: -1 } }), /ejectionMs -1/],
    ['a health check without end', withService({ healthCheck: { ...check, timeoutMs: 0 } }), /timeoutMs 0/],
    ['a health check of no port', withService({ healthCheck: { ...check, port: 0 } }), /health check on port 0/],
    ['a health check of no path', withService({ healthCheck: { ...check, path: 'a b' } }), /health check of the path 'a b'/],
    ['a cookie that is two', withCookie({ name: 'a; b' }), /cookie named 'a; b'/],
    ['a cookie for no path', withCookie({ path: '/a;b' }), /for the path '\/a;b'/],
    ['a cookie for no domain', withCookie({ domain: 'a;b' }), /for the domain 'a;b'/],
    ['a session that is no token', withEndpoints({ ...endpoint, session: 'a;b' }), /the session 'a;b'/],
    ['a hash of a header in upper case', withHash({ kind: 'header', name: 'X-A' }), /hashes the header 'X-A'/],
    ['a time-out beyond the timers', table({ policies: byKey([policyWithReadTimeout(2 ** 31)]) }), /readMs 2147483648/],
    ['a time-out that is no number', table({ policies: byKey([policyWithReadTimeout(Number.NaN)]) }), /readMs NaN/],
    ['a certificate name in upper case', table({ certificates: byKey([{ ...certificate, names: ['A'] }]) }), /the name A/],
    ['an empty chain', table({ certificates: byKey([{ ...certificate, chain: '' }]) }), /no chain/],
  ];
  for (const [what, invalid, problem] of broken) {
    test(`reports ${what}`, () => {
      const problems = validateTable(invalid);
      assert.ok(
        problems.some((one) => problem.test(one)),
        `${problem} in ${JSON.stringify(problems)}`,
      );
    });
  }

  test('reports a bounded number of problems', () => {
    const routes = Array.from({ length: 1000 }, (_, index) => makeRoute(`r${index}`, { policy: 'gone' }));
    assert.equal(validateTable(withRoutes(...routes)).length, maxTableProblems);
  });
});

function withService(changes: Partial<Service>): RouteTable {
  return table({ services: byKey([{ ...service, ...changes }]) });
}

function withHash(hashBy: HashSource): RouteTable {
  return withRoutes({ ...forward, action: { kind: 'forward', backends: [{ service: service.key, weight: 1 }], hashBy } });
}

function withCookie(changes: Partial<SessionCookie>): RouteTable {
  const rest = { maxAgeSeconds: undefined, secure: undefined, httpOnly: true, sameSite: undefined };
  const sessionCookie = { name: 'sid', path: undefined, domain: undefined, ...rest, ...changes };
  return withRoutes({ ...forward, action: { kind: 'forward', backends: [{ service: service.key, weight: 1 }], sessionCookie } });
}

function policyWithReadTimeout(readMs: number) {
  const policy = makePolicy('default');
  return { ...policy, timeouts: { ...policy.timeouts, readMs } };
}

import fc from 'fast-check';
import { Redacted } from '../../../src/redacted.ts';
import { compareRoutes } from '../../../src/routes/compare-routes.ts';
import type { MatchRequest } from '../../../src/routes/match-request.ts';
import type { Policy } from '../../../src/routes/policy.ts';
import type { L4Route, Route, RouteAction, RouteMatch, ValueMatch } from '../../../src/routes/route.ts';
import type {
  Certificate,
  Challenge,
  Host,
  HostTls,
  InstallationSettings,
  Listener,
  PageText,
  RouteTable,
  SecretEntry,
} from '../../../src/routes/route-table.ts';
import type { BackendTls, Endpoint, EndpointSet, Service } from '../../../src/routes/service.ts';

// Small alphabets on purpose: what is drawn twice is what collides, shadows and ties.
const label = fc.constantFrom('a', 'b');
const dnsName = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const hostKey = fc.oneof(
  dnsName,
  dnsName.map((name) => `*.${name}`),
  dnsName.map((name) => `**.${name}`),
  fc.constant('*'),
);
const path = fc.array(fc.constantFrom('x', 'x', 'y', '', 'xx', '__proto__'), { maxLength: 3 }).map((elements) => `/${elements.join('/')}`);
const method = fc.constantFrom('GET', 'PUT', 'get');
const valueMatch: fc.Arbitrary<ValueMatch> = fc.oneof(
  fc.record({
    name: fc.constantFrom('p', 'q'),
    kind: fc.constantFrom('exact' as const, 'prefix' as const),
    value: fc.constantFrom('', '1', '2', 'a b', '%'),
  }),
  fc.record({ name: fc.constantFrom('p', 'q'), kind: fc.constant('regex' as const), value: fc.constantFrom('[12]?', '.*', 'a.*') }),
  fc.record({ name: fc.constantFrom('p', 'q'), kind: fc.constant('unusable-regex' as const), value: fc.constantFrom('(?!1)', '1(?!2)') }),
  fc.record({ name: fc.constantFrom('p', 'q'), kind: fc.constantFrom('present' as const, 'absent' as const), value: fc.constant('') }),
);
/** Patterns that mean the same to every engine. */
const pattern = fc.constantFrom('/x.*', '/[xy]', '/(x|xx)/?', '.*', '/x/y');
const reference = fc.constantFrom('one', 'two', 'three');
const count = fc.nat({ max: 3 });

const routeMatch: fc.Arbitrary<RouteMatch> = fc.record({
  listeners: fc.constantFrom(undefined, undefined, ['one'], ['one', 'two']),
  clients: fc.constantFrom(undefined, undefined, undefined, ['10.0.0.0/8'], ['10.0.0.1', '2001:db8::/32'], []),
  path: fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('exact' as const, 'prefix' as const), value: path }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('regex' as const), value: pattern }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unusable-regex' as const), value: fc.constantFrom('/x(?!y)', '(?!/x).*') }) },
  ),
  methods: mostlyEmpty(fc.uniqueArray(method, { maxLength: 2 })),
  headers: mostlyEmpty(fc.array(valueMatch, { maxLength: 2 })),
  query: mostlyEmpty(fc.array(valueMatch, { maxLength: 2 })),
});

function mostlyEmpty<T>(list: fc.Arbitrary<T[]>): fc.Arbitrary<T[]> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary: list });
}

const action: fc.Arbitrary<RouteAction> = fc.oneof(
  fc.record({
    kind: fc.constant('forward' as const),
    backends: fc.array(fc.record({ service: reference, weight: fc.integer({ min: 1, max: 9 }) }), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('redirect' as const),
    status: fc.constantFrom(301 as const, 308 as const),
    to: fc.record({
      scheme: fc.constantFrom('http' as const, 'https' as const, undefined),
      host: fc.option(dnsName, { nil: undefined }),
      port: fc.constantFrom(undefined, 8443),
      path: fc.option(fc.record({ kind: fc.constantFrom('full' as const, 'prefix' as const), value: path }), { nil: undefined }),
    }),
  }),
  fc.record({
    kind: fc.constant('respond' as const),
    status: fc.constantFrom(200, 503),
    headers: fc.constant(['x-a', 'b']),
    body: fc.string(),
  }),
  fc.constant({ kind: 'block' as const }),
  fc.record({ kind: fc.constant('fail' as const), status: fc.constantFrom(500 as const, 503 as const), reason: fc.string() }),
);

const drawnRoute: fc.Arbitrary<Omit<Route, 'key'>> = fc.record({
  source: fc.record({ kind: fc.constant('Ingress'), namespace: fc.constantFrom('n', 'n-m'), name: fc.constantFrom('i', 'j') }),
  createdAtMs: count,
  order: fc.constantFrom(undefined, 0, 1),
  priority: fc.constantFrom(0, 0, 0, 1),
  match: routeMatch,
  policy: reference,
  action,
});

const routeWithoutKey = drawnRoute.map((route): Omit<Route, 'key'> => {
  const { path, headers, query } = route.match;
  const isUnusable = [path, ...headers, ...query].some(({ kind }) => kind === 'unusable-regex');
  return isUnusable ? { ...route, action: { kind: 'fail', status: 503, reason: 'a pattern' } } : route;
});

const hostTls: fc.Arbitrary<HostTls | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('terminate' as const), certificates: fc.array(reference, { maxLength: 2 }) }),
);

const host: fc.Arbitrary<Host> = fc
  .record({ key: hostKey, routes: fc.array(routeWithoutKey, { maxLength: 6 }), tls: hostTls })
  .map(({ key, routes, tls }) => {
    const keyed: Route[] = routes.map((route, index) => ({ ...route, key: `${key} ${index}` }));
    return { key, routes: keyed.sort(compareRoutes), tls };
  });

const policy: fc.Arbitrary<Policy> = fc.record({
  key: reference,
  redirectToHttps: fc.boolean(),
  timeouts: fc.record({ connectMs: count, readMs: count, sendMs: count, tunnelIdleMs: count }),
  maxRequestBodyBytes: count,
  maxCallBytes: count,
  retries: count,
});

const certificate: fc.Arbitrary<Certificate> = fc.record({
  key: reference,
  names: fc.array(dnsName, { maxLength: 2 }),
  chain: fc.constantFrom('chain 1', 'chain 2'),
  privateKey: fc.constantFrom('secret key 1', 'secret key 2').map((text) => new Redacted(text)),
  fingerprint: fc.constantFrom('f1', 'f2'),
  notAfterMs: count,
  keyType: fc.constantFrom('ec' as const, 'rsa' as const),
});

const backendTls: fc.Arbitrary<BackendTls> = fc.record({
  serverName: fc.constantFrom(undefined, 'backend.example'),
  ca: fc.constantFrom(undefined, 'ca'),
  clientCertificate: fc.option(certificate, { nil: undefined }),
});

const protocolAndTls: fc.Arbitrary<Pick<Service, 'protocol' | 'tls'>> = fc.oneof(
  fc.record({ protocol: fc.constantFrom('http' as const, 'h2c' as const), tls: fc.constant(undefined) }),
  fc.record({ protocol: fc.constantFrom('https' as const, 'h2' as const), tls: backendTls }),
);

const serviceWithoutProtocol = fc.record({
  key: reference,
  namespace: fc.constant('n'),
  name: fc.constant('s'),
  port: fc.constantFrom(80, 443),
  loadBalancing: fc.constantFrom('round-robin' as const, 'least-request' as const, 'consistent-hash' as const),
});

const service: fc.Arbitrary<Service> = fc.tuple(serviceWithoutProtocol, protocolAndTls).map(([rest, how]) => ({ ...rest, ...how }));

const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '::1'),
  port: fc.constantFrom(80, 81),
  state: fc.constantFrom('ready' as const, 'fallback' as const, 'draining' as const),
  zone: fc.constantFrom(undefined, 'z1', 'z2'),
  forZones: fc.uniqueArray(fc.constantFrom('z1', 'z2'), { maxLength: 2 }),
});

/** Endpoints of one service, no two at the same place. */
export const endpointList = fc.uniqueArray(endpoint, { maxLength: 6, selector: ({ address, port }) => `${address} ${port}` });

const endpointSet: fc.Arbitrary<EndpointSet> = fc.record({ key: reference, endpoints: endpointList });

const listener: fc.Arbitrary<Listener> = fc.record({
  key: reference,
  addresses: fc.constantFrom(['127.0.0.1'], ['::1', '127.0.0.1']),
  port: fc.constant(0),
  publishedPort: fc.constantFrom(80, 443),
  protocol: fc.constantFrom('http' as const, 'https' as const, 'tcp' as const),
  proxyProtocolFrom: fc.constantFrom([], ['10.0.0.0/8']),
  namespaces: fc.constantFrom(undefined, undefined, ['n'], ['n', 'm'], []),
});

const l4Route: fc.Arbitrary<L4Route> = fc.record({
  key: reference,
  listener: reference,
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  backends: fc.array(fc.record({ service: reference, weight: fc.constantFrom(1, 2) }), { minLength: 1, maxLength: 2 }),
  policy: reference,
  source: fc.constant({ kind: 'TCPRoute', namespace: 'n', name: 'r' }),
});

const challenge: fc.Arbitrary<Challenge> = fc.record({ token: reference, keyAuthorization: fc.constantFrom('x', 'y') });

const settings: fc.Arbitrary<InstallationSettings> = fc.record({
  key: reference,
  trustedProxies: fc.constantFrom(undefined, [], ['10.0.0.0/8']),
  drainDelayMs: fc.constantFrom(undefined, 0, 5),
  drainTimeoutMs: fc.constant(undefined),
  maxConnections: fc.constantFrom(undefined, 0, 7),
  maxConnectionsPerAddress: fc.constant(undefined),
  connectionRatePerMinute: fc.constant(undefined),
  allowCidrs: fc.constant(undefined),
  denyCidrs: fc.constantFrom(undefined, ['::1']),
  tlsMinVersion: fc.constantFrom(undefined, 'TLSv1.2', 'TLSv1.3'),
  ticketKeyRotationMs: fc.constantFrom(undefined, 0, 5),
  accessLogMode: fc.constantFrom(undefined, 'off', 'all', 'errors'),
  accessLogFormat: fc.constantFrom(undefined, 'json', 'ingress-nginx'),
});

const secret: fc.Arbitrary<SecretEntry> = fc.record({
  key: reference,
  value: fc.constantFrom('x', 'y').map((text) => new Redacted(text)),
});

const page: fc.Arbitrary<PageText> = fc.record({ key: reference, text: fc.constantFrom('x', 'y') });

function part<T>(entry: fc.Arbitrary<T>, keyOf: (entry: T) => string, all = false): fc.Arbitrary<ReadonlyMap<string, T>> {
  const bounds = all ? { minLength: 3, maxLength: 3 } : { maxLength: 4 };
  return fc.uniqueArray(entry, { ...bounds, selector: keyOf }).map((entries) => new Map(entries.map((one) => [keyOf(one), one])));
}

const byKey = (entry: { readonly key: string }): string => entry.key;

/** A table whose references all resolve. */
export const routeTable: fc.Arbitrary<RouteTable> = fc.record({
  listeners: part(listener, byKey, true),
  hosts: part(host, byKey),
  l4: part(l4Route, byKey),
  policies: part(policy, byKey, true),
  services: part(service, byKey, true),
  endpoints: part(endpointSet, byKey),
  certificates: part(certificate, byKey, true),
  challenges: part(challenge, ({ token }) => token),
  settings: part(settings, byKey),
  secrets: part(secret, byKey, true),
  pages: part(page, byKey, true),
});

const address = fc.constantFrom('10.0.0.1', '10.1.0.1', '192.0.2.1', '2001:db8::1', '::1');

/** A request that has good odds to meet one of the tables' routes. */
export const matchRequest: fc.Arbitrary<MatchRequest> = fc.record({
  listener: reference,
  client: address,
  host: fc.oneof({ weight: 8, arbitrary: dnsName }, { weight: 1, arbitrary: fc.constantFrom('', '.a', 'a.', '*', '*.a', 'a..b') }),
  method,
  path: fc.oneof({ weight: 8, arbitrary: path }, { weight: 1, arbitrary: fc.constantFrom('', '*', 'x/y') }),
  query: fc
    .array(fc.constantFrom('p', 'p=', 'p=1', 'q=2', 'q=a+b', 'q=a%20b', '', 'p=%25', '%71=1'), { maxLength: 3 })
    .map((all) => all.join('&')),
  headers: fc.array(valueMatch, { maxLength: 3 }).map((all) => all.flatMap(({ name, value }) => [name, value])),
  told: fc.constant(() => undefined),
});

/** Anything at all in the place of a request. */
export const hostileRequest: fc.Arbitrary<MatchRequest> = fc.record({
  listener: fc.string(),
  client: address,
  host: fc.string({ unit: 'binary', maxLength: 300 }),
  method: fc.string(),
  path: fc.string({ unit: 'binary', maxLength: 300 }),
  query: fc.string({ unit: 'binary', maxLength: 300 }),
  headers: fc.array(fc.string(), { maxLength: 9 }),
  told: fc.constant(() => undefined),
});

/** A sequence of tables in which each keeps some parts and entries of the one before by reference. */
export const tableHistory: fc.Arbitrary<readonly RouteTable[]> = fc
  .tuple(routeTable, fc.array(fc.tuple(routeTable, fc.constantFrom('hosts', 'policies', 'endpoints', 'host', 'all')), { maxLength: 4 }))
  .map(([first, edits]) => {
    const tables = [first];
    for (const [other, edit] of edits) tables.push(editTable(tables.at(-1) ?? first, other, edit));
    return tables;
  });

function editTable(table: RouteTable, other: RouteTable, edit: string): RouteTable {
  if (edit === 'all') return other;
  if (edit !== 'host') return { ...table, [edit]: other[edit as 'hosts' | 'policies' | 'endpoints'] };
  const [replaced] = other.hosts.values();
  return replaced === undefined ? table : { ...table, hosts: new Map(table.hosts).set(replaced.key, replaced) };
}

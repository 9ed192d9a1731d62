import { Balancers } from '../../src/balancing/balancers.ts';
import { WorkerCounters } from '../../src/observability/counters/worker-counters.ts';
import { applyDelta } from '../../src/routes/apply-delta.ts';
import { CompiledTable, type MatchRequest } from '../../src/routes/compiled-table.ts';
import { diffTables } from '../../src/routes/diff-tables.ts';
import { LinearRegex } from '../../src/routes/linear-regex.ts';
import type { Policy } from '../../src/routes/policy.ts';
import type { Route } from '../../src/routes/route.ts';
import { emptyRouteTable, type Host, type RouteTable } from '../../src/routes/route-table.ts';
import type { EndpointSet, Service } from '../../src/routes/service.ts';
import { validateTable } from '../../src/routes/validate-table.ts';

/** One measured number. */
interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** The matcher and the table's changes at the size of the budgets in DESIGN section 5: 10,000 hosts, and 1,000 paths under one. */
export async function run(): Promise<Measurement[]> {
  const hosts = manyHosts(10_000);
  const compiled = CompiledTable.compile(hosts);
  const paths = CompiledTable.compile(manyPaths(1000));
  return [
    { name: 'match, 10,000 hosts', unit: 'ns', value: matchNs(compiled, hostRequests(hosts)) },
    { name: 'match, 1 host with 1,000 prefixes', unit: 'ns', value: matchNs(paths, pathRequests(1000)) },
    { name: 'match, 10,000 hosts, name behind a wildcard', unit: 'ns', value: matchNs(withWildcard(hosts), wildcardRequests(1000)) },
    { name: 'match, worst pattern', unit: 'ms', value: worstPatternMs() },
    { name: 'match, worst patterns until there are too many', unit: 'ms', value: tooManyPatternsMs() },
    { name: 'compile from scratch, 10,000 hosts', unit: 'ms', value: medianMs(() => CompiledTable.compile(hosts)) },
    { name: 'compile, one of 10,000 hosts changed', unit: 'ms', value: changedHostMs(hosts, compiled) },
    { name: 'validate, 10,000 hosts', unit: 'ms', value: medianMs(() => validateTable(hosts)) },
    { name: 'diff, apply and compile, one of 10,000 endpoint sets changed', unit: 'ms', value: changedEndpointMs(hosts, compiled) },
    { name: 'balancers, one of 10,000 endpoint sets changed', unit: 'ms', value: changedBalancersMs(hosts) },
    { name: 'pick, round robin over 50 endpoints', unit: 'ns', value: pickNs('round-robin') },
    { name: 'pick, least request over 50 endpoints', unit: 'ns', value: pickNs('least-request') },
  ];
}

/** About as many steps as a pattern may have; in a text of two letters at random each makes a state of its automaton for every character. */
const worstPatterns = ['.*a.{58}', '(?:.*a.{17}|.*b.{17}|.*c.{17})', '(?:[ab]*a[ab]{28})(?:[ab]*b[ab]{27})', '.*\\pL.{58}'];

/** The longest text that a pattern of the largest size is tried on. */
const worstTextLength = 512;

/** Of two letters at random. */
function worstText(): string {
  let seed = 12_345;
  return Array.from({ length: worstTextLength }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (seed >> 16) & 1 ? 'a' : 'b';
  }).join('');
}

/** Milliseconds until a request is refused because its host has hundreds of the worst patterns: how long one request holds a worker up. */
function tooManyPatternsMs(): number {
  const routes = Array.from({ length: 300 }, (_, index): Route => {
    const route = makeRoute(`route-${index}`, '', 'service-0');
    return { ...route, match: { ...route.match, path: { kind: 'regex', value: '.*a.{57}c' } } };
  });
  const request = makeRequest('app.example.com', `/${worstText()}`.slice(0, worstTextLength));
  const rounds = Array.from({ length: 5 }, () => {
    const table = CompiledTable.compile(makeTable([{ key: 'app.example.com', routes, tls: undefined }], 1));
    const start = performance.now();
    const { kind } = table.match(request);
    if (kind !== 'patterns_too_costly') throw new Error(`Cannot measure many patterns: the request met ${kind}`);
    return performance.now() - start;
  });
  return median(rounds);
}

/** Milliseconds of a first match, the median for the worst of them: how long one match holds a worker up. */
function worstPatternMs(): number {
  const text = worstText();
  const firstMatchMs = (pattern: string): number => {
    const regex = LinearRegex.compile(pattern);
    if (typeof regex === 'string') throw new Error(`Cannot measure ${pattern}: it ${regex}`);
    const start = performance.now();
    regex.matches(text);
    return performance.now() - start;
  };
  return Math.max(...worstPatterns.map((pattern) => median(Array.from({ length: 15 }, () => firstMatchMs(pattern)))));
}

function changedHostMs(table: RouteTable, compiled: CompiledTable): number {
  const changed: Host = { key: 'app-77.example.com', routes: [makeRoute('changed', '/changed', 'service-77')], tls: undefined };
  const next = { ...table, hosts: new Map(table.hosts).set(changed.key, changed) };
  return medianMs(() => CompiledTable.compile(next, compiled));
}

function changedEndpointMs(table: RouteTable, compiled: CompiledTable): number {
  const next = { ...table, endpoints: new Map(table.endpoints).set('service-77', makeEndpoints('service-77', '10.9.9.9')) };
  return medianMs(() => {
    const delta = diffTables(table, next);
    if (delta === undefined) throw new Error('Cannot measure a change: there is none');
    CompiledTable.compile(applyDelta(table, delta), compiled);
  });
}

function changedBalancersMs(table: RouteTable): number {
  const balancers = makeBalancers();
  balancers.update(table);
  let turn = 0;
  return medianMs(() => {
    const changed = makeEndpoints('service-77', `10.9.9.${turn++}`);
    balancers.update({ ...table, endpoints: new Map(table.endpoints).set(changed.key, changed) });
  });
}

function pickNs(loadBalancing: Service['loadBalancing']): number {
  const service = { ...makeService('service'), loadBalancing };
  const endpoints = Array.from({ length: 50 }, (_, index) => makeEndpoints('service', `10.0.0.${index}`).endpoints).flat();
  const balancers = makeBalancers();
  balancers.update({
    ...emptyRouteTable,
    services: new Map([[service.key, service]]),
    endpoints: new Map([[service.key, { key: service.key, endpoints }]]),
  });
  const balancer = balancers.get(service.key);
  const picks = 1_000_000;
  const ms = medianMs(() => {
    for (let index = 0; index < picks; index++) if (balancer?.pick() === undefined) throw new Error('Cannot measure a pick: no endpoint');
  });
  return (ms * 1e6) / picks;
}

function makeBalancers(): Balancers {
  return new Balancers({ counters: new WorkerCounters(), now: () => performance.now(), random: Math.random });
}

/** Nanoseconds a match: the median of nine rounds over all requests, each with strings that have no hash yet, as in real life. */
function matchNs(table: CompiledTable, requests: readonly MatchRequest[]): number {
  const perRound = Math.ceil(200_000 / requests.length);
  const rounds = Array.from({ length: 9 }, () => {
    let elapsedMs = 0;
    for (let repeat = 0; repeat < perRound; repeat++) {
      const fresh = requests.map(withFreshStrings);
      const start = performance.now();
      for (const request of fresh) if (table.match(request).kind !== 'route') throw new Error(`Cannot measure ${request.path}: no match`);
      elapsedMs += performance.now() - start;
    }
    return (elapsedMs * 1e6) / (perRound * requests.length);
  });
  return median(rounds);
}

/** Slices of a longer text, as a parser makes them. */
function withFreshStrings(request: MatchRequest): MatchRequest {
  const head = Buffer.from(`GET ${request.path} HTTP/1.1\r\nhost: ${request.host}\r\n`, 'latin1').toString('latin1');
  const pathEnd = 4 + request.path.length;
  const hostStart = pathEnd + 17;
  return { ...request, path: head.slice(4, pathEnd), host: head.slice(hostStart, hostStart + request.host.length) };
}

function hostRequests(table: RouteTable): MatchRequest[] {
  return [...table.hosts.keys()].map((host) => makeRequest(host, '/catalogue/items/4711'));
}

function pathRequests(count: number): MatchRequest[] {
  return Array.from({ length: count }, (_, index) => makeRequest('app.example.com', `/team-${index % 10}/service-${index}/items/4711`));
}

function wildcardRequests(count: number): MatchRequest[] {
  return Array.from({ length: count }, (_, index) => makeRequest(`tenant-${index}.apps.example.com`, '/'));
}

function withWildcard(table: RouteTable): CompiledTable {
  const host: Host = { key: '*.apps.example.com', routes: [makeRoute('wildcard', '/', 'service-0')], tls: undefined };
  return CompiledTable.compile({ ...table, hosts: new Map(table.hosts).set(host.key, host) });
}

function manyHosts(count: number): RouteTable {
  const hosts = Array.from({ length: count }, (_, index): Host => {
    return { key: `app-${index}.example.com`, routes: [makeRoute(`route-${index}`, '/', `service-${index}`)], tls: undefined };
  });
  return makeTable(hosts, count);
}

function manyPaths(count: number): RouteTable {
  const routes = Array.from({ length: count }, (_, index) =>
    makeRoute(`route-${index}`, `/team-${index % 10}/service-${index}`, 'service-0'),
  );
  return makeTable([{ key: 'app.example.com', routes, tls: undefined }], 1);
}

function makeTable(hosts: readonly Host[], services: number): RouteTable {
  const keys = Array.from({ length: services }, (_, index) => `service-${index}`);
  return {
    ...emptyRouteTable,
    hosts: new Map(hosts.map((host) => [host.key, host])),
    policies: new Map([[policy.key, policy]]),
    services: new Map(keys.map((key) => [key, makeService(key)])),
    endpoints: new Map(keys.map((key) => [key, makeEndpoints(key, '10.0.0.1')])),
  };
}

const policy: Policy = {
  key: 'default',
  redirectToHttps: false,
  timeouts: { connectMs: 5000, readMs: 60_000, sendMs: 60_000, tunnelIdleMs: 300_000 },
  maxRequestBodyBytes: 0,
  maxCallBytes: 0,
  retries: 1,
};

function makeRoute(key: string, prefix: string, service: string): Route {
  return {
    key,
    source: { kind: 'Ingress', namespace: 'default', name: key },
    createdAtMs: 0,
    priority: 0,
    match: { path: { kind: 'prefix', value: prefix }, methods: [], headers: [], query: [] },
    policy: policy.key,
    action: { kind: 'forward', backends: [{ service, weight: 1 }] },
  };
}

function makeService(key: string): Service {
  return { key, namespace: 'default', name: key, port: 80, protocol: 'http', tls: undefined, loadBalancing: 'round-robin' };
}

function makeEndpoints(key: string, address: string): EndpointSet {
  return { key, endpoints: [{ address, port: 8080, state: 'ready', zone: undefined, forZones: [] }] };
}

function makeRequest(host: string, path: string): MatchRequest {
  return {
    listener: 'http',
    client: '192.0.2.1',
    host,
    path,
    method: 'GET',
    query: '',
    headers: ['host', host, 'user-agent', 'bench'],
    told: () => undefined,
  };
}

function medianMs(work: () => unknown): number {
  const rounds = Array.from({ length: 15 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(rounds);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

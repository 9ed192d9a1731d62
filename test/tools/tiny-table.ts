import { parseArguments } from '../../src/config/arguments.ts';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Policy } from '../../src/routes/policy.ts';
import type { Route } from '../../src/routes/route.ts';
import { anyHost, emptyRouteTable, type Listener, type RouteTable } from '../../src/routes/route-table.ts';
import type { Endpoint, Service } from '../../src/routes/service.ts';

/** The default configuration of a manifest run on loopback, with changes. */
export function tinyConfig(changes: Partial<Config> = {}): Config {
  const system = { env: {}, inPod: false, hostname: 'test', home: '/nonexistent', hasIpv6: true, podNamespace: undefined };
  const { config } = resolveConfig(parseArguments(['--manifests', 'examples/quickstart', '--address', '127.0.0.1']).texts, system);
  return { ...config, accessLog: 'off', ...changes };
}

export function httpListener(changes: Partial<Listener> = {}): Listener {
  return { key: 'http', addresses: ['127.0.0.1'], port: 0, publishedPort: 80, protocol: 'http', proxyProtocolFrom: [], ...changes };
}

export interface TinyTableOptions {
  readonly listeners?: readonly Listener[];
  /** Ports of backends on 127.0.0.1. */
  readonly backends: readonly number[];
  /** Name of the one Ingress and Service, so that tables can differ. */
  readonly name?: string;
}

/** A table with one route for everything to one service. */
export function tinyTable({ listeners = [httpListener()], backends, name = 'web' }: TinyTableOptions): RouteTable {
  const key = `shop/${name}:80`;
  const policy: Policy = {
    key: 'default',
    redirectToHttps: false,
    timeouts: { connectMs: 5000, readMs: 60_000, sendMs: 60_000, tunnelIdleMs: 0 },
    maxRequestBodyBytes: 0,
    maxCallBytes: 0,
    retries: 1,
  };
  const route: Route = {
    key: `Ingress shop/${name}`,
    source: { kind: 'Ingress', namespace: 'shop', name },
    createdAtMs: 0,
    priority: 0,
    match: { path: { kind: 'prefix', value: '/' }, methods: [], headers: [], query: [] },
    policy: policy.key,
    action: { kind: 'forward', backends: [{ service: key, weight: 1 }] },
  };
  const service: Service = { key, namespace: 'shop', name, port: 80, protocol: 'http', tls: undefined, loadBalancing: 'round-robin' };
  const endpoints: readonly Endpoint[] = backends.map((port) => ({
    address: '127.0.0.1',
    port,
    state: 'ready',
    zone: undefined,
    forZones: [],
  }));
  return {
    ...emptyRouteTable,
    listeners: new Map(listeners.map((listener) => [listener.key, listener])),
    hosts: new Map([[anyHost, { key: anyHost, routes: [route], tls: undefined }]]),
    policies: new Map([[policy.key, policy]]),
    services: new Map([[key, service]]),
    endpoints: new Map([[key, { key, endpoints }]]),
  };
}

/** The tiny table with so many hosts more, `0.example` and so on, each with a service of its own and the same route to the tiny one. */
export function largeTable(hosts: number, options: TinyTableOptions): RouteTable {
  const table = tinyTable(options);
  const any = table.hosts.get(anyHost);
  const services = new Map(table.services);
  const endpoints = new Map(table.endpoints);
  const all = new Map(table.hosts);
  for (let index = 0; index < hosts; index++) {
    const key = `${index}.example`;
    all.set(key, { key, routes: any?.routes ?? [], tls: undefined });
    for (const service of table.services.values()) services.set(`shop/${index}:80`, { ...service, key: `shop/${index}:80` });
    for (const set of table.endpoints.values()) endpoints.set(`shop/${index}:80`, { ...set, key: `shop/${index}:80` });
  }
  return { ...table, hosts: all, services, endpoints };
}

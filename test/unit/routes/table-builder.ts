import type { Policy } from '../../../src/routes/policy.ts';
import type { Route } from '../../../src/routes/route.ts';
import type { Host, RouteTable } from '../../../src/routes/route-table.ts';
import { emptyRouteTable } from '../../../src/routes/route-table.ts';

/** A policy with harmless values. */
export function makePolicy(key: string, changes: Partial<Policy> = {}): Policy {
  return {
    key,
    redirectToHttps: false,
    timeouts: { connectMs: 5000, readMs: 60_000, sendMs: 60_000, tunnelIdleMs: 300_000 },
    maxRequestBodyBytes: 0,
    maxCallBytes: 0,
    retries: 1,
    ...changes,
  };
}

/** A route that redirects, so that it needs no service. */
export function makeRoute(key: string, changes: Partial<Route> = {}): Route {
  return {
    key,
    source: { kind: 'Ingress', namespace: 'default', name: key },
    createdAtMs: 0,
    priority: 0,
    match: { path: { kind: 'prefix', value: '/' }, methods: [], headers: [], query: [] },
    policy: 'default',
    action: { kind: 'redirect', status: 302, to: { scheme: 'https', host: undefined, port: undefined, path: undefined } },
    ...changes,
  };
}

export function makeHost(key: string, routes: readonly Route[]): Host {
  return { key, routes, tls: undefined };
}

/** A table of these hosts and one policy, `default`. */
export function makeTable(hosts: readonly Host[], changes: Partial<RouteTable> = {}): RouteTable {
  return { ...emptyRouteTable, hosts: byKey(hosts), policies: byKey([makePolicy('default')]), ...changes };
}

export function byKey<T extends { readonly key: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

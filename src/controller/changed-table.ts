import type { Policy } from '../routes/policy.ts';
import type { WeightedBackend } from '../routes/route.ts';
import { type Host, type RouteTable, tcpOf } from '../routes/route-table.ts';

/**
 * The part of `after` that has to be checked when `before` was: entries that are new or changed, with all that they refer to. The whole
 * of it when an entry that others may refer to is gone. Checking 10,000 hosts takes longer than everything else about one changed
 * endpoint.
 */
export function changedTable(before: RouteTable, after: RouteTable): RouteTable {
  const lost = (['listeners', 'policies', 'services', 'certificates', 'secrets', 'pages'] as const).some((part) =>
    hasLost<unknown>(before[part], after[part]),
  );
  if (lost) return after;
  const hosts = changed(before.hosts, after.hosts);
  const l4 = changed(before.l4, after.l4);
  const endpoints = changed(before.endpoints, after.endpoints);
  const used = { policies: new Set<string>(), services: new Set<string>(endpoints.keys()), certificates: new Set<string>() };
  for (const host of hosts.values()) collectUsed(host, used);
  for (const route of l4.values()) {
    used.policies.add(route.policy);
    collectBackends(route.backends, used);
  }
  const policies = withUsed(changed(before.policies, after.policies), after.policies, used.policies);
  for (const policy of policies.values()) for (const key of servicesOfPolicy(policy)) used.services.add(key);
  return {
    listeners: after.listeners,
    hosts,
    l4,
    policies,
    services: withUsed(changed(before.services, after.services), after.services, used.services),
    endpoints,
    certificates: withUsed(changed(before.certificates, after.certificates), after.certificates, used.certificates),
    challenges: changed(before.challenges, after.challenges),
    settings: changed(before.settings, after.settings),
    // Few, and any policy may name them.
    secrets: after.secrets,
    pages: after.pages,
  };
}

interface UsedKeys {
  readonly policies: Set<string>;
  readonly services: Set<string>;
  readonly certificates: Set<string>;
}

function collectUsed({ routes, tls }: Host, used: UsedKeys): void {
  for (const { policy, action } of routes) {
    used.policies.add(policy);
    if (action.kind === 'forward') collectBackends(action.backends, used);
  }
  if (tls?.kind === 'terminate') for (const key of tls.certificates) used.certificates.add(key);
  const tcp = tcpOf(tls);
  if (tcp === undefined) return;
  used.policies.add(tcp.policy);
  collectBackends(tcp.backends, used);
}

function collectBackends(backends: readonly WeightedBackend[], used: UsedKeys): void {
  for (const { service } of backends) if (service !== undefined) used.services.add(service);
}

function servicesOfPolicy({ auth, mirror, errorPages = [] }: Policy): readonly string[] {
  const pages = errorPages.flatMap(({ content }) => (content.kind === 'service' ? content.service : []));
  return [...servicesOfAuth(auth), ...(mirror === undefined ? [] : [mirror.service]), ...pages];
}

function servicesOfAuth(auth: Policy['auth']): readonly string[] {
  if (auth?.kind === 'external') return [auth.service];
  return auth?.kind === 'jwt' && 'service' in auth.keys ? [auth.keys.service] : [];
}

function hasLost<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): boolean {
  if (before === after) return false;
  for (const key of before.keys()) if (!after.has(key)) return true;
  return false;
}

function changed<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): Map<string, V> {
  const entries = new Map<string, V>();
  if (before !== after) for (const [key, value] of after) if (before.get(key) !== value) entries.set(key, value);
  return entries;
}

/** A key that is used and missing stays missing, to be found. */
function withUsed<V>(entries: Map<string, V>, all: ReadonlyMap<string, V>, keys: ReadonlySet<string>): Map<string, V> {
  for (const key of keys) {
    const value = all.get(key);
    if (value !== undefined) entries.set(key, value);
  }
  return entries;
}

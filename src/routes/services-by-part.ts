import type { WeightedBackend } from './route.ts';
import type { RouteTable } from './route-table.ts';

type Routes = Pick<RouteTable, 'hosts' | 'l4' | 'policies'>;

/** The part of the data plane that has a process of its own; undefined: one process has both. */
export type LonePart = 'smartproxy' | 'networkproxy' | undefined;

/** Says of services, by their keys, whether this part sends anything to them. Both may do so to one. */
export function usedBy(part: LonePart, routes: Routes): (service: string) => boolean {
  if (part === undefined) return () => true;
  const unread = servicesUnread(routes);
  if (part === 'smartproxy') return (service) => unread.has(service);
  if (unread.size === 0) return () => true;
  const read = servicesRead(routes);
  return (service) => !unread.has(service) || read.has(service);
}

/** Of connections and datagrams that are carried as they are. */
function servicesUnread({ hosts, l4 }: Routes): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { backends } of l4.values()) addServices(backends, found);
  for (const { tls } of hosts.values()) if (tls?.kind === 'passthrough') addServices(tls.backends, found);
  return found;
}

/** Of requests, their copies and errors, and of what was in TLS that has ended here. */
function servicesRead({ hosts, policies }: Routes): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { routes, tls } of hosts.values()) {
    if (tls?.kind === 'terminate' && tls.tcp !== undefined) addServices(tls.tcp.backends, found);
    for (const { action } of routes) if (action.kind === 'forward') addServices(action.backends, found);
  }
  for (const { mirror, errorPages = [] } of policies.values()) {
    if (mirror !== undefined) found.add(mirror.service);
    for (const { content } of errorPages) if (content.kind === 'service') found.add(content.service);
  }
  return found;
}

function addServices(backends: readonly WeightedBackend[], found: Set<string>): void {
  for (const { service } of backends) if (service !== undefined) found.add(service);
}

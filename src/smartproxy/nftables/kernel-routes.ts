import { createHash } from 'node:crypto';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from '../../address-list.ts';
import { eligibleEndpoints } from '../../balancing/eligible-endpoints.ts';
import type { ClientAccess, Policy } from '../../routes/policy.ts';
import type { L4Route } from '../../routes/route.ts';
import type { Listener, RouteTable } from '../../routes/route-table.ts';
import type { Endpoint } from '../../routes/service.ts';
import type { KernelClients, KernelEndpoint, KernelPlaces, KernelRoute } from './kernel-route.ts';
import { canBeForwarded } from './local-addresses.ts';
import { slotsOf } from './slots.ts';

/** What the kernel's routes depend on besides the table. */
export interface KernelSurroundings {
  /** Of this machine, numeric. */
  readonly localAddresses: readonly string[];
  /** The zone that we run in, for topology hints; undefined: unknown. */
  readonly zone: string | undefined;
  /** For clients of every route. */
  readonly clients: ClientAccess;
}

/** The routes of a table that the kernel forwards, with endpoints and addresses looked up, in a fixed order. */
export function kernelRoutes(table: RouteTable, surroundings: KernelSurroundings): readonly KernelRoute[] {
  const routes: KernelRoute[] = [];
  for (const route of table.l4.values()) {
    const listener = table.listeners.get(route.listener);
    if (route.kernel !== undefined && listener !== undefined) routes.push(kernelRoute(route, listener, table, surroundings));
  }
  return routes.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Begins the names of what a route has in the kernel: its listener for people, and a hash of its key, which another route has not. */
export function kernelRouteId({ listener, key }: L4Route): string {
  return `${listener}/${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

function kernelRoute(
  route: L4Route,
  listener: Listener,
  table: RouteTable,
  { localAddresses, zone, clients }: KernelSurroundings,
): KernelRoute {
  const { protocol, backends, kernel } = route;
  const groups = backends.map(({ service, weight }) => {
    const { endpoints = [] } = (service === undefined ? undefined : table.endpoints.get(service)) ?? {};
    const numeric = ({ address }: Endpoint): boolean => isIP(address) !== 0;
    const members = eligibleEndpoints(endpoints, zone).filter(numeric);
    return { weight, members, others: endpoints.filter((endpoint) => numeric(endpoint) && !members.includes(endpoint)) };
  });
  const ofFamily = (isOurs: (address: string) => boolean): readonly KernelEndpoint[] =>
    slotsOf(groups.map(({ weight, members }) => ({ weight, members: members.filter(({ address }) => isOurs(address)) })))
      .map(({ member, slots }) => ({ address: plainAddress(member.address), port: member.port, slots }))
      .sort(byAddress);
  const policy = table.policies.get(route.policy);
  const from = fromOf(route, table);
  return {
    id: kernelRouteId(route),
    protocol,
    addresses: [...new Set(listener.addresses.flatMap((address) => dialledAddresses(address, localAddresses)))],
    port: listener.port,
    ...(from !== undefined && { from }),
    endpoints: [...ofFamily(isIPv4), ...ofFamily(isIPv6)],
    kept: groups
      .flatMap(({ weight, others }) => (weight > 0 ? others : []))
      .map(({ address, port }) => ({ address: plainAddress(address), port }))
      .sort(byAddress),
    spread: spreadOf(table, backends),
    preserveSource: kernel?.preserveSource ?? false,
    clients: [clients, ...accessOf(policy)].filter(({ allow, deny }) => allow.length + deny.length > 0),
    rate: kernel?.connectionRate,
    places: placesOf(route, policy),
  };
}

/** As `findL4Route` finds a route for a client, said of one route by itself. */
function fromOf({ listener, protocol, clients, rank }: L4Route, { l4 }: RouteTable): KernelClients | undefined {
  const narrow = [...l4.values()].filter(
    (other) => other.listener === listener && other.protocol === protocol && other.clients !== undefined,
  );
  if (narrow.length === 0) return undefined;
  const earlier = narrow.filter((other) => rank === undefined || (other.rank ?? 0) < rank);
  return { listener, networks: clients, except: earlier.flatMap((other) => other.clients ?? []) };
}

/** Of TCP as its connections have them, of UDP as its sessions. */
function placesOf({ protocol, source, maxSessions, maxSessionsPerAddress }: L4Route, policy: Policy | undefined): KernelPlaces {
  const object = createHash('sha256').update(`${source.kind} ${source.namespace}/${source.name}`).digest('hex').slice(0, 8);
  const { maxConnections = 0, maxConnectionsPerAddress = 0 } = policy?.connection ?? {};
  return protocol === 'udp'
    ? { object, inAll: maxSessions ?? 0, perClient: maxSessionsPerAddress ?? 0 }
    : { object, inAll: maxConnections, perClient: maxConnectionsPerAddress };
}

/** The lists of a policy; in maintenance those who may come in all the same, perhaps nobody. */
function accessOf(policy: Policy | undefined): readonly ClientAccess[] {
  const { clients, maintenance } = policy ?? {};
  const everybody = ['0.0.0.0/0', '::/0'];
  const closed = maintenance && (maintenance.allow.length > 0 ? { allow: maintenance.allow, deny: [] } : { allow: [], deny: everybody });
  return [...(clients === undefined ? [] : [clients]), ...(closed === undefined ? [] : [closed])];
}

/** What clients dial who reach a listener of this address. */
function dialledAddresses(address: string, localAddresses: readonly string[]): readonly string[] {
  if (address === '::') return localAddresses;
  if (address === '0.0.0.0') return localAddresses.filter(isIPv4);
  return [plainAddress(address)].filter(canBeForwarded);
}

/** The kernel can't count requests under way: endpoints that are picked at random are as near as it comes to the least of two. */
function spreadOf({ services }: RouteTable, backends: L4Route['backends']): KernelRoute['spread'] {
  const found = backends.map(({ service }) => (service === undefined ? undefined : services.get(service)?.loadBalancing));
  if (found.includes('consistent-hash')) return 'client';
  return found.includes('least-request') ? 'random' : 'round-robin';
}

function byAddress(a: Pick<Endpoint, 'address' | 'port'>, b: Pick<Endpoint, 'address' | 'port'>): number {
  return a.address === b.address ? a.port - b.port : a.address < b.address ? -1 : 1;
}

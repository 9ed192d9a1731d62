import { plainAddress } from '../address-list.ts';
import type { SniffedTls } from '../networkproxy/accepted-connection.ts';
import { backendsOn } from '../routes/backends-on.ts';
import { isClientAllowed, isListed } from '../routes/client-access.ts';
import type { CompiledTable } from '../routes/compiled-table.ts';
import { findL4Route } from '../routes/find-l4-route.ts';
import type { ConnectionPolicy, Policy } from '../routes/policy.ts';
import type { L4Route, RouteSource } from '../routes/route.ts';
import { anyHost, type Listener, tcpOf } from '../routes/route-table.ts';
import type { ConnectionRecord, DirectWay } from './connection-record.ts';
import type { DirectLimits } from './direct-connection.ts';

/** The limits of direct connections; where the policy says nothing of them, silence alone has one. */
export function connectionLimitsOf({ connection, timeouts }: Policy): ConnectionPolicy {
  return connection ?? unlimited(timeouts.tunnelIdleMs);
}

function unlimited(idleMs: number): ConnectionPolicy {
  return { idleMs, lifetimeMs: 0, firstDataMs: 0, probeAfterMs: 0, whenRemoved: 'cut', maxConnections: 0, maxConnectionsPerAddress: 0 };
}

/** Those of one connection on its way to a backend. */
export function directLimitsOf(policy: Policy): DirectLimits {
  const { idleMs, firstDataMs, probeAfterMs } = connectionLimitsOf(policy);
  return { idleMs, firstDataMs, probeAfterMs, connectMs: policy.timeouts.connectMs, retries: policy.retries };
}

/** Nothing changed that could take a direct connection's route away. */
export function hasSameRoutes({ table: a }: CompiledTable, { table: b }: CompiledTable): boolean {
  return a.hosts === b.hosts && a.l4 === b.l4 && a.services === b.services && a.listeners === b.listeners;
}

/** What a direct connection needs of its route, whatever it was found by. */
export interface DirectTarget extends Pick<L4Route, 'key' | 'backends' | 'policy' | 'source'> {
  readonly way: DirectWay;
}

/** Why a policy lets no connection of a client through; undefined: it does. @param address in plain form, see `plainAddress` */
export function clientRefusal(policy: Policy, address: string): 'ip_blocked' | 'maintenance' | undefined {
  if (!isClientAllowed(policy, address)) return 'ip_blocked';
  return policy.maintenance !== undefined && !isListed(policy.maintenance.allow, address) ? 'maintenance' : undefined;
}

/** `SmartRoute shop/mail`: an object, as the keys of its routes begin. */
export function nameOf({ kind, namespace, name }: RouteSource): string {
  return `${kind} ${namespace}/${name}`;
}

/** A direct connection outlives a change of its route's target, but not of its route's kind or the route itself. */
export function isRouted(record: ConnectionRecord, table: CompiledTable): boolean {
  const { direct, tls, listener } = record;
  if (direct === undefined || !table.table.services.has(direct.service)) return false;
  if (tls !== undefined) return targetOfHost(table, tls, listener)?.way === direct.way;
  return findL4Route(table.table, listener.key, 'tcp', plainAddress(record.remoteAddress))?.key === record.route;
}

/**
 * Where connections for a hello's server name go as a whole; a hello without one gets what is for any host. undefined: they do not, at this
 * listener.
 */
export function targetOfHost(
  table: CompiledTable,
  { serverName }: Pick<SniffedTls, 'serverName'>,
  { key }: Pick<Listener, 'key'>,
): DirectTarget | undefined {
  const tls = (serverName === undefined ? table.table.hosts.get(anyHost) : table.findHost(serverName))?.tls;
  const tcp = tcpOf(tls);
  if (tls === undefined || tcp === undefined || tcp.listeners?.includes(key) === false) return undefined;
  const { key: route, backends, policy, source } = tcp;
  if (!table.isServedOn(key, source)) return undefined;
  const way = tls.kind === 'passthrough' ? 'unread' : tls.tcp?.reencrypts === true ? 'reencrypted' : 'clear';
  return { key: route, backends: backendsOn(backends, key), policy, source, way };
}

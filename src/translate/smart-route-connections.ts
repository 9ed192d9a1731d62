import type { SmartRouteTcp, SmartRouteTcpBackend } from '../api/generated/smart-route.ts';
import type { Listener } from '../routes/route-table.ts';
import type { TcpClaim, TlsClaim } from './host-claim.ts';
import type { L4Claim } from './merged-l4.ts';
import { bindingsOf, findBackends } from './preserved-ports.ts';
import type { ServiceBinding } from './service-binding.ts';
import type { SmartRouteL4 } from './smart-route-l4.ts';
import type { NamedListener } from './smart-route-listeners.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';

/** Finds the Service port of a backend, or says why there is none. @param preserved the port that clients dial */
export type ConnectionBackends = (backend: SmartRouteTcpBackend, field: string, preserved: number | undefined) => ServiceBinding | string;

/** What a SmartRoute claims of whole listeners. @param backends undefined: none may be used, so connections end */
export function l4Claims(
  reading: SmartRouteReading,
  l4: SmartRouteL4,
  listeners: readonly NamedListener[],
  backends: ConnectionBackends | undefined,
): readonly L4Claim[] {
  const { protocol, idleTimeoutMs, maxSessions, maxSessionsPerAddress, kernel } = l4;
  const limits = { idleTimeoutMs, maxSessions, maxSessionsPerAddress };
  // What can not be used, such as an address that is none, is nothing for the table.
  const settings = backends === undefined ? {} : reading.settings;
  const priority = reading.spec?.priority ?? 0;
  const { clients } = reading;
  if (clients?.length === 0) return [];
  return listeners.map(({ listener, field }) => {
    const found = find(l4, backends, listener.publishedPort);
    return { from: reading, priority, listener: listener.key, protocol, clients, limits, kernel, ...found, settings, field };
  });
}

/**
 * The claim on connections for a host.
 * @param listeners undefined: it names none
 * @param servedOn those that it is served on
 * @param backends undefined: none may be used
 */
export function tcpClaim(
  tcp: SmartRouteTcp,
  listeners: readonly NamedListener[] | undefined,
  servedOn: () => readonly Listener[],
  backends: ConnectionBackends | undefined,
): TcpClaim {
  const found = tcp.backends.flatMap((backend, index) =>
    findBackends(backend, servedOn, (preserved) => backends?.(backend, `spec.tcp.backends[${index}]`, preserved) ?? 'none may be used'),
  );
  return {
    backends: found.map(({ weighted }) => weighted),
    bindings: bindingsOf(found),
    listeners: listeners?.map(({ listener }) => listener.key),
    field: 'spec.tcp.backends',
  };
}

/** The claim on TLS of a host; undefined: there is nobody to pass it to. */
export function passthroughClaim(tcp: TcpClaim): TlsClaim | undefined {
  const isServed = tcp.backends.some(({ service, weight }) => service !== undefined && weight > 0);
  return isServed ? { kind: 'passthrough', ...tcp } : undefined;
}

function find(
  l4: Pick<SmartRouteL4, 'backends' | 'field'>,
  backends: ConnectionBackends | undefined,
  preserved: number | undefined,
): Pick<L4Claim, 'backends' | 'bindings'> {
  const found = l4.backends.map((backend, index) => {
    const result = backends?.(backend, `${l4.field}.backends[${index}]`, preserved);
    const binding = typeof result === 'string' ? undefined : result;
    return { binding, weighted: { service: binding?.service.key, weight: backend.weight ?? 1 } };
  });
  return { backends: found.map(({ weighted }) => weighted), bindings: found.flatMap(({ binding }) => binding ?? []) };
}

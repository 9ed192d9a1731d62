import type { SmartRoutePolicy, SmartRouteSpec } from '../api/generated/smart-route.ts';
import type { SmartRouteL4 } from './smart-route-l4.ts';

/** A field that is set and that nobody reads. */
export interface IdleField {
  readonly field: string;
  /** The end of "it means nothing to ...". */
  readonly whom: string;
}

/** What of a policy holds for connections that nobody reads: those of listeners, and those that pass by server name. A field stands for all below. */
const ofConnections: ReadonlySet<string> = new Set([
  'clients',
  'maintenance.enabled',
  'maintenance.allow',
  'accessLog',
  'rateLimits',
  'timeouts.connect',
  'timeouts.tunnelIdle',
  'retries.attempts',
  'backend.healthCheck',
  'backend.limits.connections',
  'backend.outlierDetection.consecutiveConnectFailures',
  'backend.outlierDetection.baseEjectionTime',
  'backend.outlierDetection.maxEjectionTime',
  'backend.outlierDetection.maxEjectionPercent',
  'backend.proxyProtocol',
]);

/** What of a policy holds for all that the kernel forwards, but for the access log that it has not. */
const ofPackets: ReadonlySet<string> = new Set(['clients', 'maintenance.enabled', 'maintenance.allow', 'accessLog']);

/** What of a policy holds for datagrams that workers forward. */
const ofSessions: ReadonlySet<string> = new Set([...ofPackets, 'rateLimits']);

/** What of `connection` the kernel can count. */
const ofKernelConnections: ReadonlySet<string> = new Set(['maxConnections', 'maxConnectionsPerAddress']);

/** Fields of a route of connections or datagrams that have no meaning there, in the order written. @param l4 undefined: TLS passes by server name */
export function idleFields({ policy = {}, connection, tcp, udp, tls }: SmartRouteSpec, l4: SmartRouteL4 | undefined): readonly IdleField[] {
  if (l4?.kernel === undefined && l4?.protocol !== 'udp') {
    const whom = 'connections that go to a backend as a whole';
    const fields = [...unread(policy, 'spec.policy', '', ofConnectionsWith(policy, tls)), ...headerKeys(policy)];
    return fields.map((field) => ({ field, whom }));
  }
  const whom = l4.kernel === undefined ? 'UDP' : 'the engine NFTables';
  const fields = unread(policy, 'spec.policy', '', l4.kernel === undefined ? ofSessions : ofPackets);
  if (l4.kernel === undefined) fields.push(...headerKeys(policy));
  if (l4.kernel !== undefined && policy.accessLog === true) fields.push('spec.policy.accessLog');
  if (connection !== undefined) fields.push(...unread(connection, 'spec.connection', '', ofKernelConnections));
  if (l4.kernel !== undefined && udp?.idleTimeout !== undefined) fields.push('spec.udp.idleTimeout');
  if (l4.kernel !== undefined && tcp?.loadBalancing?.slowStart !== undefined) fields.push('spec.tcp.loadBalancing.slowStart');
  return fields.map((field) => ({ field, whom }));
}

/** Connections alone are not spoken on; a check by HTTP or gRPC is, and so is TLS that is made anew. */
function ofConnectionsWith({ backend }: SmartRoutePolicy, tls: SmartRouteSpec['tls']): ReadonlySet<string> {
  const type = backend?.healthCheck?.type;
  if (type === 'HTTP' || type === 'GRPC') return new Set([...ofConnections, 'backend.protocol', 'backend.tls']);
  return tls?.mode === 'TerminateAndReencrypt' ? new Set([...ofConnections, 'backend.tls']) : ofConnections;
}

function unread(value: object, field: string, path: string, read: ReadonlySet<string>): string[] {
  return Object.entries(value).flatMap(([name, inner]): string[] => {
    const at = path === '' ? name : `${path}.${name}`;
    if (read.has(at)) return [];
    const isReadWithin = [...read].some((other) => other.startsWith(`${at}.`));
    return isReadWithin && typeof inner === 'object' ? unread(inner as object, `${field}.${name}`, at, read) : [`${field}.${name}`];
  });
}

/** Connections and datagrams have no headers: by one, everybody is counted by address. */
function headerKeys({ rateLimits = [] }: SmartRoutePolicy): readonly string[] {
  return rateLimits.flatMap(({ key }, index) => (key?.type === 'Header' ? [`spec.policy.rateLimits[${index}].key.header`] : []));
}

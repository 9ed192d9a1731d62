import { tableText } from '../table-text.ts';
import { bytesText, durationText } from '../units.ts';

/** An open connection, as far as it is shown. */
export interface ShownConnection {
  readonly id: string;
  readonly state: string;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverName?: string | undefined;
  readonly route?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** One that has ended. */
export interface ShownEnding extends Omit<ShownConnection, 'state' | 'ageMs' | 'idleMs'> {
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly side?: string | undefined;
  readonly reason?: string | undefined;
}

/** Open connections for people, a line each. Pure. */
export function renderConnections(connections: readonly ShownConnection[]): string {
  if (connections.length === 0) return 'No connections. Those that left lately: smartproxy-ingress connections --ended';
  const heading = ['ID', 'CLIENT', 'LISTENER', 'STATE', 'AGE', 'IDLE', 'RECEIVED', 'SENT', 'ENDPOINT', 'ROUTE'];
  const rows = connections.map((connection) => [
    connection.id,
    clientOf(connection),
    connection.listener,
    connection.state,
    durationText(connection.ageMs),
    durationText(connection.idleMs),
    ...placesOf(connection),
  ]);
  return tableText(heading, rows);
}

/** Connections that ended for people, a line each. Pure. */
export function renderEndings(endings: readonly ShownEnding[]): string {
  if (endings.length === 0) return 'No connection has ended lately. Those that are open: smartproxy-ingress connections';
  const heading = ['ENDED', 'CLIENT', 'LISTENER', 'BY', 'REASON', 'LASTED', 'RECEIVED', 'SENT', 'ENDPOINT', 'ROUTE'];
  const rows = endings.map((ending) => [
    timeText(ending.endedAtMs),
    clientOf(ending),
    ending.listener,
    ending.side ?? '-',
    ending.reason ?? '-',
    durationText(ending.durationMs),
    ...placesOf(ending),
  ]);
  return tableText(heading, rows);
}

/** `12:31:07.250`, in UTC. @param ms milliseconds since 1970 */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

function clientOf({ remoteAddress, remotePort }: Pick<ShownConnection, 'remoteAddress' | 'remotePort'>): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

function placesOf({
  bytesReceived,
  bytesSent,
  endpoint,
  route,
  serverName,
}: Omit<ShownConnection, 'state' | 'ageMs' | 'idleMs'>): string[] {
  return [bytesText(bytesReceived), bytesText(bytesSent), endpoint ?? '-', route ?? (serverName === undefined ? '-' : `- (${serverName})`)];
}

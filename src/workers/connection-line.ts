import type { ConnectionLogEntry } from '../observability/access-log-entry.ts';
import type { ConnectionRecord } from '../smartproxy/connection-record.ts';

/** The access-log entry of a connection that is over. */
export function connectionLine(record: ConnectionRecord): ConnectionLogEntry {
  const { received, sent } = record.bytes;
  return {
    id: record.id,
    layer4: record.direct !== undefined,
    listener: record.listener.key,
    remoteAddress: record.remoteAddress,
    remotePort: record.remotePort,
    serverName: record.tls?.serverName,
    ...record.terminatedTls,
    proxied: record.proxied?.facts,
    route: record.route,
    service: record.direct?.service,
    endpoint: record.endpoint,
    side: record.terminationSide,
    reason: record.terminationReason,
    bytesReceived: received,
    bytesSent: sent,
    durationMs: record.durationMs,
  };
}

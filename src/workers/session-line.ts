import type { SessionLogEntry } from '../observability/access-log-entry.ts';
import type { UdpEndReason } from '../observability/counters/udp.ts';
import type { UdpSession } from '../smartproxy/udp/udp-session.ts';

/** The access-log entry of a UDP session that is over. @param nowMs on the wheel's clock */
export function sessionLine(session: UdpSession, reason: UdpEndReason, nowMs: number): SessionLogEntry {
  return {
    id: session.id,
    listener: session.port.listener.key,
    remoteAddress: session.plain,
    remotePort: session.clientPort,
    route: session.route,
    service: session.service,
    endpoint: session.endpoint,
    reason,
    bytesReceived: session.received,
    bytesSent: session.sent,
    durationMs: nowMs - session.openedAtMs,
  };
}

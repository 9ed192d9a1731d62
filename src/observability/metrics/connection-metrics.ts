import { bridgeTransports, connectionActivities } from '../counters/connection-activity.ts';
import { connectionDurationBounds } from '../counters/histogram.ts';
import { closedIndex, connectionSides, terminationReasons } from '../counters/termination-reason.ts';
import { counter, gauge, type MetricSpec } from './metric-spec.ts';

/** SmartProxy: every client connection. */
export const connectionMetrics: readonly MetricSpec[] = [
  counter(
    'smartproxy_connections_accepted_total',
    'connections',
    'Client connections that were accepted.',
    ({ fleet }) => fleet.totals.connectionsAccepted,
  ),
  gauge(
    'smartproxy_connections_active',
    'connections',
    'Client connections that are open. At every scrape accepted = active + the sum of closed.',
    ({ fleet }) => fleet.totals.connectionsActive,
  ),
  {
    name: 'smartproxy_connections_by_state',
    type: 'gauge',
    labels: ['state'],
    unit: 'connections',
    doc: `Those open connections by what they are doing: ${connectionActivities.join(', ')}; forwarding: to a backend, unread.`,
    read: ({ fleet }) =>
      connectionActivities.map((state, index) => ({ labels: [state], value: fleet.totals.connectionsByState[index] ?? 0 })),
  },
  {
    name: 'smartproxy_connections_closed_total',
    type: 'counter',
    labels: ['side', 'reason'],
    unit: 'connections',
    doc: "Client connections that ended, once each, by who ended it first (client, upstream, proxy) and why; a dead worker's open ones are worker_lost.",
    read: ({ fleet }) =>
      connectionSides.flatMap((side) =>
        terminationReasons.map((reason) => ({
          labels: [side, reason],
          value: fleet.totals.connectionsClosed[closedIndex(side, reason)] ?? 0,
        })),
      ),
  },
  {
    name: 'smartproxy_connection_duration_seconds',
    type: 'histogram',
    labels: [],
    unit: 'seconds',
    doc: 'Life of connections from accept to their end; those lost with a worker are not in it.',
    read: ({ fleet }) => ({ bounds: connectionDurationBounds, ...fleet.totals.connectionDuration }),
  },
  {
    name: 'smartproxy_bytes_total',
    type: 'counter',
    labels: ['direction'],
    unit: 'bytes',
    doc: 'Wire bytes received from and sent to clients, open connections included.',
    read: ({ fleet: { totals } }) => [
      { labels: ['received'], value: totals.bytesReceived },
      { labels: ['sent'], value: totals.bytesSent },
    ],
  },
  counter(
    'smartproxy_passthrough_connections_total',
    'connections',
    'Client connections that go to a backend as a whole: TLS passthrough and TCP routes, those whose TLS ends here included.',
    ({ fleet }) => fleet.totals.connectionsPassedThrough,
  ),
  {
    name: 'smartproxy_bridge_connections_total',
    type: 'counter',
    labels: ['transport'],
    unit: 'connections',
    doc: 'Client connections that SmartProxy gave to NetworkProxy, by how: the socket itself, or a second connection over loopback.',
    read: ({ fleet }) => bridgeTransports.map((transport, index) => ({ labels: [transport], value: fleet.totals.bridged[index] ?? 0 })),
  },
  counter(
    'smartproxy_zombie_cleanups_total',
    'connections',
    'Connection records that the periodic sweep had to close: each one is a bug.',
    ({ fleet }) => fleet.totals.zombies,
  ),
  counter(
    'smartproxy_access_log_dropped_total',
    'lines',
    'Access-log lines that were dropped because the output was stuck.',
    ({ fleet }) => fleet.totals.accessLogDropped,
  ),
];

import { grpcStatuses } from './counters/grpc-status.ts';
import { handshakeIndex, handshakeLimitOutcomes, handshakeResults, tlsVersions } from './counters/handshake-result.ts';
import { connectionDurationBounds, httpDurationBounds } from './counters/histogram.ts';
import { http1Limits } from './counters/http1-limit.ts';
import { http2Limits } from './counters/http2-limit.ts';
import { overloadActions, overloadCauses, overloadIndex, overloadLevels } from './counters/overload.ts';
import { statusClasses } from './counters/request-series.ts';
import { responseFlags } from './counters/response-flag.ts';
import { closedIndex, connectionSides, terminationReasons } from './counters/termination-reason.ts';
import type { BoundedHistogram, MetricSource } from './metric-source.ts';

/** One line of a counter or gauge: label values in the order of the metric's labels. */
interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

interface MetricBase {
  readonly name: string;
  readonly labels: readonly string[];
  /** seconds, bytes, or what is counted. */
  readonly unit: string;
  /** One sentence for `# HELP` and docs/metrics.md. */
  readonly doc: string;
}

/** A metric as the table describes it: `read` says where its values are. */
export type MetricSpec =
  | (MetricBase & { readonly type: 'counter' | 'gauge'; readonly read: (source: MetricSource) => readonly Sample[] })
  | (MetricBase & { readonly type: 'histogram'; readonly read: (source: MetricSource) => BoundedHistogram })
  /** Thousands of series, one set for each route: written by `request-exposition.ts` from the fleet's block of numbers. */
  | (MetricBase & { readonly type: 'counter' | 'histogram'; readonly perRoute: true; readonly read?: undefined });

const routeLabels = ['route_kind', 'route_namespace', 'route', 'service'] as const;

/** The table of metrics: all that is exported, in the order of the exposition. docs/metrics.md and the scrape come from it. */
export const metricTable: readonly MetricSpec[] = [
  // SmartProxy: every client connection
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

  // NetworkProxy: TLS and HTTP
  gauge(
    'networkproxy_connected_clients',
    'connections',
    'Client connections that NetworkProxy holds.',
    ({ fleet }) => fleet.totals.connectedClients,
  ),
  gauge(
    'networkproxy_portproxy_connections',
    'connections',
    'Those of them that came from SmartProxy.',
    ({ fleet }) => fleet.totals.portProxyConnections,
  ),
  counter(
    'networkproxy_tls_terminated_connections_total',
    'connections',
    'TLS connections that finished a handshake.',
    ({ fleet }) => fleet.totals.tlsTerminated,
  ),
  gauge(
    'networkproxy_tls_connections_active',
    'connections',
    'TLS connections that are open after their handshake.',
    ({ fleet }) => fleet.totals.tlsTerminatedConnections,
  ),
  {
    name: 'networkproxy_tls_handshakes_total',
    type: 'counter',
    labels: ['version', 'result'],
    unit: 'handshakes',
    doc: 'TLS handshakes with clients by protocol version (unknown when it ended before one was agreed) and result.',
    read: ({ fleet }) =>
      tlsVersions.flatMap((version) =>
        handshakeResults.map((result) => ({
          labels: [version, result],
          value: fleet.totals.tlsHandshakes[handshakeIndex(version, result)] ?? 0,
        })),
      ),
  },
  gauge(
    'networkproxy_tls_handshakes_active',
    'handshakes',
    'TLS handshakes with clients that are under way.',
    ({ fleet }) => fleet.totals.tlsHandshakesActive,
  ),
  gauge(
    'networkproxy_tls_handshakes_waiting',
    'handshakes',
    'TLS handshakes that wait, unread, for their turn.',
    ({ fleet }) => fleet.totals.tlsHandshakesWaiting,
  ),
  {
    name: 'networkproxy_tls_handshake_limit_total',
    type: 'counter',
    labels: ['outcome'],
    unit: 'handshakes',
    doc: 'Times that the limit of TLS handshakes under way was hit, by what became of a handshake.',
    read: ({ fleet }) =>
      handshakeLimitOutcomes.map((outcome, index) => ({ labels: [outcome], value: fleet.totals.tlsHandshakeLimit[index] ?? 0 })),
  },
  {
    name: 'networkproxy_responses_total',
    type: 'counter',
    labels: ['flag'],
    unit: 'responses',
    doc: 'Responses that the proxy made itself or had to break off, by the reason that the access log shows as flag.',
    read: ({ fleet }) => responseFlags.map((flag, index) => ({ labels: [flag], value: fleet.totals.responsesByFlag[index] ?? 0 })),
  },
  {
    name: 'networkproxy_http1_limits_total',
    type: 'counter',
    labels: ['limit'],
    unit: 'hits',
    doc: 'Limits of HTTP/1 connections that were hit, by limit, as far as no response flag or termination reason tells them apart.',
    read: ({ fleet }) => http1Limits.map((limit, index) => ({ labels: [limit], value: fleet.totals.http1LimitHits[index] ?? 0 })),
  },
  {
    name: 'networkproxy_http2_limits_total',
    type: 'counter',
    labels: ['limit'],
    unit: 'hits',
    doc: 'Limits of HTTP/2 connections that were hit, by limit; docs/connections.md says what each means.',
    read: ({ fleet }) => http2Limits.map((limit, index) => ({ labels: [limit], value: fleet.totals.http2LimitHits[index] ?? 0 })),
  },
  {
    name: 'networkproxy_grpc_responses_total',
    type: 'counter',
    labels: ['grpc_status'],
    unit: 'calls',
    doc: 'gRPC calls by the status code that they ended with, from the backend or from us.',
    read: ({ fleet }) => grpcStatuses.map((status, index) => ({ labels: [status], value: fleet.totals.grpcResponses[index] ?? 0 })),
  },
  {
    name: 'networkproxy_overload_level',
    type: 'gauge',
    labels: ['worker'],
    unit: '0 to 2',
    doc: `What the worker does against overload: ${overloadLevels.map((level, index) => `${index} ${level}`).join(', ')}.`,
    read: ({ workers }) =>
      workers.map(({ slot, overloadLevel }) => ({ labels: [String(slot)], value: overloadLevels.indexOf(overloadLevel) })),
  },
  {
    name: 'networkproxy_overload_actions_total',
    type: 'counter',
    labels: ['action', 'cause'],
    unit: 'actions',
    doc: 'Connections that were closed and requests that were refused because a worker was overloaded, by what it was short of.',
    read: ({ fleet }) =>
      overloadActions.flatMap((action) =>
        overloadCauses.map((cause) => ({
          labels: [action, cause],
          value: fleet.totals.overloadActions[overloadIndex(action, cause)] ?? 0,
        })),
      ),
  },
  gauge(
    'networkproxy_buffered_bytes',
    'bytes',
    'Bytes that wait in the workers for clients and backends that do not take them.',
    ({ fleet }) => fleet.totals.bufferedBytes,
  ),
  {
    name: 'networkproxy_upstream_connections',
    type: 'gauge',
    labels: ['state'],
    unit: 'connections',
    doc: 'Connections to backends by state: idle in a pool, active with a request, connecting.',
    read: ({ fleet: { totals } }) => [
      { labels: ['idle'], value: totals.upstreamIdle },
      { labels: ['active'], value: totals.upstreamActive },
      { labels: ['connecting'], value: totals.upstreamConnecting },
    ],
  },
  counter(
    'networkproxy_upstream_connects_total',
    'connections',
    'Connections to backends that were established.',
    ({ fleet }) => fleet.totals.upstreamConnects,
  ),
  counter(
    'networkproxy_upstream_connect_failures_total',
    'connections',
    'Connections to backends that failed or timed out.',
    ({ fleet }) => fleet.totals.upstreamConnectFailures,
  ),
  counter(
    'networkproxy_upstream_retries_total',
    'requests',
    'Requests that were sent again because they never reached the application.',
    ({ fleet }) => fleet.totals.upstreamRetries,
  ),
  counter(
    'networkproxy_upstream_ejections_total',
    'endpoints',
    'Endpoints taken out of rotation after connect failures.',
    ({ fleet }) => fleet.totals.upstreamEjections,
  ),

  // Requests by route; bounded by --max-route-series, past which route_kind is "overflow"
  {
    name: 'smartproxy_http_requests_total',
    type: 'counter',
    labels: [...routeLabels, 'status_class'],
    unit: 'requests',
    doc: `Finished requests by route object, Service and status class (${statusClasses.join(', ')}; other: the client left before an answer).`,
    perRoute: true,
  },
  {
    name: 'smartproxy_http_request_duration_seconds',
    type: 'histogram',
    labels: routeLabels,
    unit: 'seconds',
    doc: `Requests from first byte in to last byte out; boundaries ${httpDurationBounds.join(', ')}.`,
    perRoute: true,
  },

  // The controller and the processes
  gauge(
    'smartproxy_table_generation',
    'tables',
    'Route tables that were published since the start.',
    ({ controller }) => controller.tableGeneration,
  ),
  {
    name: 'smartproxy_table_age_seconds',
    type: 'gauge',
    labels: [],
    unit: 'seconds',
    doc: 'Since the last route table was published; absent before the first.',
    read: ({ controller: { tableAgeMs } }) => (tableAgeMs === undefined ? [] : [{ labels: [], value: tableAgeMs / 1000 }]),
  },
  {
    name: 'smartproxy_table_translate_duration_seconds',
    type: 'histogram',
    labels: [],
    unit: 'seconds',
    doc: 'Making a route table out of the objects.',
    read: ({ controller }) => controller.translateDurations,
  },
  {
    name: 'smartproxy_table_publish_duration_seconds',
    type: 'histogram',
    labels: [],
    unit: 'seconds',
    doc: 'Checking a route table and handing what changed to the workers.',
    read: ({ controller }) => controller.publishDurations,
  },
  {
    name: 'smartproxy_table_apply_duration_seconds',
    type: 'histogram',
    labels: [],
    unit: 'seconds',
    doc: 'Applying a change of the table in a worker.',
    read: ({ controller }) => controller.applyDurations,
  },
  counter(
    'smartproxy_table_failures_total',
    'tables',
    'Route tables that could not be made or were broken, each one a bug that the log names: the last good one went on serving.',
    ({ controller }) => controller.failures,
  ),
  {
    name: 'smartproxy_problems',
    type: 'gauge',
    labels: ['reason'],
    unit: 'problems',
    doc: 'Problems in objects now, by reason; /debug/problems names them.',
    read: ({ controller }) => Object.entries(controller.problems).map(([reason, value]) => ({ labels: [reason], value })),
  },
  {
    name: 'smartproxy_source_healthy',
    type: 'gauge',
    labels: ['resource'],
    unit: '0 or 1',
    doc: 'Whether the watch of this kind of object (or the manifest folder) works.',
    read: ({ controller }) => controller.sources.map(({ resource, healthy }) => ({ labels: [resource], value: healthy ? 1 : 0 })),
  },
  {
    name: 'smartproxy_source_last_event_timestamp_seconds',
    type: 'gauge',
    labels: ['resource'],
    unit: 'seconds since 1970',
    doc: "The watch's last sign of life, or the manifest folder's last scan; 0 before the first.",
    read: ({ controller }) => controller.sources.map(({ resource, lastEventMs }) => ({ labels: [resource], value: lastEventMs / 1000 })),
  },
  {
    name: 'smartproxy_source_restarts_total',
    type: 'counter',
    labels: ['resource'],
    unit: 'restarts',
    doc: 'Watches that had to be started again.',
    read: ({ controller }) => controller.sources.map(({ resource, restarts }) => ({ labels: [resource], value: restarts })),
  },
  gauge('smartproxy_leader', '0 or 1', 'Whether this replica writes statuses.', ({ controller }) => (controller.leader ? 1 : 0)),
  {
    name: 'smartproxy_worker_serving',
    type: 'gauge',
    labels: ['worker'],
    unit: '0 or 1',
    doc: 'Whether the worker slot has a process that serves.',
    read: ({ workers }) => workers.map(({ slot, serving }) => ({ labels: [String(slot)], value: serving ? 1 : 0 })),
  },
  {
    name: 'smartproxy_worker_table_generation',
    type: 'gauge',
    labels: ['worker'],
    unit: 'tables',
    doc: 'Generation of the table that the worker serves; it follows smartproxy_table_generation.',
    read: ({ workers }) => workers.map(({ slot, generation }) => ({ labels: [String(slot)], value: generation })),
  },
  {
    name: 'smartproxy_worker_restarts_total',
    type: 'counter',
    labels: ['worker'],
    unit: 'restarts',
    doc: 'Worker processes started in place of one that ended.',
    read: ({ workers }) => workers.map(({ slot, restarts }) => ({ labels: [String(slot)], value: restarts })),
  },
  {
    name: 'smartproxy_event_loop_delay_seconds',
    type: 'gauge',
    labels: ['process'],
    unit: 'seconds',
    doc: "99th percentile of the event loop's delay over the last interval, for the main process and each worker.",
    read: ({ controller, workers }) => [
      { labels: ['main'], value: controller.eventLoopDelayMs / 1000 },
      ...workers.map(({ slot, eventLoopDelayMs }) => ({ labels: [`worker-${slot}`], value: eventLoopDelayMs / 1000 })),
    ],
  },
];

function counter(name: string, unit: string, doc: string, value: (source: MetricSource) => number): MetricSpec {
  return { name, type: 'counter', labels: [], unit, doc, read: (source) => [{ labels: [], value: value(source) }] };
}

function gauge(name: string, unit: string, doc: string, value: (source: MetricSource) => number): MetricSpec {
  return { name, type: 'gauge', labels: [], unit, doc, read: (source) => [{ labels: [], value: value(source) }] };
}

import { authIndex, authKinds, authResultMeanings, authResults } from '../counters/auth-result.ts';
import { httpProtocols } from '../counters/connection-activity.ts';
import { grpcStatuses } from '../counters/grpc-status.ts';
import { handshakeIndex, handshakeLimitOutcomes, handshakeResults, tlsVersions } from '../counters/handshake-result.ts';
import { http1Limits } from '../counters/http1-limit.ts';
import { http2Limits } from '../counters/http2-limit.ts';
import { overloadActions, overloadCauses, overloadIndex, overloadLevels } from '../counters/overload.ts';
import { responseFlags } from '../counters/response-flag.ts';
import { terminationReasons } from '../counters/termination-reason.ts';
import { upstreamLimits } from '../counters/upstream-limit.ts';
import { counter, gauge, type MetricSpec, samplesOf } from './metric-spec.ts';

/** NetworkProxy: TLS and HTTP, and its connections to backends. */
export const proxyMetrics: readonly MetricSpec[] = [
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
  gauge(
    'networkproxy_tls_contexts',
    'contexts',
    'Certificates that are ready for handshakes in the memory of workers; at most 2,000 in each.',
    ({ fleet }) => fleet.totals.tlsContexts,
  ),
  counter(
    'networkproxy_tls_contexts_made_total',
    'contexts',
    'Certificates made ready, at their first handshake or again after more than 2,000 others were in use.',
    ({ fleet }) => fleet.totals.tlsContextsMade,
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
    name: 'networkproxy_requests_total',
    type: 'counter',
    labels: ['protocol'],
    unit: 'requests',
    doc: 'Finished requests by the version of HTTP that the client spoke.',
    read: ({ fleet }) =>
      httpProtocols.map((protocol, index) => ({ labels: [protocol], value: fleet.totals.requestsByProtocol[index] ?? 0 })),
  },
  counter(
    'networkproxy_upgrades_total',
    'requests',
    'Requests that turned their connection, or their HTTP/2 stream, into a tunnel: WebSockets.',
    ({ fleet }) => fleet.totals.upgrades,
  ),
  gauge(
    'networkproxy_upgrades_active',
    'tunnels',
    'Those tunnels that are open. At every scrape upgrades = active + the sum of closed.',
    ({ fleet }) => fleet.totals.upgradesActive,
  ),
  {
    name: 'networkproxy_upgrades_closed_total',
    type: 'counter',
    labels: ['reason'],
    unit: 'tunnels',
    doc: "Those that ended, by why; of HTTP/2 it is the stream's end (econnreset: its client reset it), whatever its connection does. A dead worker's are worker_lost.",
    read: ({ fleet }) => terminationReasons.map((reason, index) => ({ labels: [reason], value: fleet.totals.upgradesClosed[index] ?? 0 })),
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
    name: 'networkproxy_auth_total',
    type: 'counter',
    labels: ['kind', 'result'],
    unit: 'requests',
    doc: `Requests of routes that ask who they are from, by how and by what came of it: ${meaningsOf(authResultMeanings)}.`,
    read: ({ fleet }) =>
      authKinds.flatMap((kind) =>
        authResults.map((result) => ({ labels: [kind, result], value: fleet.totals.auth[authIndex(kind, result)] ?? 0 })),
      ),
  },
  {
    name: 'networkproxy_auth_cache_total',
    type: 'counter',
    labels: ['kind', 'result'],
    unit: 'requests',
    doc: 'Requests that what is kept of others may decide, by whether it was there: an answer of a server that decides (`external`), for routes that keep them and requests that are told apart, or a token that was valid (`jwt`).',
    read: ({ fleet: { totals } }) => [
      { labels: ['external', 'hit'], value: totals.authCacheHits },
      { labels: ['external', 'miss'], value: totals.authCacheMisses },
      { labels: ['jwt', 'hit'], value: totals.tokenCacheHits },
      { labels: ['jwt', 'miss'], value: totals.tokenCacheMisses },
    ],
  },
  {
    name: 'networkproxy_auth_key_fetches_total',
    type: 'counter',
    labels: ['result'],
    unit: 'fetches',
    doc: 'Times that a worker asked the server of an issuer for the keys of its tokens. While it fails the last good ones serve, for a day.',
    read: ({ fleet }) => [
      { labels: ['ok'], value: fleet.totals.keyFetches },
      { labels: ['failed'], value: fleet.totals.keyFetchFailures },
    ],
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
    name: 'networkproxy_overload_pressure_ratio',
    type: 'gauge',
    labels: ['worker', 'cause'],
    unit: '0 to 1',
    doc: "Share of a limit in use, as --overload-memory judges it: memory is the pod's limit (a worker's share of the machine without one), heap the size at which V8 ends the worker.",
    read: ({ workers }) =>
      workers.flatMap(({ slot, vitals }) => [
        ...samplesOf([String(slot), 'memory'], vitals?.memoryShare),
        ...samplesOf([String(slot), 'heap'], vitals?.heapShare),
      ]),
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
  {
    name: 'networkproxy_upstream_limits_total',
    type: 'counter',
    labels: ['limit'],
    unit: 'hits',
    doc: 'Limits of services that were hit, by limit.',
    read: ({ fleet }) => upstreamLimits.map((limit, index) => ({ labels: [limit], value: fleet.totals.upstreamLimitHits[index] ?? 0 })),
  },
  counter(
    'networkproxy_upstream_ejections_total',
    'endpoints',
    'Endpoints taken out of rotation after connect failures or errors.',
    ({ fleet }) => fleet.totals.upstreamEjections,
  ),
  gauge(
    'networkproxy_upstream_ejected_endpoints',
    'endpoints',
    'Endpoints ejected now, counted in each worker.',
    ({ fleet }) => fleet.totals.upstreamEjected,
  ),
  {
    name: 'networkproxy_upstream_health_checks_total',
    type: 'counter',
    labels: ['result'],
    unit: 'checks',
    doc: 'Active health checks of endpoints, by what came of them.',
    read: ({ fleet: { totals } }) => [
      { labels: ['passed'], value: totals.healthChecksPassed },
      { labels: ['failed'], value: totals.healthChecksFailed },
    ],
  },
  gauge(
    'networkproxy_upstream_unhealthy_endpoints',
    'endpoints',
    'Endpoints that active health checks keep out of rotation now, counted in each worker.',
    ({ fleet }) => fleet.totals.upstreamUnhealthy,
  ),
  gauge(
    'networkproxy_upstream_panicking_services',
    'services',
    'Services whose endpoints are all out of rotation and get traffic all the same, counted in each worker.',
    ({ fleet }) => fleet.totals.upstreamPanicking,
  ),
];

/** `allowed: the request went on; refused: ...`. */
function meaningsOf(meanings: Readonly<Record<string, string>>): string {
  return Object.entries(meanings)
    .map(([name, meaning]) => `${name}: ${meaning}`)
    .join('; ');
}

import { httpDurationBounds } from '../counters/histogram.ts';
import { statusClasses } from '../counters/request-series.ts';
import { counter, gauge, type MetricSpec } from './metric-spec.ts';

/** `route_service`, not `service`: Prometheus Operator gives targets a label of that name, which would rename ours. */
const routeLabels = ['route_kind', 'route_namespace', 'route', 'route_service'] as const;

/** Requests and connections by route; bounded by --max-route-series, past which route_kind is "overflow". */
export const requestMetrics: readonly MetricSpec[] = [
  gauge(
    'smartproxy_http_route_series',
    'series',
    'Pairs of route and Service with metrics of their own, the shared one included; --max-route-series limits them.',
    ({ fleet }) => fleet.requestLabels.length,
  ),
  counter(
    'smartproxy_http_route_series_refused_total',
    'series',
    'Times that a pair of route and Service got no metrics of its own: its requests and connections count where route_kind is overflow. A pair may be refused once for each worker and change.',
    ({ fleet }) => fleet.seriesRefused,
  ),
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
  {
    name: 'smartproxy_route_connections_total',
    type: 'counter',
    labels: routeLabels,
    unit: 'connections',
    doc: 'Connections that went to a backend as a whole (TLS passthrough, TCP) and UDP sessions, by route object and Service; routes that never had one have no series. Those that the kernel forwards are in it (engine NFTables): it counts several Services of a route together, and their route_service is empty.',
    perRoute: true,
  },
  {
    name: 'smartproxy_route_connections_active',
    type: 'gauge',
    labels: routeLabels,
    unit: 'connections',
    doc: 'Those of them that are open; of the kernel, those that it tracks. Absent for a route that it forwards where it does not show them.',
    perRoute: true,
  },
  {
    name: 'smartproxy_route_connection_bytes_total',
    type: 'counter',
    labels: [...routeLabels, 'direction'],
    unit: 'bytes',
    doc: 'Bytes that their clients sent (received) and got (sent), open ones included: of connections on the wire, of UDP in datagrams, of the kernel in IP packets.',
    perRoute: true,
  },
];

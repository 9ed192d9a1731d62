import { httpDurationBounds } from '../counters/histogram.ts';
import { statusClasses } from '../counters/request-series.ts';
import { counter, gauge, type MetricSpec } from './metric-spec.ts';

/** `route_service`, not `service`: Prometheus Operator gives targets a label of that name, which would rename ours. */
const routeLabels = ['route_kind', 'route_namespace', 'route', 'route_service'] as const;

/** Requests by route; bounded by --max-route-series, past which route_kind is "overflow". */
export const requestMetrics: readonly MetricSpec[] = [
  gauge(
    'smartproxy_http_route_series',
    'series',
    'Pairs of route and Service with request metrics of their own, the shared one included; --max-route-series limits them.',
    ({ fleet }) => fleet.requestLabels.length,
  ),
  counter(
    'smartproxy_http_route_series_refused_total',
    'series',
    'Times that a pair of route and Service got no request metrics of its own: its requests count where route_kind is overflow. A pair may be refused once for each worker and change.',
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
];

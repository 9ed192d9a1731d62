import { choiceOf, controllerVariables, type DashboardSpec } from './dashboard.ts';
import { heat, max, ours, perSecond, quantile, sum } from './queries.ts';

const requests = 'smartproxy_http_requests_total';
const duration = 'smartproxy_http_request_duration_seconds';
/** Services of one name are in many namespaces; that of the route is mostly theirs. */
const service = ['route_namespace', 'route_service'] as const;
const serviceLegend = '{{route_namespace}}: {{route_service}}';
const route = 'route_namespace=~"$route_namespace", route=~"$route"';
const routes = `{${route}}`;

function withStatus(pattern: string): string {
  return `{${route}, status_class=~"${pattern}"}`;
}

function share(pattern: string, ...by: readonly string[]): string {
  return `${sum(perSecond(requests, withStatus(pattern)), ...by)} / ${sum(perSecond(requests, routes), ...by)}`;
}

/** How does one route fare? */
export const routeDetail: DashboardSpec = {
  uid: 'smartproxy-route',
  title: 'SmartProxy / Route detail',
  description: 'How much does a route serve, how fast, and what goes wrong with it?',
  variables: [
    ...controllerVariables,
    choiceOf(
      'route_namespace',
      'Route namespace',
      'Namespace of the Ingress.',
      'smartproxy_http_requests_total{route_kind!=""}',
      'route_namespace',
    ),
    choiceOf(
      'route',
      'Route',
      'The Ingress.',
      'smartproxy_http_requests_total{route_kind!="", route_namespace=~"$route_namespace"}',
      'route',
    ),
  ],
  rows: [
    {
      title: 'At a glance',
      panels: [
        {
          kind: 'figure',
          title: 'Requests',
          description: 'Finished requests a second of the chosen routes.',
          unit: 'reqps',
          queries: [{ expr: sum(perSecond(requests, routes)), legend: 'requests' }],
        },
        {
          kind: 'figure',
          title: 'Answers 5xx',
          description: 'Share of requests that were answered 5xx, by the backend or by the proxy for it.',
          unit: 'percentunit',
          warnAt: 0.01,
          badAt: 0.05,
          decimals: 2,
          queries: [{ expr: share('5xx'), legend: '5xx' }],
        },
        {
          kind: 'figure',
          title: 'Answers 4xx',
          description: 'Share of requests that were answered 4xx.',
          unit: 'percentunit',
          decimals: 2,
          queries: [{ expr: share('4xx'), legend: '4xx' }],
        },
        {
          kind: 'figure',
          title: 'Left before an answer',
          description: 'Share of requests whose client went away first. Many at once point at a slow backend.',
          unit: 'percentunit',
          decimals: 2,
          queries: [{ expr: share('other'), legend: 'left' }],
        },
        {
          kind: 'figure',
          title: 'Latency, median',
          description: 'From first byte in to last byte out.',
          unit: 's',
          queries: [{ expr: quantile(0.5, duration, routes), legend: 'p50' }],
        },
        {
          kind: 'figure',
          title: 'Latency, 99th percentile',
          description: 'From first byte in to last byte out.',
          unit: 's',
          queries: [{ expr: quantile(0.99, duration, routes), legend: 'p99' }],
        },
      ],
    },
    {
      title: 'Traffic and errors',
      panels: [
        {
          kind: 'lines',
          title: 'Requests by status',
          description: 'Finished requests a second by class of status; 1xx are upgrades, other: the client left before an answer.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: sum(perSecond(requests, routes), 'status_class'), legend: '{{status_class}}' }],
        },
        {
          kind: 'lines',
          title: 'Requests by Service',
          description:
            'Where the requests went: the Service, after the namespace of its route. No name: answers that need no backend, such as redirects.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: sum(perSecond(requests, routes), ...service), legend: serviceLegend }],
        },
        {
          kind: 'lines',
          title: 'Requests by pod',
          description: 'Finished requests a second by the pod of the proxy that served them.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: sum(perSecond(requests, routes), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Share of 5xx by route',
          description: 'The ten routes with the largest share of answers 5xx.',
          unit: 'percentunit',
          max: 1,
          queries: [{ expr: `topk(10, ${share('5xx', 'route_namespace', 'route')})`, legend: '{{route_namespace}}/{{route}}' }],
        },
        {
          kind: 'lines',
          title: 'Share of 4xx by route',
          description: 'The ten routes with the largest share of answers 4xx.',
          unit: 'percentunit',
          max: 1,
          queries: [{ expr: `topk(10, ${share('4xx', 'route_namespace', 'route')})`, legend: '{{route_namespace}}/{{route}}' }],
        },
        {
          kind: 'lines',
          title: 'Share of 5xx by Service',
          description: 'Which of several backends it is.',
          unit: 'percentunit',
          max: 1,
          queries: [{ expr: `topk(10, ${share('5xx', ...service)})`, legend: serviceLegend }],
        },
      ],
    },
    {
      title: 'Latency',
      panels: [
        {
          kind: 'heat-map',
          title: 'Duration of requests',
          description:
            'How many requests took how long. Dots are single requests: their trace id leads to the trace and to the line of the access log.',
          unit: 's',
          width: 16,
          exemplars: true,
          queries: [{ expr: heat(duration, routes), legend: '{{le}}' }],
        },
        {
          kind: 'lines',
          title: 'Quantiles',
          description: 'Of the time from first byte in to last byte out.',
          unit: 's',
          exemplars: true,
          queries: [
            { expr: quantile(0.5, duration, routes), legend: 'p50' },
            { expr: quantile(0.9, duration, routes), legend: 'p90' },
            { expr: quantile(0.99, duration, routes), legend: 'p99' },
          ],
        },
        {
          kind: 'lines',
          title: 'Slowest routes',
          description: 'The ten routes with the longest 95th percentile.',
          unit: 's',
          queries: [
            {
              expr: `topk(10, ${quantile(0.95, duration, routes, ['route_namespace', 'route'])})`,
              legend: '{{route_namespace}}/{{route}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Mean duration by Service',
          description: 'A mean moves when a quantile falls between two bounds and stands still.',
          unit: 's',
          queries: [
            {
              expr: `topk(10, ${sum(perSecond(`${duration}_sum`, routes), ...service)} / ${sum(perSecond(`${duration}_count`, routes), ...service)})`,
              legend: serviceLegend,
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Route series in use',
          description:
            'Pairs of route and Service with request metrics of their own, against --max-route-series. Past the limit, requests show under a route without a name, kind overflow.',
          unit: 'short',
          queries: [
            { expr: max(ours('smartproxy_http_route_series'), 'pod_name'), legend: '{{pod_name}}' },
            { expr: max(ours('smartproxy_limit{limit="max-route-series"}')), legend: 'limit' },
          ],
        },
      ],
    },
  ],
};

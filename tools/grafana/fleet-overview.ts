import { controllerVariables, type DashboardSpec } from './dashboard.ts';
import { max, ours, perSecond, quantile, sum } from './queries.ts';

const requests = 'smartproxy_http_requests_total';
const duration = 'smartproxy_http_request_duration_seconds';
const errorShare = `${sum(perSecond(requests, '{status_class="5xx"}'))} / ${sum(perSecond(requests))}`;

/** Is everything well, how much goes through, and what is short? */
export const fleetOverview: DashboardSpec = {
  uid: 'smartproxy-fleet',
  title: 'SmartProxy / Fleet overview',
  description: 'Is everything well, how much goes through, and what is running short?',
  variables: controllerVariables,
  rows: [
    {
      title: 'At a glance',
      panels: [
        {
          kind: 'figure',
          title: 'Requests',
          description: 'Finished requests a second, over all pods.',
          unit: 'reqps',
          queries: [{ expr: sum(perSecond(requests)), legend: 'requests' }],
        },
        {
          kind: 'figure',
          title: 'Answers 5xx',
          description:
            "Share of requests that were answered 5xx, by backends or by the proxy itself. The row of the proxy's own answers says why.",
          unit: 'percentunit',
          warnAt: 0.01,
          badAt: 0.05,
          decimals: 2,
          queries: [{ expr: errorShare, legend: '5xx' }],
        },
        {
          kind: 'figure',
          title: 'Latency, 99th percentile',
          description: 'Of all requests, from first byte in to last byte out: long downloads and streams count as they are.',
          unit: 's',
          queries: [{ expr: quantile(0.99, duration), legend: 'p99' }],
        },
        {
          kind: 'figure',
          title: 'Open connections',
          description: 'Client connections that are open now.',
          unit: 'short',
          queries: [{ expr: sum(ours('smartproxy_connections_active')), legend: 'open' }],
        },
        {
          kind: 'figure',
          title: 'Pods that serve',
          description: 'Pods with at least one worker that serves a route table.',
          unit: 'short',
          queries: [{ expr: `count(${sum(ours('smartproxy_worker_serving'), 'pod_name')} > 0)`, legend: 'pods' }],
        },
        {
          kind: 'figure',
          title: 'Next certificate to expire',
          description: 'Time that is left of the certificate that expires first. The controller dashboard lists them.',
          unit: 's',
          warnAt: 14 * 86_400,
          badAt: 3 * 86_400,
          queries: [{ expr: `min(${ours('smartproxy_certificate_expiry_timestamp_seconds')}) - time()`, legend: 'left' }],
        },
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          kind: 'lines',
          title: 'Requests by status',
          description: 'Finished requests a second by class of status; other: the client left before an answer.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: sum(perSecond(requests), 'status_class'), legend: '{{status_class}}' }],
        },
        {
          kind: 'lines',
          title: 'Requests by protocol',
          description: 'Finished requests a second by the version of HTTP that clients speak.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: sum(perSecond('networkproxy_requests_total'), 'protocol'), legend: '{{protocol}}' }],
        },
        {
          kind: 'lines',
          title: 'Latency',
          description: 'Quantiles over all requests, backends included. Dots are single requests with their trace.',
          unit: 's',
          exemplars: true,
          queries: [
            { expr: quantile(0.5, duration), legend: 'p50' },
            { expr: quantile(0.95, duration), legend: 'p95' },
            { expr: quantile(0.99, duration), legend: 'p99' },
          ],
        },
        {
          kind: 'lines',
          title: 'Busiest routes',
          description: 'The ten routes with most requests a second.',
          unit: 'reqps',
          queries: [{ expr: `topk(10, ${sum(perSecond(requests), 'route_namespace', 'route')})`, legend: '{{route_namespace}}/{{route}}' }],
        },
        {
          kind: 'lines',
          title: 'Routes with most 5xx',
          description: 'The ten routes with most answers 5xx a second. No name: requests that matched no route.',
          unit: 'reqps',
          queries: [
            {
              expr: `topk(10, ${sum(perSecond(requests, '{status_class="5xx"}'), 'route_namespace', 'route')})`,
              legend: '{{route_namespace}}/{{route}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: "The proxy's own answers",
          description:
            'Responses that the proxy made itself or had to break off, by flag: the access log shows the same word. Redirects are among them.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `${sum(perSecond('networkproxy_responses_total'), 'flag')} > 0`, legend: '{{flag}}' }],
        },
        {
          kind: 'lines',
          title: 'gRPC calls by status',
          description: 'Calls a second by the code that they ended with, from the backend or from the proxy. 0 is OK.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `${sum(perSecond('networkproxy_grpc_responses_total'), 'grpc_status')} > 0`, legend: '{{grpc_status}}' }],
        },
        {
          kind: 'lines',
          title: 'Bytes',
          description: 'Bytes a second on the wire, from and to clients.',
          unit: 'Bps',
          queries: [{ expr: sum(perSecond('smartproxy_bytes_total'), 'direction'), legend: '{{direction}}' }],
        },
        {
          kind: 'lines',
          title: 'Requests by pod',
          description:
            'Finished requests a second of each pod. Shares that differ much point at the load balancer in front, or at long connections.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: sum(perSecond(requests), 'pod_name'), legend: '{{pod_name}}' }],
        },
      ],
    },
    {
      title: 'What could run short',
      panels: [
        {
          kind: 'lines',
          title: 'Processor time',
          description: 'Processors that each pod keeps busy, all its processes together. A worker uses one at most.',
          unit: 'short',
          queries: [{ expr: sum(perSecond('smartproxy_process_cpu_seconds_total'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Memory',
          description: "Resident memory of each pod's processes. Pages that processes share are counted in each.",
          unit: 'bytes',
          queries: [{ expr: sum(ours('smartproxy_process_resident_memory_bytes'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Pressure',
          description:
            "The worst worker's share of its memory limit and of its heap. From 85 % connections are not kept, from 95 % requests are refused (--overload-memory).",
          unit: 'percentunit',
          max: 1,
          queries: [{ expr: max(ours('networkproxy_overload_pressure_ratio'), 'pod_name', 'cause'), legend: '{{pod_name}} {{cause}}' }],
        },
        {
          kind: 'lines',
          title: 'Event-loop delay',
          description: '99th percentile in the worst process of each pod. Above 100 ms requests wait noticeably.',
          unit: 's',
          queries: [{ expr: max(ours('smartproxy_event_loop_delay_seconds'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Overload',
          description: 'The highest level among the workers of each pod: 0 normal, 1 connections are not kept, 2 requests are refused.',
          unit: 'short',
          max: 2,
          queries: [{ expr: max(ours('networkproxy_overload_level'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Done against overload',
          description: 'Connections closed and requests refused a second, by what a worker was short of.',
          unit: 'cps',
          queries: [{ expr: sum(perSecond('networkproxy_overload_actions_total'), 'action', 'cause'), legend: '{{action}}: {{cause}}' }],
        },
      ],
    },
  ],
};

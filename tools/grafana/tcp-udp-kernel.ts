import { controllerVariables, type DashboardSpec } from './dashboard.ts';
import { ours, perSecond, sum } from './queries.ts';

/** The ten largest of a vector's sums by route. */
function busiest(vector: string): string {
  return `topk(10, ${sum(vector, 'route_namespace', 'route')})`;
}

const routeLegend = '{{route_namespace}}/{{route}}';

/** What goes through unread: connections over listeners of TCP and passthrough, UDP sessions, and what the kernel forwards. */
export const tcpUdpKernel: DashboardSpec = {
  uid: 'smartproxy-l4',
  title: 'SmartProxy / TCP, UDP and the kernel',
  description: 'How much goes through unread, over TCP, UDP and in the kernel, and what is dropped?',
  variables: controllerVariables,
  rows: [
    {
      title: 'TCP and passthrough, in the workers',
      panels: [
        {
          kind: 'lines',
          title: 'Open connections by route',
          description: 'Client connections whose bytes go to a backend unread: the ten routes that have most.',
          unit: 'short',
          queries: [{ expr: busiest(ours('smartproxy_route_connections_active')), legend: routeLegend }],
        },
        {
          kind: 'lines',
          title: 'New connections by route',
          description: 'Connections a second that went to a backend unread: the ten routes that get most.',
          unit: 'cps',
          queries: [{ expr: busiest(perSecond('smartproxy_route_connections_total')), legend: routeLegend }],
        },
        {
          kind: 'lines',
          title: 'Bytes of connections',
          description: 'Bytes a second that went through unread, from clients (received) and to them (sent).',
          unit: 'Bps',
          queries: [{ expr: sum(perSecond('smartproxy_route_connection_bytes_total'), 'direction'), legend: '{{direction}}' }],
        },
      ],
    },
    {
      title: 'UDP, in the workers',
      panels: [
        {
          kind: 'lines',
          title: 'Open sessions',
          description:
            'UDP sessions that are open in each pod: one for each address and port of a client. --max-udp-sessions limits each worker.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: sum(ours('smartproxy_udp_sessions_active'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Sessions begun and ended',
          description: 'UDP sessions a second. Ended ones by why; idle is how a session ends.',
          unit: 'cps',
          queries: [
            { expr: sum(perSecond('smartproxy_udp_sessions_opened_total')), legend: 'begun' },
            { expr: sum(perSecond('smartproxy_udp_sessions_closed_total'), 'reason'), legend: 'ended: {{reason}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Datagrams',
          description: 'Datagrams a second from clients, dropped ones included, and to them.',
          unit: 'pps',
          queries: [{ expr: sum(perSecond('smartproxy_udp_datagrams_total'), 'direction'), legend: '{{direction}}' }],
        },
        {
          kind: 'lines',
          title: 'Bytes of datagrams',
          description: 'Payload of those datagrams, a second.',
          unit: 'Bps',
          queries: [{ expr: sum(perSecond('smartproxy_udp_bytes_total'), 'direction'), legend: '{{direction}}' }],
        },
        {
          kind: 'lines',
          title: 'Dropped datagrams',
          description: 'Datagrams a second that went nowhere, by why; docs/metrics.md has what each reason means.',
          unit: 'pps',
          width: 16,
          stacked: true,
          queries: [{ expr: sum(perSecond('smartproxy_udp_dropped_datagrams_total'), 'reason'), legend: '{{reason}}' }],
        },
      ],
    },
    {
      title: 'The kernel (engine NFTables)',
      panels: [
        {
          kind: 'figure',
          title: 'Rules in place',
          description: 'The least of all pods that let the kernel forward: 1 when each has the rules that the routes ask for.',
          unit: 'short',
          warnAt: 1,
          badAt: 0.5,
          queries: [{ expr: `min(${ours('smartproxy_kernel_programmed')})`, legend: 'in place' }],
        },
        {
          kind: 'figure',
          title: 'Refused',
          description: 'Attempts to read or write rules that failed, in the time that is shown. The log says why.',
          unit: 'short',
          badAt: 1,
          queries: [{ expr: sum(ours('increase(smartproxy_kernel_failures_total[$__range])')), legend: 'refused' }],
        },
        {
          kind: 'figure',
          title: 'Left out',
          description: 'Routes that need what the kernel of their node does not have, in all pods. Their status says what.',
          unit: 'short',
          badAt: 1,
          queries: [{ expr: sum(ours('smartproxy_kernel_refused_routes')), legend: 'left out' }],
        },
        {
          kind: 'figure',
          title: 'Restored',
          description: 'Times that somebody else had changed our rules, in the time that is shown.',
          unit: 'short',
          warnAt: 1,
          queries: [{ expr: sum(ours('increase(smartproxy_kernel_repairs_total[$__range])')), legend: 'restored' }],
        },
        {
          kind: 'lines',
          title: 'Changes of the rules',
          description: 'Transactions that the kernel took, a minute: about as many as changes of routes and of their endpoints.',
          unit: 'opm',
          width: 8,
          queries: [{ expr: `${sum(perSecond('smartproxy_kernel_transactions_total'), 'pod_name')} * 60`, legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Open connections in the kernel',
          description: 'TCP connections and UDP sessions that the kernel tracks; absent where it does not show them.',
          unit: 'short',
          queries: [{ expr: busiest(ours('smartproxy_kernel_connections_active')), legend: routeLegend }],
        },
        {
          kind: 'lines',
          title: 'New connections in the kernel',
          description: 'TCP connections and UDP sessions a second that the kernel began to forward: the ten routes that get most.',
          unit: 'cps',
          queries: [{ expr: busiest(perSecond('smartproxy_kernel_connections_total')), legend: routeLegend }],
        },
        {
          kind: 'lines',
          title: 'Bytes in the kernel',
          description: 'Bytes of IP packets a second, headers included.',
          unit: 'Bps',
          queries: [{ expr: sum(perSecond('smartproxy_kernel_bytes_total'), 'direction'), legend: '{{direction}}' }],
        },
        {
          kind: 'lines',
          title: 'Packets in the kernel',
          description: 'Packets a second from clients and to them.',
          unit: 'pps',
          queries: [{ expr: sum(perSecond('smartproxy_kernel_packets_total'), 'direction'), legend: '{{direction}}' }],
        },
        {
          kind: 'lines',
          title: 'Packets dropped by the kernel',
          description:
            'Packets a second that a list of clients (ip_blocked), a rate of new connections (rate_limited) or a number of open ones (route_limit, ip_limit) dropped.',
          unit: 'pps',
          width: 16,
          stacked: true,
          queries: [{ expr: sum(perSecond('smartproxy_kernel_dropped_packets_total'), 'reason'), legend: '{{reason}}' }],
        },
      ],
    },
  ],
};

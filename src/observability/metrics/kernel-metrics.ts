import type { KernelRouteFacts, MetricSource } from '../metric-source.ts';
import { type MetricSpec, type Sample, samplesOf } from './metric-spec.ts';

const routeLabels = ['route_kind', 'route_namespace', 'route', 'listener'] as const;

/** Routes with engine NFTables: what the kernel counts. Absent where --nftables is off. Bounded by the listeners that there can be. */
export const kernelMetrics: readonly MetricSpec[] = [
  ofKernel(
    'smartproxy_kernel_programmed',
    'gauge',
    '0 or 1',
    'Whether the kernel has the rules that all routes ask for.',
    ({ programmed }) => (programmed ? 1 : 0),
  ),
  ofKernel(
    'smartproxy_kernel_refused_routes',
    'gauge',
    'routes',
    'Routes that are not forwarded, since they need what this kernel does not have; by route and listener. Their status says what.',
    ({ refused }) => refused,
  ),
  ofKernel(
    'smartproxy_kernel_transactions_total',
    'counter',
    'transactions',
    'Changes of its rules that the kernel took.',
    (kernel) => kernel.transactions,
  ),
  ofKernel(
    'smartproxy_kernel_repairs_total',
    'counter',
    'transactions',
    'Those of them that were made because somebody else had changed our table.',
    (kernel) => kernel.repairs,
  ),
  ofKernel(
    'smartproxy_kernel_failures_total',
    'counter',
    'attempts',
    'Attempts to read or write the rules of the kernel that failed; docs/nftables.md says what helps.',
    (kernel) => kernel.failures,
  ),
  ofRoutes(
    'smartproxy_kernel_connections_total',
    'counter',
    [],
    'connections',
    'TCP connections and UDP sessions that the kernel forwarded.',
    (route) => [{ labels: [], value: route.connections.packets }],
  ),
  ofRoutes(
    'smartproxy_kernel_connections_active',
    'gauge',
    [],
    'connections',
    'Those that the kernel tracks now; absent where it does not show them.',
    ({ open }) => samplesOf([], open),
  ),
  ofRoutes(
    'smartproxy_kernel_bytes_total',
    'counter',
    ['direction'],
    'bytes',
    'Bytes of IP packets received from and sent to the clients of a route.',
    ({ received, sent }) => [
      { labels: ['received'], value: received.bytes },
      { labels: ['sent'], value: sent.bytes },
    ],
  ),
  ofRoutes(
    'smartproxy_kernel_packets_total',
    'counter',
    ['direction'],
    'packets',
    'Packets received from and sent to the clients of a route.',
    ({ received, sent }) => [
      { labels: ['received'], value: received.packets },
      { labels: ['sent'], value: sent.packets },
    ],
  ),
  ofRoutes(
    'smartproxy_kernel_dropped_packets_total',
    'counter',
    ['reason'],
    'packets',
    'Packets of clients that were dropped: ip_blocked by the allow or deny list, rate_limited over the rate of new connections, route_limit and ip_limit over the number that may be open, of the object and of one address.',
    ({ refused, limited, crowded, clientCrowded }) => [
      { labels: ['ip_blocked'], value: refused.packets },
      { labels: ['rate_limited'], value: limited.packets },
      { labels: ['route_limit'], value: crowded.packets },
      { labels: ['ip_limit'], value: clientCrowded.packets },
    ],
  ),
];

function ofKernel(
  name: string,
  type: 'counter' | 'gauge',
  unit: string,
  doc: string,
  value: (kernel: NonNullable<MetricSource['kernel']>) => number,
): MetricSpec {
  return { name, type, labels: [], unit, doc, read: ({ kernel }) => samplesOf([], kernel && value(kernel)) };
}

function ofRoutes(
  name: string,
  type: 'counter' | 'gauge',
  labels: readonly string[],
  unit: string,
  doc: string,
  read: (route: KernelRouteFacts) => readonly Sample[],
): MetricSpec {
  const readAll = ({ kernel }: MetricSource): readonly Sample[] =>
    (kernel?.routes ?? []).flatMap((route) => {
      const own = [route.source.kind, route.source.namespace, route.source.name, route.listener];
      return read(route).map((sample) => ({ labels: [...own, ...sample.labels], value: sample.value }));
    });
  return { name, type, labels: [...routeLabels, ...labels], unit, doc, read: readAll };
}

import { udpDropReasons, udpEndReasons } from '../counters/udp.ts';
import { counter, gauge, type MetricSpec } from './metric-spec.ts';

/** UDP that workers forward; what the kernel forwards is in `kernel-metrics.ts`. */
export const udpMetrics: readonly MetricSpec[] = [
  counter(
    'smartproxy_udp_sessions_opened_total',
    'sessions',
    'UDP sessions, one for each address and port of a client, that began.',
    ({ fleet }) => fleet.totals.udpSessionsOpened,
  ),
  gauge(
    'smartproxy_udp_sessions_active',
    'sessions',
    'UDP sessions that are open. At every scrape opened = active + the sum of closed.',
    ({ fleet }) => fleet.totals.udpSessionsActive,
  ),
  {
    name: 'smartproxy_udp_sessions_closed_total',
    type: 'counter',
    labels: ['reason'],
    unit: 'sessions',
    doc: "UDP sessions that ended, by why; a dead worker's open ones are worker_lost.",
    read: ({ fleet }) => udpEndReasons.map((reason, index) => ({ labels: [reason], value: fleet.totals.udpSessionsClosed[index] ?? 0 })),
  },
  {
    name: 'smartproxy_udp_datagrams_total',
    type: 'counter',
    labels: ['direction'],
    unit: 'datagrams',
    doc: 'Datagrams received from clients, dropped ones included, and sent to them.',
    read: ({ fleet: { totals } }) => [
      { labels: ['received'], value: totals.udpDatagramsReceived },
      { labels: ['sent'], value: totals.udpDatagramsSent },
    ],
  },
  {
    name: 'smartproxy_udp_bytes_total',
    type: 'counter',
    labels: ['direction'],
    unit: 'bytes',
    doc: 'Payload of those datagrams.',
    read: ({ fleet: { totals } }) => [
      { labels: ['received'], value: totals.udpBytesReceived },
      { labels: ['sent'], value: totals.udpBytesSent },
    ],
  },
  {
    name: 'smartproxy_udp_dropped_datagrams_total',
    type: 'counter',
    labels: ['reason'],
    unit: 'datagrams',
    doc: 'Datagrams that went nowhere, by why.',
    read: ({ fleet }) => udpDropReasons.map((reason, index) => ({ labels: [reason], value: fleet.totals.udpDropped[index] ?? 0 })),
  },
];

import { compressionSkips, contentCodings } from '../counters/compression.ts';
import { mirrorOutcomes } from '../counters/mirror.ts';
import { redisOutcomes } from '../counters/redis-outcome.ts';
import { spanOutcomes } from '../counters/span-outcome.ts';
import { counter, gauge, type MetricSpec } from './metric-spec.ts';

/** What routes have done to requests and answers: docs/traffic.md. */
export const trafficMetrics: readonly MetricSpec[] = [
  gauge(
    'networkproxy_rate_limit_buckets',
    'clients',
    'Clients of routes with a rate limit whose rate is remembered, counted in each worker.',
    ({ fleet }) => fleet.totals.rateLimitBuckets,
  ),
  counter(
    'networkproxy_rate_limit_buckets_lost_total',
    'clients',
    'Clients that were forgotten before their rate had recovered, because there were too many; they may begin anew.',
    ({ fleet }) => fleet.totals.rateLimitBucketsLost,
  ),
  {
    name: 'networkproxy_redis_requests_total',
    type: 'counter',
    labels: ['outcome'],
    unit: 'requests',
    doc: 'Requests and connections that were to be counted in Redis, by outcome: answered; failed; late (no answer in time); skipped (not connected, or late just now). Without an answer the buckets of the pod decide alone.',
    read: ({ fleet }) => redisOutcomes.map((outcome, index) => ({ labels: [outcome], value: fleet.totals.redis[index] ?? 0 })),
  },
  gauge(
    'networkproxy_redis_connected_workers',
    'workers',
    'Workers that are connected to the Redis of --redis-url.',
    ({ fleet }) => fleet.totals.redisConnected,
  ),
  {
    name: 'networkproxy_compressed_answers_total',
    type: 'counter',
    labels: ['coding'],
    unit: 'answers',
    doc: 'Answers of backends that were compressed, by content coding.',
    read: ({ fleet }) => contentCodings.map((coding, index) => ({ labels: [coding], value: fleet.totals.compressed[index] ?? 0 })),
  },
  {
    name: 'networkproxy_compression_skipped_total',
    type: 'counter',
    labels: ['reason'],
    unit: 'answers',
    doc: 'Answers that were to be compressed and went out as they were: the worker is overloaded, or compression has as much memory as it may.',
    read: ({ fleet }) =>
      compressionSkips.map((reason, index) => ({ labels: [reason], value: fleet.totals.compressionSkipped[index] ?? 0 })),
  },
  {
    name: 'networkproxy_compression_bytes_total',
    type: 'counter',
    labels: ['side'],
    unit: 'bytes',
    doc: 'Bytes of compressed answers, before (in) and after (out).',
    read: ({ fleet: { totals } }) => [
      { labels: ['in'], value: totals.compressionBytesIn },
      { labels: ['out'], value: totals.compressionBytesOut },
    ],
  },
  gauge(
    'networkproxy_compression_memory_bytes',
    'bytes',
    'Memory of compression under way in all workers, estimated.',
    ({ fleet }) => fleet.totals.encoderBytes,
  ),
  gauge(
    'networkproxy_route_buffer_bytes',
    'bytes',
    'Bytes of requests and answers that workers hold because their routes ask for buffering.',
    ({ fleet }) => fleet.totals.routeBufferBytes,
  ),
  {
    name: 'networkproxy_mirrored_requests_total',
    type: 'counter',
    labels: ['outcome'],
    unit: 'requests',
    doc: 'Requests that were to be copied to a mirror, by what became of the copy: answered; failed (no mirror, or it or the request broke off); busy (too many under way); too_large.',
    read: ({ fleet }) => mirrorOutcomes.map((outcome, index) => ({ labels: [outcome], value: fleet.totals.mirrored[index] ?? 0 })),
  },
  {
    name: 'networkproxy_spans_total',
    type: 'counter',
    labels: ['outcome'],
    unit: 'spans',
    doc: 'Spans of requests by what became of them: exported; dropped (too many at a time, or left over at the end); failed (the collector could not be reached or refused them).',
    read: ({ fleet }) => spanOutcomes.map((outcome, index) => ({ labels: [outcome], value: fleet.totals.spans[index] ?? 0 })),
  },
];

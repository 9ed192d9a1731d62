import type { Config } from '../config/config.ts';
import { options } from '../config/options.ts';
import type { Http1Limit } from '../observability/counters/http1-limit.ts';
import type { Http2Limit } from '../observability/counters/http2-limit.ts';
import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { TerminationReason } from '../observability/counters/termination-reason.ts';
import { defaultParserLimits } from './http1/message-handler.ts';
import { leastBlockBytes } from './http2/http2-shared.ts';
import {
  connectionWindowBytes,
  grownStreamWindowBytes,
  idleFrameAllowance,
  maxConcurrentStreams,
  maxContinuations,
  pingAllowance,
  priorityAllowance,
  resetAllowance,
  settingsAllowance,
  streamWindowBytes,
  windowUpdateAllowance,
} from './http2/limits.ts';
import { leastBytesPerSecond } from './least-rate.ts';
import { roomyBytes, tightBytes } from './overload/buffer-budget.ts';

/** Where a hit is counted: a label of one of four counters. */
type LimitMetric =
  | { readonly http1: Http1Limit }
  | { readonly http2: Http2Limit }
  | { readonly flag: ResponseFlag }
  | { readonly reason: TerminationReason };

interface LimitRow {
  readonly of: string;
  /** An option whose default is the limit, or a fixed limit in words. */
  readonly limit: keyof Config | string;
  readonly http1: string;
  readonly http2: string;
  readonly metrics: readonly LimitMetric[];
}

const gone = 'GOAWAY ENHANCE_YOUR_CALM';
const reset = 'the stream is reset';

/** Every limit on what a client may make us hold or do. */
const limitRows: readonly LimitRow[] = [
  {
    of: 'Fields in a header',
    limit: 'maxHeaders',
    http1: '431, closed',
    http2: '431',
    metrics: [{ http1: 'header_count' }, { http2: 'header_list' }],
  },
  {
    of: 'Bytes of a header',
    limit: 'maxHeaderBytes',
    http1: '431, closed',
    http2: '431',
    metrics: [{ http1: 'header_bytes' }, { http2: 'header_list' }],
  },
  {
    of: 'Request line; `:path`',
    limit: kib(defaultParserLimits.maxLineBytes),
    http1: '414, closed',
    http2: '414',
    metrics: [{ flag: 'uri_too_long' }],
  },
  {
    of: 'Trailers',
    limit: kib(defaultParserLimits.maxTrailerBytes),
    http1: '431, closed',
    http2: '431',
    metrics: [{ http1: 'trailers' }, { http2: 'header_list' }],
  },
  {
    of: 'Chunk extensions of a body',
    limit: kib(defaultParserLimits.maxChunkExtensionBytes),
    http1: '413, closed',
    http2: '-',
    metrics: [{ http1: 'chunk_extensions' }],
  },
  {
    of: 'Header of a request for a route with `maxRequestHeader`',
    limit: 'of the route',
    http1: '431',
    http2: '431',
    metrics: [{ flag: 'headers_too_large' }],
  },
  {
    of: 'Body of a request for a route with `buffering.request`',
    limit: '1 MiB, or of the route',
    http1: '413',
    http2: '413',
    metrics: [{ flag: 'body_too_large' }],
  },
  {
    of: 'Requests of a client for a route with `rateLimits`',
    limit: 'of the route',
    http1: '429',
    http2: '429',
    metrics: [{ flag: 'rate_limited' }],
  },
  {
    of: 'Requests under way of a route with `maxRequests`, or of one address with `maxRequestsPerAddress`, a pod',
    limit: 'of the route',
    http1: '503',
    http2: '503',
    metrics: [{ flag: 'request_limit' }],
  },
  { of: 'Body', limit: 'maxRequestBodyBytes', http1: '413', http2: '413', metrics: [{ flag: 'body_too_large' }] },
  {
    of: 'Requests on a connection',
    limit: 'keepAliveRequests',
    http1: '`connection: close`',
    http2: 'GOAWAY in two steps',
    metrics: [{ http1: 'requests' }, { http2: 'requests' }],
  },
  {
    of: 'Requests at a time',
    limit: `${maxConcurrentStreams}; HTTP/1: 1`,
    http1: 'the next waits unread',
    http2: 'REFUSED_STREAM',
    metrics: [{ http2: 'concurrent_streams' }],
  },
  http2Only('Streams that are reset', allowance(resetAllowance), gone, 'resets'),
  http2Only('SETTINGS, acknowledgements included', allowance(settingsAllowance), gone, 'settings'),
  http2Only('PING', allowance(pingAllowance), gone, 'pings'),
  http2Only('PRIORITY, PRIORITY_UPDATE', `${allowance(priorityAllowance)}, 2 a request`, gone, 'priorities'),
  http2Only('WINDOW_UPDATE', `${allowance(windowUpdateAllowance)}, 10 a DATA frame that we send, 2 a request`, gone, 'window_updates'),
  http2Only('Empty DATA, unknown frames, frames of streams that are over', allowance(idleFrameAllowance), gone, 'idle_frames'),
  http2Only('CONTINUATION frames of one header', `${maxContinuations}`, gone, 'continuations'),
  http2Only('A header before decoding', `${kib(leastBlockBytes)}, or twice \`--max-header-size\``, gone, 'header_block'),
  http2Only('HPACK: decoded bytes of a header, repeated fields included', 'maxHeaderBytes', '431, nothing of the rest kept', 'header_list'),
  http2Only('HPACK table', '4 KiB', 'GOAWAY COMPRESSION_ERROR for a larger one', { reason: 'protocol_error' }),
  http2Only('Acknowledgement of our SETTINGS', 'headerTimeoutMs', 'GOAWAY SETTINGS_TIMEOUT', 'settings_ack'),
  {
    of: 'TLS handshakes under way, a worker',
    limit: 'maxHandshakes',
    http1: 'waits, or closed',
    http2: 'waits, or closed',
    metrics: [{ reason: 'handshake_limit' }],
  },
  {
    of: 'TLS handshake: time for all of it',
    limit: 'handshakeTimeoutMs',
    http1: 'closed',
    http2: 'closed',
    metrics: [{ reason: 'handshake_timeout' }],
  },
  {
    of: 'First byte',
    limit: 'firstByteTimeoutMs',
    http1: 'closed',
    http2: 'closed',
    metrics: [{ reason: 'initial_timeout' }],
  },
  {
    of: 'Slow header: time for all of it, or for a frame',
    limit: 'headerTimeoutMs',
    http1: '408, closed',
    http2: 'closed',
    metrics: [{ reason: 'header_timeout' }],
  },
  {
    of: `Slow body: silence, or of a declared length less than ${leastBytesPerSecond} bytes a second in the mean over`,
    limit: 'bodyTimeoutMs',
    http1: '408, closed',
    http2: `408, ${reset}`,
    metrics: [{ flag: 'request_timeout' }, { http2: 'stalled_stream' }],
  },
  {
    of: 'Slow reader: time for what the socket holds (16 KiB and more)',
    limit: 'bodyTimeoutMs',
    http1: 'connection reset',
    http2: 'connection reset',
    metrics: [{ reason: 'write_timeout' }],
  },
  http2Only(
    `Window that stays shut, or opens by less than ${leastBytesPerSecond} bytes a second in the mean, while bytes wait, over`,
    'bodyTimeoutMs',
    reset,
    'stalled_stream',
  ),
  {
    of: 'Silence between requests, where the route of the last one has no `connection.idleTimeout`',
    limit: 'keepAliveTimeoutMs',
    http1: 'closed',
    http2: 'GOAWAY',
    metrics: [{ reason: 'inactivity' }],
  },
  http2Only(
    'Body bytes of a stream before its backend took them',
    `${kib(streamWindowBytes)}, up to ${kib(grownStreamWindowBytes)} while the backend takes it at once`,
    'RST_STREAM FLOW_CONTROL_ERROR',
    'windows',
  ),
  http2Only('Body bytes of a connection', kib(connectionWindowBytes), 'GOAWAY FLOW_CONTROL_ERROR', 'windows'),
  http2Only(
    'Answer bytes of a connection that wait',
    `${kib(roomyBytes)}; ${kib(tightBytes)} while the worker is over half of its own limit`,
    'its backends are not read for a while',
    'queued_bytes',
  ),
  {
    of: 'Bytes of all connections that wait, a worker',
    limit: 'maxBufferedBytes',
    http1: 'what waits most for longest: connection reset',
    http2: 'what waits most for longest: RST_STREAM ENHANCE_YOUR_CALM',
    metrics: [{ http1: 'worker_buffers' }, { http2: 'worker_buffers' }],
  },
  {
    of: 'Connections, in all',
    limit: 'maxConnections',
    http1: 'reset at accept',
    http2: 'reset at accept',
    metrics: [{ reason: 'rejected' }],
  },
  {
    of: 'Connections of one address',
    limit: 'maxConnectionsPerIp',
    http1: 'reset at accept',
    http2: 'reset at accept',
    metrics: [{ reason: 'ip_limit' }],
  },
  backendLimit('Connections to a backend, a worker', 'connections'),
  backendLimit('Requests that wait for a connection to a backend, a worker', 'pendingRequests'),
  backendLimit('Requests of a backend under way, a worker', 'requests'),
  {
    of: 'New connections of one address a minute, in the pod',
    limit: 'connectionRatePerMinute',
    http1: 'reset at accept',
    http2: 'reset at accept',
    metrics: [{ reason: 'rate_limited' }],
  },
];

/** The table of limits for docs/connections.md. */
export function renderLimitTable(): string {
  const rows = limitRows.map(
    ({ of, limit, http1, http2, metrics }) =>
      `| ${of} | ${limitText(limit)} | ${http1} | ${http2} | ${metrics.map(metricText).join(', ')} |`,
  );
  return ['| limit of | default | over it, HTTP/1.1 | over it, HTTP/2 | counted as |', '|---|---|---|---|---|', ...rows].join('\n');
}

function limitText(limit: LimitRow['limit']): string {
  if (!(limit in options)) return limit;
  const { flag, value, default: defaultOf, defaultText } = options[limit as keyof Config];
  const format = value.format as (value: unknown) => string;
  const shown = defaultText ?? format(defaultOf({ system: noSystem, manifests: false }));
  return `${shown === '0' ? 'off' : shown} (\`--${flag}\`)`;
}

const noSystem = { env: {}, inPod: true, hostname: '', home: '', hasIpv6: false, podNamespace: undefined };

function metricText(metric: LimitMetric): string {
  if ('http1' in metric) return `\`http1_limits{${metric.http1}}\``;
  if ('http2' in metric) return `\`http2_limits{${metric.http2}}\``;
  return 'flag' in metric ? `flag \`${metric.flag}\`` : `reason \`${metric.reason}\``;
}

function http2Only(of: string, limit: LimitRow['limit'], http2: string, metric: Http2Limit | LimitMetric): LimitRow {
  return {
    of,
    limit,
    http1: '-',
    http2,
    metrics: [typeof metric === 'string' ? { http2: metric } : metric],
  };
}

/** A limit that only a SmartRoute sets. */
function backendLimit(of: string, field: 'connections' | 'pendingRequests' | 'requests'): LimitRow {
  return { of, limit: `off (\`policy.backend.limits.${field}\`)`, http1: '503', http2: '503', metrics: [{ flag: 'upstream_limit' }] };
}

function allowance({ capacity, perSecond }: { readonly capacity: number; readonly perSecond: number }): string {
  return `${capacity} at once, ${perSecond} a second`;
}

function kib(bytes: number): string {
  return `${bytes / 1024} KiB`;
}

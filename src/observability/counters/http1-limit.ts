/**
 * The limits of an HTTP/1 connection that no response flag or termination reason tells apart, with what happens when one is hit: the
 * `limit` label of `networkproxy_http1_limits_total`. The order is the layout of the counters, so it is part of the worker protocol.
 */
export const http1LimitMeanings = {
  header_bytes: 'a header was too large: the request was answered 431 and the connection ended',
  header_count: 'a header had too many fields: the request was answered 431 and the connection ended',
  trailers: 'the trailers of a request were too large: it was answered 431 and the connection ended',
  chunk_extensions: 'the chunk extensions of a request were too large: it was answered 413 and the connection ended',
  requests: 'the connection had its last request and was ended after its answer',
  worker_buffers: 'the worker held too much for slow clients, and this one most for longest: its connection was reset',
} as const;
export type Http1Limit = keyof typeof http1LimitMeanings;
export const http1Limits = Object.keys(http1LimitMeanings) as readonly Http1Limit[];

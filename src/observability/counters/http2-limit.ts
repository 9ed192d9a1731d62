/**
 * The limits of an HTTP/2 connection with what happens when one is hit: the `limit` label of `networkproxy_http2_limits_total`. The order
 * is the layout of the counters, so it is part of the worker protocol.
 */
export const http2LimitMeanings = {
  concurrent_streams: 'a request more than may run at a time was refused; the client may send it again',
  requests: 'the connection had its last request and was asked to end',
  resets: 'too many streams were reset: the connection ended',
  settings: 'too many SETTINGS frames: the connection ended',
  pings: 'too many PING frames: the connection ended',
  priorities: 'too many priority signals: the connection ended',
  window_updates: 'too many WINDOW_UPDATE frames: the connection ended',
  idle_frames: 'too many frames without use, such as empty DATA: the connection ended',
  continuations: 'a header block came in too many pieces: the connection ended',
  header_block: 'a header block was too large before decoding: the connection ended',
  header_list: 'a header was too large or had too many fields: the request was answered 431',
  queued_bytes: 'too much of the answers waited for the client: its backends were not read for a while',
  stalled_stream: 'the client took next to nothing of an answer, or sent next to nothing of a body, for too long: the stream was reset',
  windows: 'more of a body came than its window allowed: the stream was reset, or the connection ended',
  settings_ack: 'the client did not acknowledge our SETTINGS in time: the connection ended',
  worker_buffers: 'the worker held too much for slow peers, and this connection most for longest: its streams that did not move were reset',
} as const;
export type Http2Limit = keyof typeof http2LimitMeanings;
export const http2Limits = Object.keys(http2LimitMeanings) as readonly Http2Limit[];

/** Which side ended a connection first: `proxy` when we did, of our own accord. */
export const connectionSides = ['client', 'upstream', 'proxy'] as const;
export type ConnectionSide = (typeof connectionSides)[number];

/**
 * Why a connection ended: the first cause, on the record, in the access log and as the `reason` label, all from this one list. The
 * order is the layout of the counters, so it is part of the worker protocol.
 */
export const terminationReasons = [
  'normal', // ended in order by the side named
  'error', // a socket error without a name of its own here
  'econnreset',
  'etimedout',
  'epipe',
  'econnrefused',
  'ehostunreach',
  'enetunreach',
  'eaddrnotavail',
  'emfile', // out of file descriptors
  'initial_timeout', // no first byte in time
  'handshake_timeout',
  'handshake_failed', // the TLS handshake ended with an alert or garbage
  'header_timeout', // the request head did not come in time
  'body_timeout',
  'dial_timeout',
  'upstream_timeout', // the upstream accepted and did not answer in time
  'inactivity',
  'connection_timeout', // the connection's lifetime limit
  'write_timeout', // the peer did not take our bytes
  'protocol_error', // the peer broke HTTP, TLS or PROXY framing
  'limit_exceeded', // a header, body or buffer limit
  'pending_data_overflow',
  'rejected', // over the connection limit in all
  'ip_blocked', // by the allow or deny list
  'ip_limit', // over the limit of one address
  'rate_limited',
  'no_sni',
  'no_route',
  'no_endpoints',
  'upstream_failed', // every dial failed
  'proxy_header_invalid',
  'unauthenticated_loopback', // NetworkProxy's loopback port was reached by somebody else
  'route_removed',
  'endpoint_removed',
  'nftables_handled',
  'killed', // by hand
  'drain',
  'shutdown',
  'worker_lost', // the worker process died with it
  'zombie_cleanup', // found by the sweep: a bug
] as const;
export type TerminationReason = (typeof terminationReasons)[number];

const reasonByErrorCode: Readonly<Record<string, TerminationReason>> = {
  ECONNRESET: 'econnreset',
  ETIMEDOUT: 'etimedout',
  EPIPE: 'epipe',
  ECONNREFUSED: 'econnrefused',
  EHOSTUNREACH: 'ehostunreach',
  ENETUNREACH: 'enetunreach',
  EADDRNOTAVAIL: 'eaddrnotavail',
  EMFILE: 'emfile',
  ENFILE: 'emfile',
};

/** The reason for a socket error by its `code`; `error` when it has none of its own. */
export function reasonOfSocketError(error: { readonly code?: string | undefined }): TerminationReason {
  return (error.code !== undefined && reasonByErrorCode[error.code]) || 'error';
}

/** Index of (side, reason) in a flat counter array. */
export function closedIndex(side: ConnectionSide, reason: TerminationReason): number {
  return connectionSides.indexOf(side) * terminationReasons.length + terminationReasons.indexOf(reason);
}

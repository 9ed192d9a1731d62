/** Which side ended a connection first: `proxy` when we did, of our own accord. */
export const connectionSides = ['client', 'upstream', 'proxy'] as const;
export type ConnectionSide = (typeof connectionSides)[number];

/**
 * Why a connection ended, with what each reason means: the first cause, on the record, in the access log, as the `reason` label and in
 * docs/connections.md, all from this one table. The order is the layout of the counters, so it is part of the worker protocol.
 */
export const terminationReasonMeanings = {
  normal: 'ended in order by the side named',
  error: 'a socket error without a name of its own here',
  econnreset: 'the peer reset the connection',
  etimedout: 'the network gave up on the peer',
  epipe: 'the peer had closed while we wrote',
  econnrefused: 'nothing listens at the endpoint',
  ehostunreach: 'no way to the host',
  enetunreach: 'no way to the network',
  eaddrnotavail: 'no local address or port left to dial from',
  emfile: 'out of file descriptors',
  initial_timeout: 'no first byte in time',
  handshake_timeout: 'the TLS handshake took too long',
  handshake_failed: 'the side named refused the TLS handshake with an alert, or the client left it',
  handshake_limit: 'over the limit of TLS handshakes under way',
  header_timeout: 'the request head did not come in time',
  body_timeout: 'the request body stalled or came too slowly',
  dial_timeout: 'the endpoint did not accept in time',
  upstream_timeout: 'the upstream accepted and did not answer in time',
  inactivity: 'no byte in either direction for too long',
  connection_timeout: 'over the lifetime limit of connections',
  write_timeout: 'the peer did not take our bytes',
  protocol_error: 'the peer broke HTTP, TLS or PROXY framing',
  limit_exceeded: 'over a limit of header, body or buffer',
  rejected: 'over the limit of connections in all',
  ip_blocked: 'refused by the allow or deny list',
  maintenance: 'the route is closed for maintenance',
  ip_limit: 'over the limit of connections of one address',
  route_limit: 'over the limit of connections of one route',
  rate_limited: 'over the connection rate of one address, or over a rate limit of the route',
  no_sni: 'the ClientHello names no server and nothing serves such connections',
  no_route: 'nothing is routed for this name or port',
  no_endpoints: 'the service has no endpoint to use',
  upstream_failed: 'every dial failed',
  upstream_limit: 'the service has as many connections as its route lets it have',
  proxy_header_invalid: 'a PROXY header was required and is missing or malformed',
  unauthenticated_loopback: "NetworkProxy's loopback port was reached by somebody else",
  nftables_handled: 'the kernel forwards this route, and the connection came to a worker all the same',
  route_removed: 'the route went away',
  endpoint_removed: 'the endpoint went away',
  killed: 'ended by hand',
  overload: 'the worker is short of memory or time: idle, or answered for the last time',
  drain: 'the process drains: idle, answered for the last time, or still open at the end of the drain time',
  shutdown: 'the process stopped',
  worker_lost: 'the worker process died with it',
  zombie_cleanup: 'found by the sweep, which is a bug in this program',
} as const;
export type TerminationReason = keyof typeof terminationReasonMeanings;
export const terminationReasons = Object.keys(terminationReasonMeanings) as readonly TerminationReason[];

const reasonByErrorCode: ReadonlyMap<string | undefined, TerminationReason> = new Map([
  ['ECONNRESET', 'econnreset'],
  ['ETIMEDOUT', 'etimedout'],
  ['EPIPE', 'epipe'],
  ['ECONNREFUSED', 'econnrefused'],
  ['EHOSTUNREACH', 'ehostunreach'],
  ['ENETUNREACH', 'enetunreach'],
  ['EADDRNOTAVAIL', 'eaddrnotavail'],
  ['EMFILE', 'emfile'],
  ['ENFILE', 'emfile'],
]);

/** The reason for a socket error by its `code`; `error` when it has none of its own. */
export function reasonOfSocketError(error: { readonly code?: string | undefined }): TerminationReason {
  return reasonByErrorCode.get(error.code) ?? 'error';
}

/** Index of (side, reason) in a flat counter array. */
export function closedIndex(side: ConnectionSide, reason: TerminationReason): number {
  return connectionSides.indexOf(side) * terminationReasons.length + terminationReasons.indexOf(reason);
}

/**
 * Why a datagram of a client, or the answer to one, went nowhere, with what each reason means: the `reason` label of
 * `smartproxy_udp_dropped_datagrams_total`. The order is the layout of the counters, so it is part of the worker protocol.
 */
export const udpDropMeanings = {
  ip_blocked: 'refused by the allow or deny list',
  session_limit: 'over the limit of sessions in the worker, `--max-udp-sessions`',
  route_limit: 'over the limit of sessions of the route',
  ip_limit: 'over the limit of connections of one address, `--max-connections-per-ip`, or over that of the route',
  rate_limited: 'over the rate of new sessions of one address, `--connection-rate`, or over one of the route',
  no_route: 'nothing is routed for this port',
  no_endpoints: 'the service has no endpoint to use',
  nftables_handled: 'the kernel forwards this route, and this datagram did not meet its rules',
  congested: 'too much waits to be sent already',
  send_failed: 'the system refused to send it',
} as const;
export type UdpDropReason = keyof typeof udpDropMeanings;
export const udpDropReasons = Object.keys(udpDropMeanings) as readonly UdpDropReason[];

/** Why a UDP session ended: the `reason` label of `smartproxy_udp_sessions_closed_total`. The order is the layout of the counters. */
export const udpEndMeanings = {
  idle: 'no datagram in either direction for the idle time',
  ip_blocked: 'a list that changed refuses the client',
  route_removed: 'the route, or its listener, went away',
  killed: 'ended by hand',
  shutdown: 'the process stopped',
  worker_lost: 'the worker process died with it',
} as const;
export type UdpEndReason = keyof typeof udpEndMeanings;
export const udpEndReasons = Object.keys(udpEndMeanings) as readonly UdpEndReason[];

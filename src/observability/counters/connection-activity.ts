/**
 * What open connections are doing: the `state` label of `smartproxy_connections_by_state`, in order. `dialing` and `forwarding` are the
 * direct path (passthrough), `handed_over` is NetworkProxy's; with the loopback transport its second connection is dialled and forwarded to.
 */
export const connectionActivities = ['accepted', 'sniffing', 'routing', 'dialing', 'forwarding', 'handed_over'] as const;

/** How connections reach NetworkProxy: the `transport` label of `smartproxy_bridge_connections_total`. */
export const bridgeTransports = ['handoff', 'loopback'] as const;
export type BridgeTransport = (typeof bridgeTransports)[number];

/** Versions of HTTP that clients speak: the `protocol` label of `networkproxy_requests_total`. */
export const httpProtocols = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2'] as const;

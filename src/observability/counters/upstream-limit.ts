/**
 * The limits of a service (`policy.backend.limits`), with what happens when one is hit: the `limit` label of
 * `networkproxy_upstream_limits_total`. The order is the layout of the counters, so it is part of the worker protocol.
 */
export const upstreamLimitMeanings = {
  connections:
    'the service had as many connections as it may, none of them idle: the request was answered 503, the passthrough connection ended',
  pending_requests: 'as many requests as may waited for a connection to open: the request was answered 503',
  requests: 'the service had as many requests under way as it may: the request was answered 503',
  retries: 'the budget of retries was spent: what had happened to the request was the answer',
} as const;
export type UpstreamLimit = keyof typeof upstreamLimitMeanings;
export const upstreamLimits = Object.keys(upstreamLimitMeanings) as readonly UpstreamLimit[];

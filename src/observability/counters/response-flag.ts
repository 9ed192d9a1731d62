/**
 * Why a response that we made ourselves was made, in the log (`flag`) and the metrics. A response of the upstream has none. The error
 * table in NetworkProxy maps each to a status and a body.
 */
export const responseFlags = [
  'no_host', // 404: no route for this host
  'no_path', // 404: the host is known, the path is not
  'no_service', // 503: the backend does not exist or has no such port
  'no_endpoints', // 503: no endpoint is ready
  'upstream_connect_failed', // 502
  'upstream_connect_timeout', // 504
  'upstream_reset', // 502: the upstream ended before its answer's head
  'upstream_protocol_error', // 502: the answer's framing is wrong
  'upstream_response_too_large', // 502: the answer's head is over the limit
  'upstream_timeout', // 504
  'upstream_truncated', // the answer broke off after its head; the client's connection is cut
  'bad_request', // 400
  'request_timeout', // 408
  'uri_too_long', // 414
  'headers_too_large', // 431
  'body_too_large', // 413
  'expectation_failed', // 417
  'upgrade_refused', // 400 or 501
  'version_unsupported', // 505
  'method_unsupported', // 501: CONNECT
  'misdirected', // 421
  'redirect_https', // 308
  'route_redirect',
  'route_response',
  'overload', // 503
  'client_gone', // 499 in the log only: the client left before the answer
  'draining',
] as const;
export type ResponseFlag = (typeof responseFlags)[number];

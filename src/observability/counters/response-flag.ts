/**
 * Why a response that we made ourselves was made, with what each flag means: in the access log (`flag`), as a label and in
 * docs/connections.md, all from this one table. An answer of the upstream has none. NetworkProxy's error table maps each flag to a
 * status and a body.
 */
export const responseFlagMeanings = {
  no_host: 'no route for this host',
  no_path: 'the host is known, the path is not',
  patterns_too_costly:
    'what the request meets is decided by patterns that would cost a worker too much to try: too many of them, or too long a text',
  rewrite_failed: 'the pattern by which the route rewrites paths made one that no backend may get; the detail says what is wrong with it',
  no_service: 'the backend does not exist, has no such port, or what guards it can not be read',
  no_endpoints: 'no endpoint is ready',
  upstream_connect_failed: 'no endpoint could be dialled',
  upstream_connect_timeout: 'the endpoint did not accept in time',
  upstream_reset: "the upstream ended before its answer's head",
  upstream_protocol_error: "the answer's framing is wrong",
  upstream_response_too_large: "the answer's head is over the limit",
  upstream_timeout: 'the upstream did not answer in time',
  deadline_exceeded: 'the time that a gRPC call gave itself (grpc-timeout), or its route gives every request, has passed',
  upstream_limit: 'the service has as many connections or requests as its route lets it have',
  upstream_truncated: "the answer broke off after its head, so the client's connection is cut",
  bad_request: 'the request is malformed or ambiguous',
  request_timeout: 'the request did not come in time',
  uri_too_long: 'the request line is over the limit',
  headers_too_large: 'the request head is over a limit',
  body_too_large: 'the request body is over the limit',
  expectation_failed: 'an Expect header other than 100-continue',
  upgrade_refused: 'an upgrade that is malformed or not allowed',
  version_unsupported: 'an HTTP version that is not served',
  method_unsupported: 'CONNECT',
  misdirected: 'the host is passed through, or the certificate of the HTTP/2 connection does not cover it',
  redirect_https: 'redirected to HTTPS',
  route_redirect: 'the route redirects',
  route_response: 'the route or an ACME challenge answers by itself',
  route_blocked: 'the route refuses',
  client_refused: "the route's list of clients refuses the address",
  error_page: "an error of the upstream that the route's page took the place of",
  rate_limited: 'over a rate limit of the route',
  request_limit: 'the route, or the client of it, has as many requests under way as it may',
  maintenance: 'the route is closed for maintenance',
  auth_required: 'the request does not say who it is from, or nobody that the route lets in',
  auth_login: 'the browser is on its way through a login or logout',
  auth_refused: 'the route knows who the request is from, and does not let them in',
  auth_unavailable: 'the route asks who the request is from, and nobody could say',
  overload: 'the worker is short of memory or time, or the endpoint has as many connections as it may',
  client_gone: 'the client left before the answer (499, in the log only)',
  draining: 'the worker is draining',
} as const;
export type ResponseFlag = keyof typeof responseFlagMeanings;
export const responseFlags = Object.keys(responseFlagMeanings) as readonly ResponseFlag[];

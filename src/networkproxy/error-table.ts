import type { ResponseFlag } from '../observability/counters/response-flag.ts';

/** What a client is told. */
export interface ErrorRow {
  /** 0: nothing can be sent any more; the status is for the log only. */
  readonly status: number;
  /** The whole body, one line: names what went wrong and nothing of the inside (no address, no object name, no version). */
  readonly text: string;
}

/** The one table that maps every answer of our own making to a status and a body. */
export const errorTable: Readonly<Record<ResponseFlag, ErrorRow>> = {
  no_host: { status: 404, text: 'No route for this host' },
  no_path: { status: 404, text: 'No route for this path' },
  patterns_too_costly: { status: 503, text: 'This request is too long for the patterns of its host' },
  rewrite_failed: { status: 500, text: 'The route makes no valid path of this one' },
  no_service: { status: 503, text: 'The backend of this route can not be used' },
  no_endpoints: { status: 503, text: 'No endpoint of the backend is ready' },
  upstream_connect_failed: { status: 502, text: 'The backend can not be reached' },
  upstream_connect_timeout: { status: 504, text: 'The backend did not accept the connection in time' },
  upstream_reset: { status: 502, text: 'The backend closed the connection without an answer' },
  upstream_protocol_error: { status: 502, text: 'The backend sent an invalid answer' },
  upstream_response_too_large: { status: 502, text: 'The header of the backend answer is too large' },
  upstream_timeout: { status: 504, text: 'The backend did not answer in time' },
  deadline_exceeded: { status: 504, text: 'The deadline of the request has passed' },
  upstream_limit: { status: 503, text: 'The backend has as much to do as it may' },
  upstream_truncated: { status: 0, text: '' },
  bad_request: { status: 400, text: 'Bad request' },
  request_timeout: { status: 408, text: 'The request did not arrive in time' },
  uri_too_long: { status: 414, text: 'The request target is too long' },
  headers_too_large: { status: 431, text: 'The request header is too large' },
  body_too_large: { status: 413, text: 'The request body is too large' },
  expectation_failed: { status: 417, text: 'The expectation is not supported' },
  upgrade_refused: { status: 400, text: 'The upgrade is not possible' },
  version_unsupported: { status: 505, text: 'The HTTP version is not supported' },
  method_unsupported: { status: 501, text: 'The method is not supported' },
  misdirected: { status: 421, text: 'This host is not served over this connection' },
  redirect_https: { status: 308, text: 'Use HTTPS' },
  route_redirect: { status: 302, text: 'Moved' },
  route_response: { status: 200, text: '' },
  route_blocked: { status: 403, text: 'Forbidden' },
  client_refused: { status: 403, text: 'Forbidden' },
  error_page: { status: 502, text: 'The backend failed' },
  rate_limited: { status: 429, text: 'Too many requests' },
  request_limit: { status: 503, text: 'Too many requests at once' },
  maintenance: { status: 503, text: 'Down for maintenance' },
  auth_required: { status: 401, text: 'Unauthorized' },
  auth_login: { status: 302, text: 'Moved' },
  auth_refused: { status: 403, text: 'Forbidden' },
  auth_unavailable: { status: 503, text: 'Who is asking can not be found out at the moment' },
  overload: { status: 503, text: 'Too busy, try again later' },
  client_gone: { status: 499, text: '' },
  draining: { status: 503, text: 'Shutting down' },
};

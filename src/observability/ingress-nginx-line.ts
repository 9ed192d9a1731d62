import type { ConnectionLogEntry, LoggedAttempt, LoggedHead, RequestLogFacts, SessionLogEntry } from './access-log-entry.ts';
import type { TerminationReason } from './counters/termination-reason.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const protocols: Readonly<Record<string, string>> = { 'HTTP/2': 'HTTP/2.0' };

/**
 * A request as ingress-nginx logs it by default (`log-format-upstream`), so that parsers made for it go on working:
 * `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length
 * $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time
 * $upstream_status $req_id`. Times in seconds. Of several attempts each has its place in lists: `a, b`, and ` : ` before that for an error page.
 */
export function ingressNginxLine(entry: RequestLogFacts, head: LoggedHead, at: Date): string {
  const { status, bytesReceived, bytesSent, endpoint, attempts, durationMs } = entry;
  const request = head.method === '' ? '' : escaped(`${head.method} ${head.target} ${protocols[entry.protocol] ?? entry.protocol}`);
  const seconds = inSeconds(durationMs);
  const passed = passedBytes(entry);
  const single = endpoint === undefined ? '- - - -' : `${endpoint} ${passed} ${seconds} ${shown(status)}`;
  const upstream = attempts === undefined ? single : upstreamLists(attempts, passed);
  return (
    `${entry.remoteAddress} - ${quotable(entry.user)} [${timeLocal(at)}] "${request}" ${padded(status)} ${bytesSent} ` +
    `"${quotable(fieldOf(head, 'referer'))}" "${quotable(fieldOf(head, 'user-agent'))}" ${headLength(head) + bytesReceived} ${seconds} ` +
    `[${upstreamName(entry.service)}] [] ${upstream} ${entry.requestId}`
  );
}

/** Of the body that the last one asked has sent: none where what the client got is of our making. */
function passedBytes({ status, flag, attempts, bytesSent }: RequestLogFacts): number {
  const last = attempts?.at(-1);
  const hasFailed = flag?.startsWith('upstream_') === true && flag !== 'upstream_truncated';
  const isOwn = last?.page === true ? last.status !== status : hasFailed;
  return isOwn ? 0 : bytesSent;
}

/** What nginx says of several attempts: of all but the last it has passed nothing on. @param passed of the last */
function upstreamLists(attempts: readonly LoggedAttempt[], passed: number): string {
  const last = attempts.length - 1;
  const list = (textOf: (attempt: LoggedAttempt, index: number) => string | number): string =>
    attempts.reduce((text, attempt, index) => {
      const isOther = attempt.page === true && attempts[index - 1]?.page !== true;
      return `${text}${index === 0 ? '' : isOther ? ' : ' : ', '}${textOf(attempt, index)}`;
    }, '');
  const lengths = list((_, index) => (index === last ? passed : 0));
  return `${list(({ endpoint }) => endpoint)} ${lengths} ${list(({ durationMs }) => inSeconds(durationMs))} ${list(({ status }) => shown(status))}`;
}

function shown(status: number): string {
  return status === 0 ? '-' : String(status);
}

/** A connection as ingress-nginx logs streams: `[$remote_addr] [$time_local] $protocol $status $bytes_sent $bytes_received $session_time`. */
export function ingressNginxStreamLine(entry: ConnectionLogEntry, at: Date): string {
  const { remoteAddress, bytesSent, bytesReceived, durationMs, reason } = entry;
  return `[${remoteAddress}] [${timeLocal(at)}] TCP ${streamStatus(reason)} ${bytesSent} ${bytesReceived} ${inSeconds(durationMs)}`;
}

/** A UDP session, as a line of the same format. */
export function ingressNginxSessionLine(entry: SessionLogEntry, at: Date): string {
  const { remoteAddress, bytesSent, bytesReceived, durationMs, reason, endpoint } = entry;
  const status = reason === 'ip_blocked' ? 403 : endpoint === undefined ? 502 : 200;
  return `[${remoteAddress}] [${timeLocal(at)}] UDP ${status} ${bytesSent} ${bytesReceived} ${inSeconds(durationMs)}`;
}

/**
 * The status that nginx gives a stream: 200 for all that went to a backend, however it ended; 400 for a client that could not be understood,
 * 403 for one that may not, 500 for a fault of ours, 502 when no backend was reached, 503 over a limit.
 */
const streamStatuses: Readonly<Record<TerminationReason, number>> = {
  normal: 200,
  error: 200,
  econnreset: 200,
  etimedout: 200,
  epipe: 200,
  econnrefused: 502,
  ehostunreach: 502,
  enetunreach: 502,
  eaddrnotavail: 502,
  emfile: 502,
  initial_timeout: 400,
  handshake_timeout: 400,
  handshake_failed: 400,
  handshake_limit: 503,
  header_timeout: 400,
  body_timeout: 400,
  dial_timeout: 502,
  upstream_timeout: 502,
  inactivity: 200,
  connection_timeout: 200,
  write_timeout: 200,
  protocol_error: 400,
  limit_exceeded: 400,
  rejected: 503,
  ip_blocked: 403,
  maintenance: 403,
  ip_limit: 503,
  route_limit: 503,
  rate_limited: 503,
  no_sni: 403,
  no_route: 403,
  no_endpoints: 502,
  upstream_failed: 502,
  upstream_limit: 503,
  proxy_header_invalid: 400,
  unauthenticated_loopback: 403,
  nftables_handled: 502,
  route_removed: 200,
  endpoint_removed: 200,
  killed: 200,
  overload: 503,
  drain: 200,
  shutdown: 200,
  worker_lost: 500,
  zombie_cleanup: 500,
};

/** @param reason undefined: it ended without one, in order */
function streamStatus(reason: TerminationReason | undefined): number {
  return reason === undefined ? 200 : streamStatuses[reason];
}

/** `29/Nov/2026:10:24:27 +0000`: in UTC, as in every container. */
function timeLocal(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

function inSeconds(ms: number): string {
  return (Math.round(ms) / 1000).toFixed(3);
}

/** nginx writes three digits. */
function padded(status: number): string {
  return String(status).padStart(3, '0');
}

/** `namespace-name-port`. */
function upstreamName(service: string | undefined): string {
  const [, namespace, name, port] = /^([^/]+)\/([^:]+):(\d+)/.exec(service ?? '') ?? [];
  return namespace === undefined ? '' : `${namespace}-${name}-${port}`;
}

function headLength({ method, target, headers }: LoggedHead): number {
  let length = method.length + target.length + 14;
  for (const text of headers) length += text.length + 2;
  return length;
}

function fieldOf({ headers }: LoggedHead, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** `-` stands for nothing. */
function quotable(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : escaped(text);
}

/** As nginx escapes by default: quotation marks, backslashes and what is no printable ASCII as `\xHH`. Texts are latin1. */
function escaped(text: string): string {
  return text.replace(/["\\]|[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

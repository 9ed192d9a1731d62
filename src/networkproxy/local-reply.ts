import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import type { RespondAction } from '../routes/route.ts';
import { errorTable } from './error-table.ts';
import { reasonPhrase } from './http1/reason-phrases.ts';
import { serialiseFields } from './http1/serialise-head.ts';

/** An answer of our own making. */
export interface LocalReply {
  readonly flag: ResponseFlag;
  readonly status: number;
  /** The body, a character a byte. */
  readonly body: string;
  /** More fields, flat; a `content-type` among them takes the place of plain text. */
  readonly headers: readonly string[];
  /** For the log only: the broken rule, or the `reason` of a route that can't be served. */
  readonly detail: string | undefined;
}

/** The reply that the error table has for `flag`; `status` overrides the table's. */
export function errorReply(flag: ResponseFlag, detail?: string, status: number = errorTable[flag].status): LocalReply {
  return { flag, status, body: `${status} ${errorTable[flag].text}\n`, headers: [], detail };
}

/** A redirect to `location`, which must be free of control characters. */
export function redirectReply(flag: 'redirect_https' | 'route_redirect', status: number, location: string): LocalReply {
  return { flag, status, body: `${status} ${errorTable[flag].text}\n`, headers: ['location', location], detail: undefined };
}

/** A 200 with a text that we know (an ACME answer). */
export function textReply(body: string): LocalReply {
  return { flag: 'route_response', status: 200, body, headers: ['cache-control', 'no-store'], detail: undefined };
}

/** What a route says by itself. */
export function routeReply({ status, headers, body }: RespondAction): LocalReply {
  return { flag: 'route_response', status, body: Buffer.from(body, 'utf8').toString('latin1'), headers, detail: undefined };
}

/** What the answer says beside the type of its own body, flat. */
export function fieldsBesideType({ headers }: LocalReply): readonly string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type');
}

/** The fields of the answer, flat. */
export function localReplyHeaders(reply: LocalReply, now: Date): readonly string[] {
  const date = ['date', now.toUTCString()];
  // Without content by definition (RFC 9110, 8.6 and 15.4.5): a length would speak of another answer.
  if (reply.status === 204 || reply.status === 304) return [...date, ...reply.headers];
  const type = reply.headers.includes('content-type') ? [] : ['content-type', 'text/plain; charset=utf-8'];
  return [...date, ...type, 'content-length', String(reply.body.length), ...reply.headers];
}

/** The whole answer as latin1 text. `headOnly` leaves the body away (answers to HEAD). */
export function serialiseLocalReply(reply: LocalReply, keepAlive: boolean, headOnly: boolean, now: Date): string {
  const lines = serialiseFields(localReplyHeaders(reply, now));
  const head = `HTTP/1.1 ${reply.status} ${reasonPhrase(reply.status)}\r\n${lines}${keepAlive ? '' : 'connection: close\r\n'}\r\n`;
  return headOnly ? head : head + reply.body;
}

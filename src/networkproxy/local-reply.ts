import type { ResponseFlag } from '../observability/counters/response-flag.ts';
import { errorTable } from './error-table.ts';

/** An answer of our own making. */
export interface LocalReply {
  readonly flag: ResponseFlag;
  readonly status: number;
  /** The body, ASCII. */
  readonly body: string;
  /** More header lines, each ended by CRLF; '' for none. */
  readonly headerLines: string;
  /** For the log only: the broken rule, or the `reason` of a route that can't be served. */
  readonly detail: string | undefined;
}

const reasonPhrases: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** The reply that the error table has for `flag`; `status` overrides the table's. */
export function errorReply(flag: ResponseFlag, detail?: string, status: number = errorTable[flag].status): LocalReply {
  return { flag, status, body: `${status} ${errorTable[flag].text}\n`, headerLines: '', detail };
}

/** A redirect to `location`, which must be free of control characters. */
export function redirectReply(flag: 'redirect_https' | 'route_redirect', status: number, location: string): LocalReply {
  return { flag, status, body: `${status} ${errorTable[flag].text}\n`, headerLines: `location: ${location}\r\n`, detail: undefined };
}

/** A 200 with a text that we know (an ACME answer). */
export function textReply(body: string): LocalReply {
  return { flag: 'route_response', status: 200, body, headerLines: 'cache-control: no-store\r\n', detail: undefined };
}

/** The whole answer as latin1 text. `headOnly` leaves the body away (answers to HEAD). */
export function serialiseLocalReply(reply: LocalReply, keepAlive: boolean, headOnly: boolean, now: Date): string {
  const phrase = reasonPhrases[reply.status] ?? 'Error';
  const head =
    `HTTP/1.1 ${reply.status} ${phrase}\r\ndate: ${now.toUTCString()}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
    `content-length: ${reply.body.length}\r\n${reply.headerLines}${keepAlive ? '' : 'connection: close\r\n'}\r\n`;
  return headOnly ? head : head + reply.body;
}

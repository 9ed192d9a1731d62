import { hasDate, httpDate } from '../http-date.ts';
import type { BodyFraming, RequestHead, ResponseHead } from './message-handler.ts';
import { serialiseResponseHead } from './serialise-head.ts';

const noBody: BodyFraming = { kind: 'none' };
const chunkedBody: BodyFraming = { kind: 'chunked' };
const closeBody: BodyFraming = { kind: 'close' };

/** The framing for an HTTP/1.x client: lengths stay; the rest is chunked, or ends with the connection for HTTP/1.0. */
export function clientFraming(head: ResponseHead, request: RequestHead): BodyFraming {
  const { kind } = head.body;
  if (kind === 'none' || kind === 'length') return head.body;
  return request.version >= 11 ? chunkedBody : closeBody;
}

/** The head of the answer as the client gets it. A valid Content-Length is in the list still; what belonged to the upstream hop is not. */
export function clientResponseHead(head: ResponseHead, framing: BodyFraming, keepAlive: boolean, version: number): string {
  let extra = hasDate(head.headers) ? '' : `date: ${httpDate(Date.now())}\r\n`;
  if (!keepAlive) extra += 'connection: close\r\n';
  else if (version === 10) extra += 'connection: keep-alive\r\n';
  return serialiseResponseHead(head.status, head.reason, head.headers, framing, extra);
}

/** A 1xx head: a 101 with the protocol that it switches to, a 103 with its links. */
export function informationalHead(head: ResponseHead): string {
  const extra = head.upgrade === undefined ? '' : `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
  return serialiseResponseHead(head.status, head.reason, head.headers, noBody, extra);
}

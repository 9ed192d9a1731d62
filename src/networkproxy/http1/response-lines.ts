import { hasDate, httpDate } from '../http-date.ts';
import type { BodyFraming, RequestHead, ResponseHead } from './message-handler.ts';
import { lastFieldValue } from './request-lines.ts';
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
export function clientResponseHead(head: ResponseHead, framing: BodyFraming, keepAlive: boolean, request: RequestHead): string {
  const { version } = request;
  let extra = hasDate(head.headers) ? '' : `date: ${httpDate(Date.now())}\r\n`;
  if (head.version === 20 && framing.kind === 'none' && lacksLength(head, request)) extra += 'content-length: 0\r\n';
  if (!keepAlive) extra += 'connection: close\r\n';
  else if (version === 10) extra += 'connection: keep-alive\r\n';
  return serialiseResponseHead(head.status, head.reason, head.headers, framing, extra);
}

/**
 * An HTTP/2 backend says with END_STREAM that there is no body. Without a word of it an HTTP/1.1 client would wait for the connection's
 * end, and take the next answer for this one's body.
 */
function lacksLength({ status, headers }: ResponseHead, { method }: RequestHead): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304 && lastFieldValue(headers, 'content-length') === undefined;
}

/** A 1xx head: a 101 with the protocol that it switches to, a 103 with its links. */
export function informationalHead(head: ResponseHead): string {
  const extra = head.upgrade === undefined ? '' : `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
  return serialiseResponseHead(head.status, head.reason, head.headers, noBody, extra);
}

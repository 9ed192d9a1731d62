import { forwardedFields, type OutgoingRequest } from '../../forwarded-fields.ts';
import { isWrittenByUs } from '../../http1/request-lines.ts';
import { isReplacedTraceField } from '../../trace-context.ts';

/**
 * The header list of a request for an HTTP/2 backend, pseudo-headers first (RFC 9113 section 8.3.1); a WebSocket is an extended CONNECT
 * (RFC 8441 section 4). `te: trailers` always: whoever speaks HTTP/2 here gets trailers passed on.
 * @param scheme of the backend's connection; what the client spoke is in X-Forwarded-Proto
 */
export function requestFieldList(outgoing: OutgoingRequest, scheme: 'http' | 'https'): readonly string[] {
  const { head, requestId, traceparent } = outgoing;
  const isWebSocket = head.upgrade !== undefined;
  const fields = [':method', isWebSocket ? 'CONNECT' : head.method, ':scheme', scheme, ':path', head.target];
  if (head.authority !== '') fields.push(':authority', head.authority);
  if (isWebSocket) fields.push(':protocol', 'websocket');
  const { headers } = head;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (isWrittenByUs(name) || (isWebSocket && name === 'sec-websocket-key')) continue;
    if (isReplacedTraceField(name, outgoing)) continue;
    fields.push(name, headers[i + 1] as string);
  }
  for (const text of forwardedFields(outgoing)) fields.push(text);
  fields.push('x-request-id', requestId, 'te', 'trailers');
  if (traceparent !== undefined) fields.push('traceparent', traceparent);
  return fields;
}

import { forwardedLines, type OutgoingRequest } from '../forwarded-fields.ts';
import { isReplacedTraceField } from '../trace-context.ts';

/**
 * The head of the request as an HTTP/1.1 backend gets it, latin1, ended by the empty line. The parser has left out what belongs to the
 * client's connection; here goes what the client may not say of itself.
 */
export function upstreamRequestHead(outgoing: OutgoingRequest): string {
  const { head, requestId, traceparent } = outgoing;
  const { headers, upgrade } = head;
  let text = `${head.method} ${head.target} HTTP/1.1\r\nhost: ${head.authority}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (isWrittenByUs(name) || isReplacedTraceField(name, outgoing)) continue;
    text += `${name}: ${headers[i + 1] as string}\r\n`;
  }
  text += `${forwardedLines(outgoing)}x-request-id: ${requestId}\r\n`;
  if (traceparent !== undefined) text += `traceparent: ${traceparent}\r\n`;
  if (head.body.kind === 'chunked') text += 'transfer-encoding: chunked\r\n';
  if (upgrade !== undefined) text += `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
  return `${text}\r\n`;
}

/** The client's own is not passed on. By length first: this runs for every header of every request. Any X-Forwarded-* is ours, known or not. */
export function isWrittenByUs(name: string): boolean {
  switch (name.length) {
    case 9:
      return name === 'x-real-ip' || name === 'forwarded';
    case 12:
      return name === 'x-request-id';
    default:
      return name.length > 12 && name.charCodeAt(0) === 0x78 /* x */ && name.startsWith('x-forwarded-');
  }
}

/** The `X-Request-ID` of a request, if it has one that is fit to be logged. */
export function receivedRequestId(headers: readonly string[]): string | undefined {
  const value = fieldValue(headers, 'x-request-id');
  return value !== undefined && /^[\w.:/+=-]{1,128}$/.test(value) ? value : undefined;
}

/** The first value of a field in a flat list. */
export function fieldValue(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** The last value of a field in a flat list: of a repeated one, what the nearest proxy added. */
export function lastFieldValue(headers: readonly string[], name: string): string | undefined {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

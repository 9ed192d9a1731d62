import type { BodyFraming } from './message-handler.ts';

/**
 * Heads as one latin1 string each, to be written in one go. Names go out in lower case, as they are in the model. Values come from a
 * parser or from us, and are trusted to hold no control byte.
 */

/** `name: value` lines for a flat list. */
export function serialiseFields(headers: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}

/**
 * A response head. `headers` holds end-to-end fields (`content-length` among them); a chunked body adds its `transfer-encoding`.
 * `extraLines` are complete lines that end in CRLF.
 */
export function serialiseResponseHead(
  status: number,
  reason: string,
  headers: readonly string[],
  body: BodyFraming,
  extraLines: string,
): string {
  // The usual line as one constant: each piece of a string costs (bench: http1).
  const line = status === 200 && reason === 'OK' ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 ${status} ${reason}\r\n`;
  return `${line}${serialiseFields(headers)}${body.kind === 'chunked' ? 'transfer-encoding: chunked\r\n' : ''}${extraLines}\r\n`;
}

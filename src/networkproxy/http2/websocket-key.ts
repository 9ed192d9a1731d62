import { createHash, randomBytes } from 'node:crypto';
import { lastFieldValue } from '../http1/request-lines.ts';

/** RFC 6455 section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A new `Sec-WebSocket-Key`: WebSockets over HTTP/2 have none, and HTTP/1.1 backends ask for one (RFC 8441 section 5). */
export function makeWebSocketKey(): string {
  return randomBytes(16).toString('base64');
}

/** The `Sec-WebSocket-Accept` that shows that the backend has read the key. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + acceptSuffix)
    .digest('base64');
}

/** Whether the fields of an answer show that the backend has read the key in those of its request. */
export function isAgreedOn(asked: readonly string[], answered: readonly string[]): boolean {
  return lastFieldValue(answered, 'sec-websocket-accept') === acceptOf(lastFieldValue(asked, 'sec-websocket-key') ?? '');
}

import { createHash, createHmac } from 'node:crypto';

/** Fields by which backends say who answered what. */
export const stampNames = {
  backend: 'x-soak-backend',
  /** Sent by the client and given back: the answer is to this request and no other. */
  ask: 'x-soak-ask',
  /** Method, host and target as the backend saw them. */
  saw: 'x-soak-saw',
  /** Bytes and hash of the body that the backend got. */
  received: 'x-soak-received',
} as const;

/** The answer to `Sec-WebSocket-Key` (RFC 6455 section 4.2.2). */
export function webSocketAccept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** What the event of number `step` says: no other backend says the same. */
export function eventText(backend: string, step: number): string {
  return createHmac('sha1', backend).update(String(step)).digest('hex');
}

import { randomBytes } from 'node:crypto';
import type { Secret } from '../../api/objects.ts';

/** 16 bytes of name, 16 for HMAC, 16 for AES. */
const keyBytes = 48;

/** Of Secrets with ticket keys: no other is ever written. */
export const ticketKeysType = 'smartproxy.dev/ticket-keys';

/**
 * The keys of session tickets that all replicas have. `current` makes tickets; the others are read, so that a replica that hears of a
 * rotation later or earlier than others understands them all the same.
 */
export interface TicketKeySet {
  readonly previous: Buffer;
  readonly current: Buffer;
  readonly next: Buffer;
  /** Since when `current` makes tickets, in milliseconds since 1970. */
  readonly rotatedAtMs: number;
}

type RandomBytes = (count: number) => Buffer;

/**
 * The set that follows `before` when it is time, else `before` itself. A set that nobody rotated for two rotations is replaced as a whole:
 * no key lives longer than three. @param rotationMs how long a key makes tickets; 0: for ever
 */
export function dueKeySet(
  before: TicketKeySet | undefined,
  rotationMs: number,
  nowMs: number,
  random: RandomBytes = randomBytes,
): TicketKeySet {
  const fresh = () => random(keyBytes);
  // One from the future was written by a clock that was wrong.
  const ageMs = before === undefined ? Number.POSITIVE_INFINITY : Math.abs(nowMs - before.rotatedAtMs);
  if (before !== undefined && (rotationMs === 0 || ageMs < rotationMs)) return before;
  if (before === undefined || ageMs >= 2 * rotationMs) return { previous: fresh(), current: fresh(), next: fresh(), rotatedAtMs: nowMs };
  return { previous: before.current, current: before.next, next: fresh(), rotatedAtMs: nowMs };
}

/** Whether nobody has rotated it for so long that it should not be used any more: there is no leader, or we can't hear of it. */
export function isStale({ rotatedAtMs }: TicketKeySet, rotationMs: number, nowMs: number): boolean {
  return rotationMs > 0 && Math.abs(nowMs - rotatedAtMs) >= 2 * rotationMs;
}

/** For workers: the key that makes tickets first. */
export function bytesOfKeySet({ previous, current, next }: TicketKeySet): Buffer {
  return Buffer.concat([current, previous, next]);
}

/** undefined: it has none, or none that can be used. */
export function readKeySet({ data = {} }: Pick<Secret, 'data'>): TicketKeySet | undefined {
  const [previous, current, next, rotatedAt] = ['previous', 'current', 'next', 'rotated-at'].map((name) =>
    Buffer.from(data[name] ?? '', 'base64'),
  );
  const rotatedAtMs = Date.parse(String(rotatedAt));
  if (previous?.length !== keyBytes || current?.length !== keyBytes || next?.length !== keyBytes || Number.isNaN(rotatedAtMs))
    return undefined;
  return { previous, current, next, rotatedAtMs };
}

/** As the data of a Secret. */
export function dataOfKeySet({ previous, current, next, rotatedAtMs }: TicketKeySet): NonNullable<Secret['data']> {
  const rotatedAt = Buffer.from(new Date(rotatedAtMs).toISOString());
  const entries = { previous, current, next, 'rotated-at': rotatedAt };
  return Object.fromEntries(Object.entries(entries).map(([name, bytes]) => [name, bytes.toString('base64')]));
}

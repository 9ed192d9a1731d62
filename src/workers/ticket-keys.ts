import { randomBytes } from 'node:crypto';

/** What Node takes: 16 bytes of name, 16 for HMAC, 16 for AES. */
const keyBytes = 48;

/**
 * The one key of TLS session tickets that all workers of this process share, so that a session of one resumes on any other. It is in
 * nobody's reach but the workers' and prints nowhere; tickets are worth as much to a thief as the traffic of their sessions, which is why
 * the key is replaced.
 */
export class TicketKeys {
  readonly #rotationMs: number;
  #madeAtMs: number;
  #current: Uint8Array = randomBytes(keyBytes);

  /**
   * @param rotationMs how long a key is used; 0: for ever
   * @param nowMs on the clock of `rotateIfDue`
   */
  constructor(rotationMs: number, nowMs: number) {
    this.#rotationMs = rotationMs;
    this.#madeAtMs = nowMs;
  }

  /** What workers are given: 48 bytes. */
  get current(): Uint8Array {
    return this.#current;
  }

  /** Replaces the key when it has had its time. @returns whether it did */
  rotateIfDue(nowMs: number): boolean {
    if (this.#rotationMs === 0 || nowMs - this.#madeAtMs < this.#rotationMs) return false;
    this.#madeAtMs = nowMs;
    this.#current = randomBytes(keyBytes);
    return true;
  }
}

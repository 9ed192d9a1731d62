import { randomBytes } from 'node:crypto';

/** 16 bytes of name, 16 for HMAC, 16 for AES. */
const keyBytes = 48;

/**
 * The keys of TLS session tickets that all workers of this process have, so that a session of one resumes on any other: one that makes
 * tickets, and the one before it, which still reads them. They are in nobody's reach but the workers' and print nowhere; tickets are worth
 * as much to a thief as the traffic of their sessions, which is why keys are replaced, and forgotten one rotation later.
 */
export class TicketKeys {
  #madeAtMs: number;
  #current: Uint8Array = randomBytes(keyBytes);
  #previous: Uint8Array | undefined;
  /** Those that other pods have too. */
  #shared: Uint8Array | undefined;

  /** @param nowMs on the clock of `rotateIfDue` */
  constructor(nowMs: number) {
    this.#madeAtMs = nowMs;
  }

  /** What workers are given: 48 bytes a key, the one that makes tickets first. Shared ones come first, and ours are still read. */
  get bytes(): Uint8Array {
    return Buffer.concat([this.#shared, this.#current, this.#previous].filter((key) => key !== undefined));
  }

  /**
   * Replaces our own key when it has had its time.
   * @param rotationMs how long a key makes tickets; 0: for ever
   * @returns whether it did
   */
  rotateIfDue(rotationMs: number, nowMs: number): boolean {
    if (rotationMs === 0 || nowMs - this.#madeAtMs < rotationMs) return false;
    this.#madeAtMs = nowMs;
    this.#previous = this.#current;
    this.#current = randomBytes(keyBytes);
    return true;
  }

  /** Puts keys that other pods have too before our own; undefined: there are none. @returns whether that changed anything */
  share(shared: Uint8Array | undefined): boolean {
    const before = this.#shared;
    if (before === shared || (before !== undefined && shared !== undefined && Buffer.compare(before, shared) === 0)) return false;
    this.#shared = shared;
    return true;
  }
}

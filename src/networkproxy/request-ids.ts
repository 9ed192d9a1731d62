import { randomBytes } from 'node:crypto';

/**
 * Makes request ids: 32 hex digits, of which the first half is random per worker and the second counts, so that they are unique
 * without a call into the random number generator for each request. They are names, not secrets.
 */
export class RequestIds {
  readonly #prefix = randomBytes(8).toString('hex');
  #count = 0;
  /** All but the last three digits, made once for every 4096 ids (bench: http1). */
  #block = this.#prefix + '0'.repeat(13);

  next(): string {
    const low = ++this.#count % lastDigits.length;
    if (low === 0) this.#block = this.#prefix + (this.#count / lastDigits.length).toString(16).padStart(13, '0');
    return this.#block + lastDigits[low];
  }
}

const lastDigits: readonly string[] = Array.from({ length: 4096 }, (_, value) => value.toString(16).padStart(3, '0'));

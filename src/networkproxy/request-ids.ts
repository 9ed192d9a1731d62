import { randomBytes } from 'node:crypto';

/**
 * Makes request ids: 32 hex digits, of which the first half is random per worker and the second counts, so that they are unique
 * without a call into the random number generator for each request. They are names, not secrets.
 */
export class RequestIds {
  readonly #prefix = randomBytes(8).toString('hex');
  #count = 0;

  next(): string {
    this.#count++;
    return this.#prefix + this.#count.toString(16).padStart(16, '0');
  }
}

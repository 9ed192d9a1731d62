/** Nobody saves more than that: about what fits into the buffers on the way. */
const mostEarned = 100_000;

/** An allowance: `capacity` at once, `perSecond` over time, and what is earned. Time comes from outside and only grows. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perMs: number;
  #tokens: number;
  #refilledMs: number;

  constructor(capacity: number, perSecond: number, nowMs: number) {
    this.#capacity = capacity;
    this.#perMs = perSecond / 1000;
    this.#tokens = capacity;
    this.#refilledMs = nowMs;
  }

  /** Takes one. False: there is none left. */
  take(nowMs: number): boolean {
    if (nowMs > this.#refilledMs) {
      if (this.#tokens < this.#capacity) {
        this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#refilledMs) * this.#perMs);
      }
      this.#refilledMs = nowMs;
    }
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Gives some back, up to the capacity. */
  give(tokens: number): void {
    if (this.#tokens < this.#capacity) this.#tokens = Math.min(this.#capacity, this.#tokens + tokens);
  }

  /**
   * Adds some that stay until they are used, also above the capacity (up to 100,000): for what the other side sends in answer to something of ours, which
   * may come long after it and all at once.
   */
  earn(tokens: number): void {
    if (this.#tokens < mostEarned) this.#tokens += tokens;
  }
}

/** An allowance: `capacity` at once, `perSecond` over time. Time comes from outside and only grows. */
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
      this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#refilledMs) * this.#perMs);
      this.#refilledMs = nowMs;
    }
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Gives some back, up to the capacity. */
  give(tokens: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + tokens);
  }
}

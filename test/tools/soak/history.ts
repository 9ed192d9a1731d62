interface Entry<T> {
  readonly value: T;
  /** When it may have begun to hold: the change was about to be written. */
  readonly fromMs: number;
  /** When it was known to hold no longer: every worker served the next one. */
  untilMs: number;
}

/** What was configured when. Between the writing of a change and the word that all workers serve it, old and new are both right. */
export class History<T> {
  readonly #entries: Entry<T>[];

  constructor(first: T) {
    this.#entries = [{ value: first, fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }];
  }

  /** The newest value, whether or not it is served yet. */
  get latest(): T {
    return (this.#entries.at(-1) as Entry<T>).value;
  }

  /** A change is about to be written. */
  begin(value: T): void {
    if (value === this.latest) return;
    this.#entries.push({ value, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY });
  }

  /** All workers serve the newest value. */
  settle(nowMs: number): void {
    for (let at = this.#entries.length - 2; at >= 0; at--) {
      const entry = this.#entries[at] as Entry<T>;
      if (entry.untilMs !== Number.POSITIVE_INFINITY) return;
      entry.untilMs = nowMs;
    }
  }

  /** All values that may have been served between two moments. */
  during(fromMs: number, toMs: number): readonly T[] {
    return this.#entries.filter((entry) => entry.fromMs <= toMs && entry.untilMs >= fromMs).map(({ value }) => value);
  }

  /** In words, for a failure. */
  describe(name: (value: T) => string): string {
    const recent = this.#entries.slice(-4);
    return recent.map(({ value, fromMs, untilMs }) => `${name(value)} [${fromMs.toFixed(0)}..${untilMs.toFixed(0)}]`).join(', ');
  }
}

/**
 * What one request may spend on patterns, in characters times steps of the pattern. The worst patterns take about 30 ns of each, so about
 * 10 ms; a pattern of 25 steps tried on a path of 60 characters spends 1,500.
 */
export const maxPatternWork = 320_000;

/**
 * Matching a request is one synchronous step, in which nothing else of a worker goes on, and a host may have any number of patterns: this
 * is what bounds them all together. There is one, because there is one match at a time.
 */
class PatternWork {
  #left = maxPatternWork;

  /** A new request. */
  begin(): void {
    this.#left = maxPatternWork;
  }

  /** Whether there was as much left. Once there was not, there is nothing for the rest of the request. */
  spend(work: number): boolean {
    this.#left = this.#left < work ? -1 : this.#left - work;
    return this.#left >= 0;
  }
}

export const patternWork = new PatternWork();

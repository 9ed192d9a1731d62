/** How attempts slow down while they fail. */
export interface RetryDelayOptions {
  readonly firstMs: number;
  /** The delay doubles up to this and stays there: nobody ever gives up. */
  readonly maxMs: number;
  /** 0 up to 1. */
  readonly random: () => number;
}

/** Exponential delays with jitter, so that many clients of one server that came back do not return together. */
export class RetryDelay {
  readonly #options: RetryDelayOptions;
  #failures = 0;

  constructor(options: RetryDelayOptions) {
    this.#options = options;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Counts a failure; between half and the whole of the doubled delay, in milliseconds. */
  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return ceiling / 2 + (ceiling / 2) * random();
  }
}

/** How restarts of a crashing worker slow down. */
export interface BackOffOptions {
  /** Delay before the second restart in a row; the first one is immediate. */
  readonly firstMs: number;
  /** The delay doubles up to this. Its queue waits as long, so it is short. */
  readonly maxMs: number;
  /** A worker that lived this long is healthy: the next restart is immediate again. */
  readonly healthyAfterMs: number;
}

export const defaultBackOff: BackOffOptions = { firstMs: 250, maxMs: 10_000, healthyAfterMs: 30_000 };

/** The restart delays of one worker slot. Pure but for its own count. */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions = defaultBackOff) {
    this.#options = options;
  }

  /** Restarts in a row of a worker that did not become healthy. */
  get failures(): number {
    return this.#failures;
  }

  /** How long to wait before the next start, in milliseconds, given how long the last process lived. */
  nextDelayMs(livedMs: number): number {
    const { firstMs, maxMs, healthyAfterMs } = this.#options;
    if (livedMs >= healthyAfterMs) this.#failures = 0;
    this.#failures++;
    if (this.#failures === 1) return 0;
    return Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures - 2, 30));
  }
}

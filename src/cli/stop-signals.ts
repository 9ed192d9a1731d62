/** Two SIGINT closer than this are one key press: a terminal sends it to us, and so does the wrapper (npm) that it also reaches. */
const sameKeyPressMs = 500;

/** Waits for the signal to stop. A second SIGINT, from someone who does not want to wait, calls `onImpatience`. */
export class StopSignals {
  /** Resolves to the first signal. */
  readonly received: Promise<NodeJS.Signals>;
  readonly #resolve: (signal: NodeJS.Signals) => void;
  readonly #process: NodeJS.EventEmitter;
  readonly #onImpatience: () => void;
  readonly #now: () => number;
  #firstAtMs: number | undefined;

  constructor(process: NodeJS.EventEmitter, onImpatience: () => void, now: () => number = () => performance.now()) {
    const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
    this.received = promise;
    this.#resolve = resolve;
    this.#process = process;
    this.#onImpatience = onImpatience;
    this.#now = now;
    process.on('SIGTERM', this.#onSignal);
    process.on('SIGINT', this.#onSignal);
  }

  close(): void {
    this.#process.off('SIGTERM', this.#onSignal);
    this.#process.off('SIGINT', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = this.#now();
      this.#resolve(signal);
    } else if (signal === 'SIGINT' && this.#now() - this.#firstAtMs >= sameKeyPressMs) {
      this.#onImpatience();
    }
  };
}

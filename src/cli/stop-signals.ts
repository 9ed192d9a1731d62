/** Two SIGINT closer than this are one key press: a terminal sends it to us, and so does the wrapper (npm) that it also reaches. */
const sameKeyPressMs = 500;
const taken = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** How signals are taken. */
export interface StopSignalOptions {
  /** A second SIGINT came, from someone who does not want to wait. */
  readonly onImpatience: () => void;
  /** Whether a terminal is what we read from: its hang-up is a stop. Without one SIGHUP asks for a reload, which nothing needs here. */
  readonly hasTerminal: boolean;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Waits for the signal to stop. */
export class StopSignals {
  /** Resolves to the first signal. */
  readonly received: Promise<NodeJS.Signals>;
  readonly #resolve: (signal: NodeJS.Signals) => void;
  readonly #process: NodeJS.EventEmitter;
  readonly #options: StopSignalOptions;
  #firstAtMs: number | undefined;

  constructor(process: NodeJS.EventEmitter, options: StopSignalOptions) {
    const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
    this.received = promise;
    this.#resolve = resolve;
    this.#process = process;
    this.#options = options;
    for (const signal of taken) process.on(signal, this.#onSignal);
  }

  close(): void {
    for (const signal of taken) this.#process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const { onImpatience, hasTerminal, now = () => performance.now() } = this.#options;
    if (signal === 'SIGHUP' && !hasTerminal) return;
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = now();
      this.#resolve(signal);
    } else if (signal === 'SIGINT' && now() - this.#firstAtMs >= sameKeyPressMs) {
      onImpatience();
    }
  };
}

/** Lets requests through or holds them back: a closed gate with nothing in flight is a moment at which all counters must agree. */
export class Gate {
  #open = Promise.withResolvers<void>();
  #empty: (() => void) | undefined;
  #isOpen = false;
  inFlight = 0;
  stopped = false;

  /** Waits for the gate. False: the soak is over, and nothing more may be sent; else `leave` has to follow. */
  async enter(): Promise<boolean> {
    while (!this.#isOpen && !this.stopped) await this.#open.promise;
    if (this.stopped) return false;
    this.inFlight++;
    return true;
  }

  leave(): void {
    this.inFlight--;
    if (this.inFlight === 0) this.#empty?.();
  }

  open(): void {
    this.#isOpen = true;
    this.#open.resolve();
  }

  /** Resolves when nothing is in flight any more. */
  async close(): Promise<void> {
    if (this.#isOpen) this.#open = Promise.withResolvers();
    this.#isOpen = false;
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.#empty = resolve));
    this.#empty = undefined;
  }

  /** Ends every loop at its next `enter`. */
  stop(): void {
    this.stopped = true;
    this.#open.resolve();
  }
}

import type { ControllerClock } from '../../../src/controller/controller-clock.ts';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements ControllerClock {
  #nowMs = Date.UTC(2026, 5, 1);
  #timers: { readonly dueMs: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Lets `ms` pass, firing what is due in order, and lets promises settle after each. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** One turn of the event loop: every promise that can settle has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

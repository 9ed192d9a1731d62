import type { ControllerClock } from './controller-clock.ts';

export interface HoldOffOptions {
  readonly clock: ControllerClock;
  /** How long after a run, and after the last change, the next run waits for more changes. */
  readonly holdOffMs: number;
  /** No change waits longer than this. */
  readonly maxHoldOffMs: number;
  readonly run: () => void;
}

/** When to run after changes: at once after a quiet time, else when the changes pause, and never later than the maximum. */
export class HoldOff {
  readonly #options: HoldOffOptions;
  #cancel: (() => void) | undefined;
  /** The armed run is one without a wait: changes of the same moment need not put it off. */
  #isImmediate = false;
  #waitingSinceMs = 0;
  #lastRunMs = Number.NEGATIVE_INFINITY;

  constructor(options: HoldOffOptions) {
    this.#options = options;
  }

  /** Something changed. */
  changed(): void {
    const { clock, holdOffMs, maxHoldOffMs } = this.#options;
    const nowMs = clock.now();
    const wasWaiting = this.#cancel !== undefined;
    if (wasWaiting && this.#isImmediate) return;
    if (!wasWaiting) this.#waitingSinceMs = nowMs;
    this.#isImmediate = !wasWaiting && nowMs - this.#lastRunMs >= holdOffMs;
    const restMs = this.#waitingSinceMs + maxHoldOffMs - nowMs;
    this.#arm(this.#isImmediate ? 0 : Math.max(0, Math.min(holdOffMs, restMs)));
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#cancel = undefined;
      this.#lastRunMs = this.#options.clock.now();
      this.#options.run();
    });
  }
}

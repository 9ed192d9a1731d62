import { Deadline, type TimerWheel } from './timer-wheel.ts';

/** What is known of something that ends when its route is removed. */
export interface Removable {
  /** It may go on for the time of a drain then; false: it ends at once. */
  readonly drains: boolean;
  /** On the wheel's clock: when its route was found to be gone; undefined: it is there. */
  goneSinceMs: number | undefined;
}

/** Whose routes are watched, and how they end. */
export interface RemovalGraceOptions<T> {
  /** A copy: ending one may change what they are kept in. */
  readonly all: () => readonly T[];
  /** undefined: its route is nobody's business. */
  readonly stateOf: (item: T) => Removable | undefined;
  /** Ends it as `route_removed`. */
  readonly end: (item: T) => void;
  /** The time of a drain, as it is when it is asked for. */
  readonly graceMs: () => number;
}

/**
 * Ends what goes by a route that has gone from the table: at once, or, where the route said so, when it had the time of a drain to finish. A
 * route that comes back in the meantime keeps it.
 */
export class RemovalGrace<T> extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #options: RemovalGraceOptions<T>;
  #isArmed = false;

  constructor(wheel: TimerWheel, options: RemovalGraceOptions<T>) {
    super();
    this.#wheel = wheel;
    this.#options = options;
  }

  /** A table has been put into service. @param isRouted whether it still has the route */
  update(isRouted: (item: T) => boolean): void {
    const { all, stateOf, end, graceMs } = this.#options;
    let waits = false;
    for (const item of all()) {
      const state = stateOf(item);
      if (state === undefined) continue;
      if (isRouted(item)) state.goneSinceMs = undefined;
      else if (!state.drains) end(item);
      else {
        state.goneSinceMs ??= this.#wheel.nowMs;
        waits = true;
      }
    }
    if (waits && !this.#isArmed) this.#arm(graceMs());
  }

  /** Ends those whose time is over; the timer goes on for the others. */
  override onTimeout(): void {
    const { all, stateOf, end, graceMs } = this.#options;
    this.#isArmed = false;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const item of all()) {
      const sinceMs = stateOf(item)?.goneSinceMs;
      if (sinceMs === undefined) continue;
      const leftMs = sinceMs + graceMs() - this.#wheel.nowMs;
      if (leftMs <= 0) end(item);
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#arm(nextMs);
  }

  close(): void {
    this.#wheel.disarm(this);
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    this.#wheel.arm(this, ms);
  }
}

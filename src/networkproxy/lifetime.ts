import { jittered } from '../jittered.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';

/** Something that may only become so old. */
export interface Mortal {
  onLifetimeEnd(): void;
}

/** How old a connection or an upgrade may become, spread as all limits are. */
export class Lifetime extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #mortal: Mortal;
  /** One for all of its limits, so that another of the same length ends it at the same time. */
  readonly #random: number;

  /** @param random in [0, 1) */
  constructor(wheel: TimerWheel, mortal: Mortal, random: () => number = Math.random) {
    super();
    this.#wheel = wheel;
    this.#mortal = mortal;
    this.#random = random();
  }

  /** In place of the limit before. It ends at once when it is over already. @param limitMs 0: none @param ageMs how old it is */
  limit(limitMs: number, ageMs: number): void {
    const leftMs = jittered(limitMs, this.#random) - ageMs;
    if (limitMs === 0) this.#wheel.disarm(this);
    else if (leftMs > 0) this.#wheel.arm(this, leftMs);
    else this.onTimeout();
  }

  override onTimeout(): void {
    this.#wheel.disarm(this);
    this.#mortal.onLifetimeEnd();
  }

  close(): void {
    this.#wheel.disarm(this);
  }
}

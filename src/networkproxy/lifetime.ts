import { Deadline, type TimerWheel } from '../timer-wheel.ts';

/** Something that may only become so old. */
export interface Mortal {
  onLifetimeEnd(): void;
}

/** How old a connection or an upgrade may become: spread by ±5 %, so that what began together does not end together (lesson 32). */
export class Lifetime extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #mortal: Mortal;
  readonly #spread: number;

  /** @param random in [0, 1) */
  constructor(wheel: TimerWheel, mortal: Mortal, random: () => number = Math.random) {
    super();
    this.#wheel = wheel;
    this.#mortal = mortal;
    this.#spread = 0.95 + random() * 0.1;
  }

  /** In place of the limit before. It ends at once when it is over already. @param limitMs 0: none @param ageMs how old it is */
  limit(limitMs: number, ageMs: number): void {
    const leftMs = limitMs * this.#spread - ageMs;
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

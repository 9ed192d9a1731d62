/** When one measured value means overload. */
export interface PressureLimits {
  /** From here on connections are not kept. */
  readonly shedAt: number;
  /** From here on new requests are refused. */
  readonly refuseAt: number;
  /** A limit is left below this share of it, so that a value around it does not switch to and fro. */
  readonly calmShare: number;
  /** Looks in a row that must find the value over a limit: more than one for values that a single pause moves. */
  readonly looksToRise: number;
  /** Looks in a row that must find it calm. */
  readonly looksToFall: number;
}

/** 0: normal, 1: shed connections, 2: refuse requests. */
export type PressureLevel = 0 | 1 | 2;

/** The level of one measured value over time, with hysteresis. Pure: time is the number of looks. */
export class Pressure {
  readonly #limits: PressureLimits;
  #level: PressureLevel = 0;
  #looks = 0;
  /** The nearest to the present level that the looks in a row have asked for; equal to it: there is no such row. */
  #wanted: PressureLevel = 0;

  constructor(limits: PressureLimits) {
    this.#limits = limits;
  }

  /** One more look at the value; returns the level after it. */
  look(value: number): PressureLevel {
    const { shedAt, refuseAt, calmShare, looksToRise, looksToFall } = this.#limits;
    const level = this.#level;
    const risen = value >= refuseAt ? 2 : value >= shedAt ? 1 : 0;
    const fallen = value >= refuseAt * calmShare ? 2 : value >= shedAt * calmShare ? 1 : 0;
    if (risen > level) this.#want(this.#wanted > level ? (Math.min(this.#wanted, risen) as PressureLevel) : risen, looksToRise);
    else if (fallen < level) this.#want(this.#wanted < level ? (Math.max(this.#wanted, fallen) as PressureLevel) : fallen, looksToFall);
    else this.#stay();
    return this.#level;
  }

  /** @param looks how many in a row it takes */
  #want(level: PressureLevel, looks: number): void {
    const sameWay = Math.sign(level - this.#level) === Math.sign(this.#wanted - this.#level);
    this.#looks = sameWay ? this.#looks + 1 : 1;
    this.#wanted = level;
    if (this.#looks < looks) return;
    this.#level = level;
    this.#stay();
  }

  #stay(): void {
    this.#wanted = this.#level;
    this.#looks = 0;
  }
}

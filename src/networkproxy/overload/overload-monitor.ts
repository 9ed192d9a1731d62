import { type OverloadCause, type OverloadLevel, overloadLevels } from '../../observability/counters/overload.ts';
import { Pressure } from './pressure.ts';

/** What a look at the worker finds. */
export interface OverloadReadings {
  /** Share of the memory limit in use, 0 to 1. */
  readonly memory: number;
  /** Share of the heap's limit in use, 0 to 1. */
  readonly heap: number;
  /** Median lateness of the event loop since the last look, in milliseconds. */
  readonly loopDelayMs: number;
}

/** The limits that an operator sets; 0: off. */
export interface OverloadLimits {
  /** Percent of memory or heap from which requests are refused. */
  readonly memoryPercent: number;
  /** Milliseconds of event-loop delay from which requests are refused. */
  readonly loopDelayMs: number;
}

export interface OverloadState {
  readonly level: OverloadLevel;
  /** What the level is due to; undefined: it is normal. */
  readonly cause: OverloadCause | undefined;
}

/** A limit on memory is left 5 % below it. */
const calmMemoryShare = 0.95;
/** Memory only goes down by itself: a few looks make sure that it does not come right back. */
const looksToFall = 5;
/** One pause, such as a garbage collection or a large table, is no overload; seconds in a row are. */
const looksToRiseDelay = 3;
/** Refused requests make the loop quick at once, so the limits of its delay are left far below. */
const calmDelayShare = 0.5;

interface Gauge {
  readonly cause: OverloadCause;
  readonly pressure: Pressure;
  read(readings: OverloadReadings): number;
}

/**
 * The state machine of overload: readings in, level out. From `memoryPercent` of memory or heap, or `loopDelayMs` of event-loop delay for
 * three looks, requests are refused; connections are shed from ten percentage points less, or a quarter of the delay.
 */
export class OverloadMonitor {
  readonly #gauges: readonly Gauge[];
  #state: OverloadState = { level: 'normal', cause: undefined };

  constructor({ memoryPercent, loopDelayMs }: OverloadLimits) {
    const gauges: Gauge[] = [];
    if (memoryPercent > 0) {
      gauges.push({ cause: 'memory', pressure: memoryPressure(memoryPercent), read: ({ memory }) => memory });
      gauges.push({ cause: 'heap', pressure: memoryPressure(memoryPercent), read: ({ heap }) => heap });
    }
    if (loopDelayMs > 0) {
      const limits = { shedAt: loopDelayMs / 4, refuseAt: loopDelayMs, calmShare: calmDelayShare };
      const pressure = new Pressure({ ...limits, looksToRise: looksToRiseDelay, looksToFall });
      gauges.push({ cause: 'event_loop', pressure, read: (readings) => readings.loopDelayMs });
    }
    this.#gauges = gauges;
  }

  get state(): OverloadState {
    return this.#state;
  }

  /** One more look. Returns the new state when it is another one. */
  look(readings: OverloadReadings): OverloadState | undefined {
    let worst = 0;
    let cause: OverloadCause | undefined;
    for (const { cause: own, pressure, read } of this.#gauges) {
      const level = pressure.look(read(readings));
      if (level <= worst) continue;
      worst = level;
      cause = own;
    }
    const level = overloadLevels[worst] ?? 'normal';
    if (level === this.#state.level && cause === this.#state.cause) return undefined;
    this.#state = { level, cause };
    return this.#state;
  }
}

function memoryPressure(percent: number): Pressure {
  const refuseAt = percent / 100;
  // Ten points less, and at least half: a low limit still has two steps.
  const shedAt = Math.max(refuseAt - 0.1, refuseAt / 2);
  return new Pressure({ shedAt, refuseAt, calmShare: calmMemoryShare, looksToRise: 1, looksToFall });
}

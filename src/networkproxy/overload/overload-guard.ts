import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { OverloadAction } from '../../observability/counters/overload.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { MemorySource } from './memory-reading.ts';
import { type OverloadLimits, OverloadMonitor, type OverloadReadings, type OverloadState } from './overload-monitor.ts';

/** A change of the level, with what was found. */
export interface OverloadChange extends OverloadState {
  readonly readings: OverloadReadings;
}

export interface OverloadGuardOptions {
  readonly limits: OverloadLimits;
  readonly counters: WorkerCounters;
  readonly probe: MemorySource;
  /** Called after each look. */
  readonly onLook: (guard: OverloadGuard) => void;
  readonly onChange: (change: OverloadChange) => void;
}

/** A second: short against the growth of memory, long against the price of a look (two small files in the thread pool). */
const lookIntervalMs = 1000;
/** Resolution of the event-loop delay histogram: coarse, because each sample wakes the process. */
const delayResolutionMs = 50;

/** Looks at the worker once a second, and tells connections and requests what to do. */
export class OverloadGuard {
  readonly #options: OverloadGuardOptions;
  readonly #monitor: OverloadMonitor;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;
  #closed = false;
  #shareBytes = 0;
  #delayMs = 0;
  #readings: OverloadReadings = { memory: 0, heap: 0, loopDelayMs: 0 };
  /** Connections end after their answers. Read for each answer. */
  isShedding = false;
  /** New requests are answered 503. Read for each request. */
  isRefusing = false;

  constructor(options: OverloadGuardOptions) {
    this.#options = options;
    this.#monitor = new OverloadMonitor(options.limits);
    this.#loopDelay.enable();
    this.#timer = setInterval(() => void this.#lookAround(), lookIntervalMs);
    this.#timer.unref();
  }

  get state(): OverloadState {
    return this.#monitor.state;
  }

  /** This worker's part of the memory limit; 0: not looked yet. */
  get memoryShareBytes(): number {
    return this.#shareBytes;
  }

  /** What the last look found; zeros before the first. */
  get readings(): OverloadReadings {
    return this.#readings;
  }

  /** 99th percentile of the event loop's delay over the last second, in milliseconds. */
  get eventLoopDelayMs(): number {
    return this.#delayMs;
  }

  /** Judges `readings`; the timer does it with real ones. */
  look(readings: OverloadReadings): void {
    this.#readings = readings;
    const state = this.#monitor.look(readings);
    if (state !== undefined) {
      this.isShedding = state.level !== 'normal';
      this.isRefusing = state.level === 'refusing';
      this.#options.onChange({ ...state, readings });
    }
    this.#options.onLook(this);
  }

  /** Something was done because of the present level. */
  count(action: OverloadAction): void {
    const { cause } = this.#monitor.state;
    if (cause !== undefined) this.#options.counters.countOverload(action, cause);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#loopDelay.disable();
  }

  async #lookAround(): Promise<void> {
    if (this.#isLooking) return; // the thread pool is busy
    this.#isLooking = true;
    const { usedBytes, limitBytes, shareBytes } = await this.#options.probe.read();
    this.#isLooking = false;
    if (this.#closed) return;
    this.#shareBytes = shareBytes;
    const { used_heap_size: heapBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
    const loopDelayMs = this.#delay(50);
    this.#delayMs = this.#delay(99);
    this.#loopDelay.reset();
    this.look({ memory: usedBytes / limitBytes, heap: heapBytes / heapLimitBytes, loopDelayMs });
  }

  /** What the sampling itself waits is taken off. */
  #delay(percentile: number): number {
    return this.#loopDelay.count === 0 ? 0 : Math.max(0, this.#loopDelay.percentile(percentile) / 1e6 - delayResolutionMs);
  }
}

import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { OverloadGuard } from '../overload/overload-guard.ts';

const mostBytes = 64 * 1024 * 1024;
/** Of the worker's share of the memory limit. */
const share = 1 / 8;

/** What one worker holds of requests and answers because their routes ask for it. */
export class BufferRoom {
  readonly #overload: OverloadGuard;
  #bytes = 0;

  constructor(overload: OverloadGuard, counters: WorkerCounters) {
    this.#overload = overload;
    counters.gauges.routeBufferBytes = () => this.#bytes;
  }

  /** False: there is no room. */
  take(bytes: number): boolean {
    const { memoryShareBytes } = this.#overload;
    const limit = memoryShareBytes > 0 ? Math.min(mostBytes, memoryShareBytes * share) : mostBytes;
    if (this.#bytes + bytes > limit) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Takes it whether there is room or not: it is there already. */
  force(bytes: number): void {
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

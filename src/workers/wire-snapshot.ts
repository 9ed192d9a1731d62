import type { PlacedExemplar } from '../observability/counters/exemplars.ts';
import type { RequestLabels } from '../observability/counters/request-series.ts';
import type { WorkerCounters, WorkerTotals } from '../observability/counters/worker-counters.ts';
import { emptyReport, type WorkerReport } from '../observability/fleet-totals.ts';
import type { RequestSeriesIndex } from '../observability/request-series-index.ts';

/**
 * A worker's counters as they travel: request series as one block of numbers, and only the labels that main has not seen yet, so
 * that a heartbeat with thousands of series stays one memory copy.
 */
export interface WireSnapshot {
  readonly totals: WorkerTotals;
  /** Labels of the series that came up since the last message, in the block's order. */
  readonly newLabels: readonly RequestLabels[];
  readonly requestValues: Float64Array;
  /** Taken since the last message. */
  readonly exemplars: readonly PlacedExemplar[];
}

/** The worker's side. Every snapshot that it makes must be sent, in order. */
export class SnapshotEncoder {
  readonly #counters: WorkerCounters;
  #labelsSent = 0;

  constructor(counters: WorkerCounters) {
    this.#counters = counters;
  }

  encode(): WireSnapshot {
    const { requests, exemplars } = this.#counters;
    const newLabels = requests.size === this.#labelsSent ? [] : requests.labelsFrom(this.#labelsSent);
    this.#labelsSent += newLabels.length;
    return { totals: this.#counters.totals(), newLabels, requestValues: requests.values(), exemplars: exemplars.drain() };
  }
}

/** The main process's side: one for each worker process. */
export class SnapshotDecoder {
  readonly #index: RequestSeriesIndex;
  readonly #indexes: number[] = [];
  #report: WorkerReport = emptyReport();

  constructor(index: RequestSeriesIndex) {
    this.#index = index;
  }

  /** The last report; zeros before the first. */
  get report(): WorkerReport {
    return this.#report;
  }

  decode(wire: WireSnapshot): WorkerReport {
    for (const labels of wire.newLabels) this.#indexes.push(this.#index.indexOf(labels));
    for (const exemplar of wire.exemplars) this.#index.exemplars.put(this.#indexes[exemplar.series] ?? 0, exemplar.bucket, exemplar);
    this.#report = { totals: wire.totals, requestValues: wire.requestValues, requestIndexes: this.#indexes };
    return this.#report;
  }
}

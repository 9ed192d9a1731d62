import { Histogram, type HistogramData } from '../observability/counters/histogram.ts';
import { emptyReport, type FleetTotals, foldReports, lostWorker, sumReports, type WorkerReport } from '../observability/fleet-totals.ts';
import { KernelSeries } from '../observability/kernel-series.ts';
import type { KernelRouteFacts } from '../observability/metric-source.ts';
import { RequestSeriesIndex } from '../observability/request-series-index.ts';
import { tableApplyBounds } from '../observability/table-durations.ts';

/** Counts over all workers, dead ones included. */
export class FleetStatistics {
  readonly seriesIndex: RequestSeriesIndex;
  readonly #kernel: KernelSeries;
  readonly #applyDurations = new Histogram(tableApplyBounds);
  #dead: WorkerReport = emptyReport();

  /** @param routeSeriesCap most request series kept apart */
  constructor(routeSeriesCap: number) {
    this.seriesIndex = new RequestSeriesIndex(routeSeriesCap);
    this.#kernel = new KernelSeries(this.seriesIndex);
  }

  get applyDurations(): HistogramData {
    return this.#applyDurations.data();
  }

  tableApplied(durationMs: number): void {
    this.#applyDurations.observe(durationMs / 1000);
  }

  /** Keeps what a dead worker had counted when it was last heard of. */
  workerDied(report: WorkerReport): void {
    this.#dead = foldReports(this.#dead, lostWorker(report), this.seriesIndex.labels.length);
  }

  /** @param kernel the routes that the kernel forwards, which count in the series of routes; undefined: nobody asked it */
  total(live: readonly WorkerReport[], kernel?: readonly KernelRouteFacts[]): FleetTotals {
    const reports = [this.#dead, ...live];
    return sumReports(kernel === undefined ? reports : [...reports, this.#kernel.report(kernel)], this.seriesIndex);
  }
}

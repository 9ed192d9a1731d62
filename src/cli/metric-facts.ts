import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Controller } from '../controller/controller.ts';
import { translateDurationBounds } from '../controller/controller-stats.ts';
import type { MetricSource } from '../observability/metric-source.ts';
import { tableApplyBounds } from '../observability/table-durations.ts';
import type { Source } from '../sources/object-store.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';

const delayResolutionMs = 50;

export interface MetricFactsOptions {
  readonly controller: Controller;
  readonly source: Source;
  readonly supervisor: WorkerSupervisor;
  readonly isLeader: () => boolean;
}

/** Takes the picture that a scrape shows: workers, controller, source and this process. */
export class MetricFacts {
  readonly #options: MetricFactsOptions;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: delayResolutionMs });

  constructor(options: MetricFactsOptions) {
    this.#options = options;
    this.#loopDelay.enable();
  }

  async gather(): Promise<MetricSource> {
    const { controller, source, supervisor, isLeader } = this.#options;
    const fleet = await supervisor.totals();
    const { publishedAtMs, translateDurations, publishDurations, failures, problems } = controller.stats;
    return {
      fleet,
      workers: supervisor.workers,
      controller: {
        // The workers' own count: a snapshot that was served first is in it, and a table that changed nothing for them is not.
        tableGeneration: supervisor.generation,
        tableAgeMs: publishedAtMs === undefined ? undefined : Date.now() - publishedAtMs,
        translateDurations: { ...translateDurations, bounds: translateDurationBounds },
        publishDurations: { ...publishDurations, bounds: translateDurationBounds },
        applyDurations: { ...supervisor.applyDurations, bounds: tableApplyBounds },
        failures,
        problems,
        sources: source.health(),
        leader: isLeader(),
        eventLoopDelayMs: this.#eventLoopDelay(),
      },
    };
  }

  close(): void {
    this.#loopDelay.disable();
  }

  /** 99th percentile since the last call; what the sampling itself waits is taken off. */
  #eventLoopDelay(): number {
    const delayMs = this.#loopDelay.count === 0 ? 0 : this.#loopDelay.percentile(99) / 1e6 - delayResolutionMs;
    this.#loopDelay.reset();
    return Math.max(0, delayMs);
  }
}

import type { HistogramData } from './counters/histogram.ts';
import type { OverloadLevel } from './counters/overload.ts';
import type { FleetTotals } from './fleet-totals.ts';

/** Everything that a scrape reads, gathered at one moment. */
export interface MetricSource {
  readonly fleet: FleetTotals;
  readonly workers: readonly WorkerFacts[];
  readonly controller: ControllerFacts;
}

/** One worker slot. */
interface WorkerFacts {
  readonly slot: number;
  readonly serving: boolean;
  readonly generation: number;
  readonly restarts: number;
  readonly eventLoopDelayMs: number;
  readonly overloadLevel: OverloadLevel;
}

/** The main process's own facts. */
interface ControllerFacts {
  /** Tables that were published; 0: none. */
  readonly tableGeneration: number;
  /** Since the last table was published; undefined: there is none. */
  readonly tableAgeMs: number | undefined;
  /** Seconds, with the bounds that the owner uses. */
  readonly translateDurations: BoundedHistogram;
  readonly publishDurations: BoundedHistogram;
  readonly applyDurations: BoundedHistogram;
  /** Runs that ended without a table that may be served. */
  readonly failures: number;
  /** Problems in users' objects now, by reason; every reason, zeros too. */
  readonly problems: Readonly<Record<string, number>>;
  readonly sources: readonly SourceFacts[];
  readonly leader: boolean;
  /** 99th percentile since the last scrape. */
  readonly eventLoopDelayMs: number;
}

interface SourceFacts {
  readonly resource: string;
  readonly healthy: boolean;
  readonly restarts: number;
  /** Milliseconds since 1970; 0: never. */
  readonly lastEventMs: number;
}

export interface BoundedHistogram extends HistogramData {
  readonly bounds: readonly number[];
}

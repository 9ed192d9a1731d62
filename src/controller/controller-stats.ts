import { Histogram, type HistogramData } from '../observability/counters/histogram.ts';
import { type Problem, type ProblemReason, problemReasons } from '../translate/translation.ts';

/** Upper bounds in seconds: from one endpoint to 10,000 Ingresses. */
export const translateDurationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** What the controller did, as plain data for metrics. */
export interface ControllerStats {
  /** Tables that were published; 0: none. */
  readonly generation: number;
  /** Milliseconds since 1970 of the last publication; undefined: there was none. */
  readonly publishedAtMs: number | undefined;
  /** Seconds by `translateDurationBounds`: making a table out of the objects. */
  readonly translateDurations: HistogramData;
  /** Seconds by the same bounds: checking a table and handing it to the workers. */
  readonly publishDurations: HistogramData;
  /** Runs that ended without a table that may be served: bugs, each in the log; the last good table went on serving. */
  readonly failures: number;
  /** Problems in users' objects now, by reason; every reason, zeros too. */
  readonly problems: Readonly<Record<ProblemReason, number>>;
}

/** Counts for `ControllerStats`. */
export class ControllerCounters {
  readonly translate = new Histogram(translateDurationBounds);
  readonly publish = new Histogram(translateDurationBounds);
  generation = 0;
  publishedAtMs: number | undefined;
  failures = 0;

  stats(problems: readonly Problem[]): ControllerStats {
    return {
      generation: this.generation,
      publishedAtMs: this.publishedAtMs,
      translateDurations: this.translate.data(),
      publishDurations: this.publish.data(),
      failures: this.failures,
      problems: countByReason(problems),
    };
  }
}

function countByReason(problems: readonly Problem[]): Readonly<Record<ProblemReason, number>> {
  const counts = Object.fromEntries(problemReasons.map((reason) => [reason, 0])) as Record<ProblemReason, number>;
  for (const { reason } of problems) counts[reason]++;
  return counts;
}

/** Runs `work` and adds the seconds that it took. */
export function timed<T>(durations: Histogram, work: () => T): T {
  const start = performance.now();
  try {
    return work();
  } finally {
    durations.observe((performance.now() - start) / 1000);
  }
}

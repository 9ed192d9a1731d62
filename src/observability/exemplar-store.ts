import type { Exemplar } from './counters/exemplars.ts';

/** An exemplar is for looking at what goes on: an older one is not shown. */
const shownForMs = 10 * 60_000;

/** The latest exemplar of each bucket of each request series, of all workers: as many at most as there are buckets. */
export class ExemplarStore {
  /** By series index, then by bucket. */
  readonly #latest = new Map<number, (Exemplar | undefined)[]>();

  put(series: number, bucket: number, { traceId, seconds, atMs }: Exemplar): void {
    const known = this.#latest.get(series);
    const buckets = known ?? [];
    if (known === undefined) this.#latest.set(series, buckets);
    buckets[bucket] = { traceId, seconds, atMs };
  }

  /** The exemplars of a series by bucket; undefined: it never had one. */
  ofSeries(series: number): readonly (Exemplar | undefined)[] | undefined {
    return this.#latest.get(series);
  }
}

/** Whether it is recent enough to be shown. */
export function isShown({ atMs }: Exemplar, nowMs: number): boolean {
  return nowMs - atMs < shownForMs;
}

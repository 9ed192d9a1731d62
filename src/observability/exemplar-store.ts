import type { Exemplar } from './counters/exemplars.ts';

/** An exemplar is for looking at what goes on: an older one is not shown. */
const shownForMs = 10 * 60_000;

interface Kept {
  readonly atMs: number;
  /** As it stands behind a sample. */
  readonly text: string;
}

/** The exemplars of one series by bucket. */
export type SeriesExemplars = readonly (Kept | undefined)[];

/**
 * The latest exemplar of each bucket of each request series, of all workers: as many at most as there are buckets. Their text is made as they
 * come, a thousand at a time, and not when a scrape wants all of them at once (bench/cases/scrape.ts).
 */
export class ExemplarStore {
  /** By series index. */
  readonly #latest = new Map<number, (Kept | undefined)[]>();

  put(series: number, bucket: number, exemplar: Exemplar): void {
    const known = this.#latest.get(series);
    const buckets = known ?? [];
    if (known === undefined) this.#latest.set(series, buckets);
    buckets[bucket] = { atMs: exemplar.atMs, text: textOf(exemplar) };
  }

  /** The exemplars of a series; undefined: it never had one. */
  ofSeries(series: number): SeriesExemplars | undefined {
    return this.#latest.get(series);
  }
}

/** What stands behind the sample of a bucket; empty when it has no exemplar that is recent enough. */
export function exemplarText(exemplars: SeriesExemplars, bucket: number, nowMs: number): string {
  const kept = exemplars[bucket];
  return kept === undefined || nowMs - kept.atMs >= shownForMs ? '' : kept.text;
}

function textOf({ traceId, seconds, atMs }: Exemplar): string {
  return ` # {trace_id="${traceId}"} ${decimal(Math.round(seconds * 1e6), 6)} ${decimal(atMs, 3)}`;
}

/** `count` units of 10^-digits, out of whole numbers: those are written much faster than floats. */
function decimal(count: number, digits: 3 | 6): string {
  const unit = digits === 3 ? 1000 : 1_000_000;
  const whole = Math.floor(count / unit);
  return `${whole}.${String(count - whole * unit).padStart(digits, '0')}`;
}

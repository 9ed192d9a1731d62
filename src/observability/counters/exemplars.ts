import type { RequestSeries } from './request-series.ts';

/** A traced request that stands for the others of its bucket: what OpenMetrics calls an exemplar. */
export interface Exemplar {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly seconds: number;
  /** When the request was over, in milliseconds since 1970. */
  readonly atMs: number;
}

/** An exemplar as it travels: with its place in the worker's block of request series. */
export interface PlacedExemplar extends Exemplar {
  readonly series: number;
  readonly bucket: number;
}

/** Exemplars that a worker takes between two of its messages; with more buckets in use than that, chance says which have one. */
export const exemplarsAtOnce = 1000;

/**
 * The exemplars that a worker took since its last message: the first traced request of each bucket. A request that comes to a bucket that
 * has its own pays for looking at one bit, and memory is bounded whatever the number of routes (bench: tracing-header).
 */
export class ExemplarBook {
  #taken: (PlacedExemplar & { readonly of: RequestSeries })[] = [];

  /** Whether the bucket has none yet and there is room. */
  wants(series: RequestSeries, bucket: number): boolean {
    return (series.exemplified & (1 << bucket)) === 0 && this.#taken.length < exemplarsAtOnce;
  }

  take(series: RequestSeries, bucket: number, traceId: string, seconds: number): void {
    series.exemplified |= 1 << bucket;
    this.#taken.push({ of: series, series: series.place, bucket, traceId, seconds, atMs: Date.now() });
  }

  /** All that were taken; every bucket wants one again. */
  drain(): readonly PlacedExemplar[] {
    if (this.#taken.length === 0) return noExemplars;
    const taken = this.#taken;
    this.#taken = [];
    return taken.map(({ of, ...exemplar }) => {
      of.exemplified = 0;
      return exemplar;
    });
  }
}

const noExemplars: readonly PlacedExemplar[] = [];

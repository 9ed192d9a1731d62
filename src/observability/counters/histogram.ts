/** Upper bounds in seconds, OpenTelemetry's advice for `http.server.request.duration`; the last bucket (+Inf) is implied. */
export const httpDurationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

/** Upper bounds in seconds for the life of connections: from a refused one to a day. */
export const connectionDurationBounds = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400] as const;

/** A histogram of plain numbers: `buckets[i]` counts values <= bounds[i] and above bounds[i-1]; the last one is +Inf. Not cumulative. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly buckets: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.buckets = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Adds one value, in the unit of the bounds; gives the index of its bucket. */
  observe(value: number): number {
    const { bounds, buckets } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index++;
    (buckets[index] as number)++;
    this.sum += value;
    this.count++;
    return index;
  }

  data(): HistogramData {
    return { buckets: this.buckets.slice(), sum: this.sum, count: this.count };
  }
}

/** A histogram as it travels between processes. */
export interface HistogramData {
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

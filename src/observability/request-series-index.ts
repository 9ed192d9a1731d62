import { type RequestLabels, requestSeriesWidth } from './counters/request-series.ts';
import { ExemplarStore } from './exemplar-store.ts';

/**
 * Numbers the request series of all workers, so that their blocks can be added without comparing labels. Indexes are handed out once
 * and never change; past `cap` every new series is the overflow series, which has index 0.
 */
export class RequestSeriesIndex {
  /** Exemplars of all workers, by index. */
  readonly exemplars = new ExemplarStore();
  readonly #cap: number;
  readonly #indexes = new Map<string, number>();
  #refused = 0;
  readonly #labels: RequestLabels[] = [{ routeKind: 'overflow', routeNamespace: '', route: '', service: '' }];

  /** @param cap most series kept apart, default 2,000 */
  constructor(cap = 2000) {
    this.#cap = cap;
  }

  /** Labels by index; only ever appended to. */
  get labels(): readonly RequestLabels[] {
    return this.#labels;
  }

  /** Pairs that a worker keeps apart and that have no room here. */
  get refused(): number {
    return this.#refused;
  }

  /** The index of a series that a worker reports for the first time. */
  indexOf(labels: RequestLabels): number {
    if (labels.routeKind === 'overflow') return 0;
    const key = `${labels.routeKind}\0${labels.routeNamespace}\0${labels.route}\0${labels.service}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    if (this.#indexes.size >= this.#cap) {
      this.#refused++;
      return 0;
    }
    const index = this.#labels.length;
    this.#labels.push(labels);
    this.#indexes.set(key, index);
    return index;
  }
}

/** Adds a worker's block to `sums`, which is laid out by the index; `indexes[i]` is where the block's series `i` belongs. */
export function addSeriesBlock(sums: Float64Array, block: Float64Array, indexes: readonly number[]): void {
  for (let series = 0; series < indexes.length; series++) {
    const from = series * requestSeriesWidth;
    const to = (indexes[series] as number) * requestSeriesWidth;
    for (let field = 0; field < requestSeriesWidth; field++) (sums[to + field] as number) += block[from + field] as number;
  }
}

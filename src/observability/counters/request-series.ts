import { Histogram, type HistogramData, httpDurationBounds } from './histogram.ts';

/** Labels of one request series: the user's object and the Service that answered. */
export interface RequestLabels {
  readonly routeKind: string; // 'Ingress', or '' for requests that matched nothing
  readonly routeNamespace: string;
  readonly route: string;
  readonly service: string;
}

/** Index into `statusClasses`: 1xx to 5xx, and `other` for requests without a status (the client left first). */
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;

/** The counters of one (route, service): plain fields, one object found once a route, not once a request. */
export class RequestSeries {
  readonly labels: RequestLabels;
  readonly byStatusClass: number[] = [0, 0, 0, 0, 0, 0];
  readonly duration = new Histogram(httpDurationBounds);

  constructor(labels: RequestLabels) {
    this.labels = labels;
  }

  /** @param status 100-599, or 0 when there was none. */
  observe(status: number, seconds: number): void {
    const index = status >= 100 && status < 600 ? ((status / 100) | 0) - 1 : 5;
    (this.byStatusClass[index] as number)++;
    this.duration.observe(seconds);
  }
}

/** The series of one worker, bounded: past `cap` every new one is the overflow series, labelled `other`. */
export class RequestSeriesTable {
  readonly #series = new Map<string, RequestSeries>();
  readonly #cap: number;
  readonly overflow = new RequestSeries({ routeKind: 'overflow', routeNamespace: '', route: '', service: '' });

  constructor(cap: number) {
    this.#cap = cap;
  }

  get(labels: RequestLabels): RequestSeries {
    const key = `${labels.routeKind}\0${labels.routeNamespace}\0${labels.route}\0${labels.service}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#cap) return this.overflow;
    const made = new RequestSeries(labels);
    this.#series.set(key, made);
    return made;
  }

  data(): readonly RequestSeriesData[] {
    const all = [...this.#series.values(), this.overflow];
    return all.map((series) => ({ labels: series.labels, byStatusClass: series.byStatusClass.slice(), duration: series.duration.data() }));
  }
}

/** One series as it travels between processes. */
export interface RequestSeriesData {
  readonly labels: RequestLabels;
  readonly byStatusClass: readonly number[];
  readonly duration: HistogramData;
}

import { Histogram, type HistogramData, httpDurationBounds } from './histogram.ts';

/** Labels of one series: the user's object and the Service that answered, or that connections are passed through to. */
export interface RequestLabels {
  readonly routeKind: string; // 'Ingress', or '' for requests that matched nothing
  readonly routeNamespace: string;
  readonly route: string;
  readonly service: string;
}

/** Index into `statusClasses`: 1xx to 5xx, and `other` for requests without a status (the client left first). */
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;

/** The counters of one (route, service): plain fields, one object found once a route or connection, not once a request. */
export class RequestSeries {
  readonly labels: RequestLabels;
  /** Its index in the table's block. */
  readonly place: number;
  readonly byStatusClass: number[] = [0, 0, 0, 0, 0, 0];
  readonly duration = new Histogram(httpDurationBounds);
  /** Of connections that go to the service as a whole, and of UDP sessions. */
  connectionsOpened = 0;
  connectionsClosed = 0;
  /** Wire bytes of those that are closed ... */
  bytesReceived = 0;
  bytesSent = 0;
  /** ... and of the open ones, as last looked at. */
  liveReceived = 0;
  liveSent = 0;
  /** Buckets that have an exemplar: bit n is bucket n. */
  exemplified = 0;

  constructor(labels: RequestLabels, place: number) {
    this.labels = labels;
    this.place = place;
  }

  /**
   * @param status 100-599, or 0 when there was none
   * @returns the bucket of its duration
   */
  observe(status: number, seconds: number): number {
    const index = status >= 100 && status < 600 ? ((status / 100) | 0) - 1 : 5;
    (this.byStatusClass[index] as number)++;
    return this.duration.observe(seconds);
  }
}

/** The series of one worker, bounded: past `cap` every new one is the overflow series. None is ever let go, so that counters only grow. */
export class RequestSeriesTable {
  readonly #series = new Map<string, RequestSeries>();
  readonly #cap: number;
  readonly overflow = new RequestSeries({ routeKind: 'overflow', routeNamespace: '', route: '', service: '' }, 0);
  /** Times that a pair of route and Service was refused a series of its own; one pair may be refused again after each change of its route. */
  refused = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get(labels: RequestLabels): RequestSeries {
    const key = `${labels.routeKind}\0${labels.routeNamespace}\0${labels.route}\0${labels.service}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#cap) {
      this.refused++;
      return this.overflow;
    }
    const made = new RequestSeries(labels, this.size);
    this.#series.set(key, made);
    return made;
  }

  /** Before the bytes of open connections are added up anew. */
  resetLive(): void {
    for (const series of [this.overflow, ...this.#series.values()]) {
      series.liveReceived = 0;
      series.liveSent = 0;
    }
  }

  /** How many series there are, overflow included. */
  get size(): number {
    return this.#series.size + 1;
  }

  /** Labels of the series from `index` on, in the order of `values()`; the overflow series is the first of all. */
  labelsFrom(index: number): readonly RequestLabels[] {
    const labels = [this.overflow.labels];
    for (const series of this.#series.values()) labels.push(series.labels);
    return labels.slice(index);
  }

  /** Every number of every series in one block, `requestSeriesWidth` apart: what travels and is added up cheaply. */
  values(): Float64Array<ArrayBuffer> {
    const values = new Float64Array(this.size * requestSeriesWidth);
    let offset = writeSeries(values, 0, this.overflow);
    for (const series of this.#series.values()) offset = writeSeries(values, offset, series);
    return values;
  }

  data(): readonly RequestSeriesData[] {
    const all = [...this.#series.values(), this.overflow];
    return all.map((series) => ({
      labels: series.labels,
      byStatusClass: series.byStatusClass.slice(),
      duration: series.duration.data(),
      connections: {
        opened: series.connectionsOpened,
        closed: series.connectionsClosed,
        received: series.bytesReceived + series.liveReceived,
        sent: series.bytesSent + series.liveSent,
      },
    }));
  }
}

const connectionFields = 4;

/**
 * Numbers of one series in a block: status classes, duration buckets (+Inf last, not cumulative), duration sum, duration count; connections
 * opened and closed, and their bytes received and sent.
 */
export const requestSeriesWidth = statusClasses.length + httpDurationBounds.length + 1 + 2 + connectionFields;
/** Where the numbers of connections begin. */
export const connectionOffset = requestSeriesWidth - connectionFields;

function writeSeries(values: Float64Array, offset: number, series: RequestSeries): number {
  const { byStatusClass, duration } = series;
  values.set(byStatusClass, offset);
  values.set(duration.buckets, offset + statusClasses.length);
  values[offset + connectionOffset - 2] = duration.sum;
  values[offset + connectionOffset - 1] = duration.count;
  values[offset + connectionOffset] = series.connectionsOpened;
  values[offset + connectionOffset + 1] = series.connectionsClosed;
  values[offset + connectionOffset + 2] = series.bytesReceived + series.liveReceived;
  values[offset + connectionOffset + 3] = series.bytesSent + series.liveSent;
  return offset + requestSeriesWidth;
}

/** One series as plain data. */
export interface RequestSeriesData {
  readonly labels: RequestLabels;
  readonly byStatusClass: readonly number[];
  readonly duration: HistogramData;
  /** Of those whose bytes go to the service unread. */
  readonly connections: { readonly opened: number; readonly closed: number; readonly received: number; readonly sent: number };
}

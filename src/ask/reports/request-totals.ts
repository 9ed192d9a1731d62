import { connectionOffset, type RequestLabels, requestSeriesWidth, statusClasses } from '../../observability/counters/request-series.ts';
import type { RouteSource } from '../../routes/route.ts';

/** What was counted since the program began; rates are the differences between two reads. */
export interface RequestTotals {
  readonly requests: number;
  /** `1xx` to `5xx`, and `other` for requests whose client left before there was a status. */
  readonly byStatusClass: Readonly<Record<string, number>>;
  /** Seconds of all requests together. */
  readonly durationSum: number;
  /** Requests by their duration, by `durationBounds` and one more for all above; not cumulative. */
  readonly durationBuckets: readonly number[];
  /** Of connections that go to a Service as a whole, and UDP sessions. */
  readonly connectionsOpened: number;
  /** undefined: some are forwarded by a kernel that does not show which are open. */
  readonly connectionsActive?: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** The series of routes as they are counted. */
export interface CountedSeries {
  /** By series. */
  readonly requestLabels: readonly RequestLabels[];
  /** `requestSeriesWidth` numbers for each series. */
  readonly requestValues: Float64Array;
  /** Series of which it is not known how many connections are open. */
  readonly openUnknown: ReadonlySet<number>;
}

const bucketsOffset = statusClasses.length;
const sumOffset = connectionOffset - 2;

/** The totals of each object over all its Services, by `objectKey`. Objects that never had a request or connection may be missing. */
export function totalsByObject({ requestLabels, requestValues, openUnknown }: CountedSeries): ReadonlyMap<string, RequestTotals> {
  const sums = new Map<string, Float64Array>();
  const unknown = new Set<string>();
  for (const [series, labels] of requestLabels.entries()) {
    const key = objectKey({ kind: labels.routeKind, namespace: labels.routeNamespace, name: labels.route });
    const values = requestValues.subarray(series * requestSeriesWidth, (series + 1) * requestSeriesWidth);
    if (openUnknown.has(series)) unknown.add(key);
    const known = sums.get(key);
    if (known === undefined) sums.set(key, values.slice());
    else for (const [field, value] of values.entries()) (known[field] as number) += value;
  }
  return new Map([...sums].map(([key, values]) => [key, totalsOf(values, !unknown.has(key))]));
}

/** `Ingress shop/web` */
export function objectKey({ kind, namespace, name }: RouteSource): string {
  return `${kind} ${namespace}/${name}`;
}

/** Nothing counted. */
export const noTotals: RequestTotals = totalsOf(new Float64Array(requestSeriesWidth), true);

function totalsOf(values: Float64Array, isOpenKnown: boolean): RequestTotals {
  const [opened = 0, closed = 0, received = 0, sent = 0] = values.subarray(connectionOffset);
  const buckets = [...values.subarray(bucketsOffset, sumOffset)];
  return {
    requests: values[sumOffset + 1] ?? 0,
    byStatusClass: Object.fromEntries(statusClasses.map((name, index) => [name, values[index] ?? 0])),
    durationSum: values[sumOffset] ?? 0,
    durationBuckets: buckets,
    connectionsOpened: opened,
    ...(isOpenKnown && { connectionsActive: opened - closed }),
    bytesReceived: received,
    bytesSent: sent,
  };
}

import { objectKey, type RequestTotals } from './request-totals.ts';
import type { RouteReport } from './route-report.ts';
import type { StatusReport } from './status-report.ts';

/** What was read of a running program at one moment. */
export interface TopSample {
  readonly status: StatusReport;
  readonly routes: RouteReport;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/** What goes on between two moments: everything a second, unless it says otherwise. */
export interface TopView {
  readonly ready: boolean;
  readonly requests: number;
  readonly errors: number;
  readonly connectionsAccepted: number;
  /** Open now. */
  readonly connectionsActive: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly workers: readonly TopWorker[];
  /** The busiest first. */
  readonly routes: readonly TopRoute[];
}

/** What a worker uses. */
export interface TopWorker {
  readonly id: number;
  readonly state: string;
  /** Of one CPU; undefined: not known. */
  readonly cpuPercent?: number;
  readonly rssBytes?: number;
  readonly connections: number;
}

/** What an object has to do. */
export interface TopRoute {
  /** `Ingress shop/web` */
  readonly object: string;
  readonly requests: number;
  readonly errors: number;
  /** Of the requests in between, in milliseconds, as far as buckets tell; undefined: there were none. */
  readonly medianMs?: number;
  readonly p99Ms?: number;
  /** Connections that go to a Service as a whole, open now; undefined: not known. */
  readonly connectionsActive?: number;
}

/** The differences between two samples. Pure. */
export function topView(before: TopSample, after: TopSample): TopView {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000);
  const rate = (from: number, to: number): number => Math.max(0, to - from) / seconds;
  const [from, to] = [before.status.totals, after.status.totals];
  return {
    ready: after.status.ready,
    requests: rate(from.requests, to.requests),
    errors: rate(from.byStatusClass['5xx'] ?? 0, to.byStatusClass['5xx'] ?? 0),
    connectionsAccepted: rate(from.connectionsAccepted, to.connectionsAccepted),
    connectionsActive: to.connectionsActive,
    bytesReceived: rate(from.bytesReceived, to.bytesReceived),
    bytesSent: rate(from.bytesSent, to.bytesSent),
    workers: topWorkers(before.status, after.status, seconds),
    routes: topRoutes(before.routes, after.routes, seconds),
  };
}

function topWorkers(before: StatusReport, after: StatusReport, seconds: number): readonly TopWorker[] {
  const known = new Map(before.workers.map((worker) => [worker.pid, worker]));
  return after.workers.map(({ id, pid, state, cpuSeconds, rssBytes, connections }) => {
    const used = known.get(pid)?.cpuSeconds;
    return {
      id,
      state,
      ...(used !== undefined && cpuSeconds !== undefined && { cpuPercent: Math.max(0, (100 * (cpuSeconds - used)) / seconds) }),
      ...(rssBytes !== undefined && { rssBytes }),
      connections,
    };
  });
}

function topRoutes(before: RouteReport, after: RouteReport, seconds: number): readonly TopRoute[] {
  const key = ({ object }: RouteReport['routes'][number]): string => objectKey(object);
  const known = new Map(before.routes.map((route) => [key(route), route.totals]));
  const routes = after.routes.map((route) => topRoute(key(route), known.get(key(route)), route.totals, after.durationBounds, seconds));
  const open = ({ connectionsActive = 0 }: TopRoute): number => connectionsActive;
  return routes.sort((a, b) => b.requests - a.requests || open(b) - open(a) || (a.object < b.object ? -1 : 1));
}

/** @param before undefined: it was not there, or not among the first */
function topRoute(
  object: string,
  before: RequestTotals | undefined,
  after: RequestTotals,
  bounds: readonly number[],
  seconds: number,
): TopRoute {
  const from = before ?? after;
  const rate = (first: number, last: number): number => Math.max(0, last - first) / seconds;
  const buckets = after.durationBuckets.map((count, index) => Math.max(0, count - (from.durationBuckets[index] ?? 0)));
  const [medianMs, p99Ms] = [quantileMs(buckets, bounds, 0.5), quantileMs(buckets, bounds, 0.99)];
  return {
    object,
    requests: rate(from.requests, after.requests),
    errors: rate(from.byStatusClass['5xx'] ?? 0, after.byStatusClass['5xx'] ?? 0),
    ...(medianMs !== undefined && { medianMs }),
    ...(p99Ms !== undefined && { p99Ms }),
    ...(after.connectionsActive !== undefined && { connectionsActive: after.connectionsActive }),
  };
}

/**
 * The duration below which a share of the requests is, evenly spread within their bucket; of those above all bounds, the last bound.
 * @param bounds in seconds
 */
export function quantileMs(buckets: readonly number[], bounds: readonly number[], share: number): number | undefined {
  const count = buckets.reduce((sum, value) => sum + value, 0);
  if (count === 0) return undefined;
  let left = count * share;
  for (const [index, bound] of bounds.entries()) {
    const inBucket = buckets[index] ?? 0;
    const lower = index === 0 ? 0 : (bounds[index - 1] ?? 0);
    if (left <= inBucket) return 1000 * (lower + ((bound - lower) * left) / Math.max(inBucket, 1));
    left -= inBucket;
  }
  return 1000 * (bounds.at(-1) ?? 0);
}

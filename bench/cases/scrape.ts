// The cost of a scrape at 2,000 routes (46,000 request series): event-loop time of the main process, and the longest it is held.
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { httpDurationBounds } from '../../src/observability/counters/histogram.ts';
import { RequestSeriesTable, requestSeriesWidth } from '../../src/observability/counters/request-series.ts';
import { Exposition } from '../../src/observability/exposition.ts';
import type { ExpositionFormat } from '../../src/observability/exposition-format.ts';
import { emptyReport, sumReports, type WorkerReport } from '../../src/observability/fleet-totals.ts';
import { RequestSeriesIndex } from '../../src/observability/request-series-index.ts';
import { metricSource } from '../../test/tools/metric-source.ts';

const routes = 2000;
const workers = 2;
const rounds = 30;

function busyReport(index: RequestSeriesIndex): WorkerReport {
  const table = new RequestSeriesTable(routes);
  for (let route = 0; route < routes - 1; route++) {
    const series = table.get({
      routeKind: 'Ingress',
      routeNamespace: 'shop',
      route: `route-${route}`,
      service: `shop/backend-${route}:80`,
    });
    for (let request = 0; request < 20; request++) series.observe(200 + (request % 4) * 100, request / 50);
  }
  const requestIndexes = table.labelsFrom(0).map((labels) => index.indexOf(labels));
  return { ...emptyReport(), requestValues: table.values(), requestIndexes };
}

/** One figure a line: milliseconds unless `unit` says otherwise. */
export async function run(): Promise<{ name: string; unit: string; value: number }[]> {
  const index = new RequestSeriesIndex(routes);
  const reports = Array.from({ length: workers }, () => busyReport(index));
  const exposition = new Exposition(async () => metricSource(sumReports(reports, index)));
  for (let series = 0; series < index.labels.length; series++) {
    for (let bucket = 0; bucket <= httpDurationBounds.length; bucket++)
      index.exemplars.put(series, bucket, { traceId: randomBytes(16).toString('hex'), seconds: 0.0123, atMs: Date.now() });
  }
  const text = await measure(exposition, 'text');
  const openMetrics = await measure(exposition, 'openmetrics');
  return [
    { name: 'request series', unit: 'series', value: index.labels.length * requestSeriesWidth },
    { name: 'scrape, event-loop time, median', unit: 'ms', value: text.medianMs },
    { name: 'scrape, event loop held at most', unit: 'ms', value: text.longestMs },
    { name: 'exposition', unit: 'MiB', value: text.bytes / 2 ** 20 },
    { name: 'scrape with an exemplar for each bucket, event-loop time, median', unit: 'ms', value: openMetrics.medianMs },
    { name: 'scrape with an exemplar for each bucket, event loop held at most', unit: 'ms', value: openMetrics.longestMs },
    { name: 'exposition with them', unit: 'MiB', value: openMetrics.bytes / 2 ** 20 },
  ];
}

interface Scrapes {
  readonly medianMs: number;
  readonly longestMs: number;
  readonly bytes: number;
}

async function measure(exposition: Exposition, format: ExpositionFormat): Promise<Scrapes> {
  for (let warmUp = 0; warmUp < 5; warmUp++) await exposition.render(format);

  const totals: number[] = [];
  let longestMs = 0;
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const before = performance.eventLoopUtilization();
    let done = false;
    const watch = longestTurn(() => done);
    const chunks = await exposition.render(format);
    bytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
    done = true;
    longestMs = Math.max(longestMs, await watch);
    totals.push(performance.eventLoopUtilization(before).active);
  }
  totals.sort((a, b) => a - b);
  return { medianMs: totals[rounds >> 1] ?? 0, longestMs, bytes };
}

/** The longest time between two turns of the event loop until `done`. */
async function longestTurn(done: () => boolean): Promise<number> {
  let longest = 0;
  while (!done()) {
    const start = performance.now();
    await setImmediate();
    longest = Math.max(longest, performance.now() - start);
  }
  return longest;
}

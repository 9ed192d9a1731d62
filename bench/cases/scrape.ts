// The cost of a scrape at 2,000 routes (46,000 request series): event-loop time of the main process, and the longest it is held.
import { setImmediate } from 'node:timers/promises';
import { httpDurationBounds } from '../../src/observability/counters/histogram.ts';
import { RequestSeriesTable, requestSeriesWidth } from '../../src/observability/counters/request-series.ts';
import { Exposition } from '../../src/observability/exposition.ts';
import { emptyReport, sumReports, type WorkerReport } from '../../src/observability/fleet-totals.ts';
import type { MetricSource } from '../../src/observability/metric-source.ts';
import { RequestSeriesIndex } from '../../src/observability/request-series-index.ts';

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
  const noDurations = { bounds: httpDurationBounds, buckets: new Array<number>(httpDurationBounds.length + 1).fill(0), sum: 0, count: 0 };
  const controller: MetricSource['controller'] = {
    tableGeneration: 1,
    tableAgeMs: 0,
    translateDurations: noDurations,
    publishDurations: noDurations,
    applyDurations: noDurations,
    failures: 0,
    problems: {},
    sources: [],
    leader: true,
    eventLoopDelayMs: 0,
  };
  const exposition = new Exposition(async () => ({ fleet: sumReports(reports, index.labels), workers: [], controller }));
  for (let warmUp = 0; warmUp < 5; warmUp++) await exposition.render();

  const totals: number[] = [];
  let longestMs = 0;
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const before = performance.eventLoopUtilization();
    let done = false;
    const watch = longestTurn(() => done);
    const chunks = await exposition.render();
    bytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
    done = true;
    longestMs = Math.max(longestMs, await watch);
    totals.push(performance.eventLoopUtilization(before).active);
  }
  totals.sort((a, b) => a - b);
  return [
    { name: 'request series', unit: 'series', value: index.labels.length * requestSeriesWidth },
    { name: 'scrape, event-loop time, median', unit: 'ms', value: totals[rounds >> 1] ?? 0 },
    { name: 'scrape, event loop held at most', unit: 'ms', value: longestMs },
    { name: 'exposition', unit: 'MiB', value: bytes / 2 ** 20 },
  ];
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

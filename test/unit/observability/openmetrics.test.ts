import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpDurationBounds } from '../../../src/observability/counters/histogram.ts';
import type { RequestLabels, RequestSeries } from '../../../src/observability/counters/request-series.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { Exposition } from '../../../src/observability/exposition.ts';
import { negotiatedFormat } from '../../../src/observability/exposition-format.ts';
import { metricTable } from '../../../src/observability/metric-table.ts';
import { FleetStatistics } from '../../../src/workers/fleet-statistics.ts';
import { SnapshotDecoder, SnapshotEncoder } from '../../../src/workers/wire-snapshot.ts';
import { fleetOf, metricSource, someTraffic } from '../../tools/metric-source.ts';
import { type OpenMetricsFamily, parseOpenMetrics } from '../../tools/openmetrics-parser.ts';

const web: RequestLabels = { routeKind: 'Ingress', routeNamespace: 'shop', route: 'web', service: 'shop/web:80' };
const traceId = '0af7651916cd43dd8448eb211c80319c';

/** One worker's counters and the main process that hears of them. */
function fleet() {
  const counters = new WorkerCounters();
  const encoder = new SnapshotEncoder(counters);
  const statistics = new FleetStatistics(100);
  const decoder = new SnapshotDecoder(statistics.seriesIndex);
  const exposition = new Exposition(async () => metricSource(statistics.total([decoder.report])));
  return {
    counters,
    series: (labels: RequestLabels = web): RequestSeries => counters.requests.get(labels),
    /** Over structured clone, as over IPC. */
    heartbeat: () => decoder.decode(structuredClone(encoder.encode())),
    families: async (): Promise<ReadonlyMap<string, OpenMetricsFamily>> =>
      parseOpenMetrics((await exposition.render('openmetrics')).join('')),
    text: async (): Promise<string> => (await exposition.render('text')).join(''),
  };
}

/** The exemplars that are shown, by the labels of their buckets. */
async function shown(families: Promise<ReadonlyMap<string, OpenMetricsFamily>>) {
  const { samples = [] } = (await families).get('smartproxy_http_request_duration_seconds') ?? {};
  return samples.flatMap(({ labels, exemplar }) => (exemplar === undefined ? [] : [{ bucket: labels, ...exemplar }]));
}

test('openmetrics: every metric of the table is there by the rules, with the unit that its name ends in', async () => {
  const families = parseOpenMetrics((await new Exposition(async () => metricSource(fleetOf(someTraffic))).render('openmetrics')).join(''));
  const expected = metricTable.map(({ name, type }) => (type === 'counter' ? name.replace(/_total$/, '') : name));
  assert.deepEqual([...families.keys()].sort(), expected.sort());
  for (const { name, type, doc } of metricTable) {
    const family = families.get(type === 'counter' ? name.replace(/_total$/, '') : name);
    assert.deepEqual([family?.type, family?.help], [type, doc]);
  }
  assert.equal(families.get('smartproxy_bytes')?.unit, 'bytes');
  assert.equal(families.get('smartproxy_http_request_duration_seconds')?.unit, 'seconds');
  assert.equal(families.get('smartproxy_connections_active')?.unit, undefined);
});

test('openmetrics: names of counters end in _total and no other name does', () => {
  for (const { name, type } of metricTable) assert.equal(name.endsWith('_total'), type === 'counter', name);
});

test('openmetrics: the first traced request of a bucket is its exemplar until the next heartbeat, then the next one', async () => {
  const { counters, series, heartbeat, families, text } = fleet();
  const observe = (seconds: number, id: string): void => {
    const bucket = series().observe(200, seconds);
    if (counters.exemplars.wants(series(), bucket)) counters.exemplars.take(series(), bucket, id, seconds);
  };
  observe(0.3, traceId);
  observe(0.4, 'b'.repeat(32));
  observe(20, 'c'.repeat(32));
  heartbeat();
  assert.deepEqual(
    (await shown(families())).map(({ bucket, labels, value }) => [/le="([^"]+)"/.exec(bucket)?.[1], labels, value]),
    [
      ['0.5', `trace_id="${traceId}"`, 0.3],
      ['+Inf', `trace_id="${'c'.repeat(32)}"`, 20],
    ],
  );
  const [first] = await shown(families());
  assert.ok(Math.abs(Date.now() / 1000 - (first?.timestamp ?? 0)) < 60);
  assert.ok(!(await text()).includes('trace_id'), 'the text format has no exemplars');

  observe(0.4, 'd'.repeat(32));
  heartbeat();
  assert.equal((await shown(families()))[0]?.labels, `trace_id="${'d'.repeat(32)}"`);
});

test('openmetrics: a worker takes no more exemplars between two heartbeats than it may, and new ones after each', () => {
  const { counters, heartbeat } = fleet();
  const offer = (count: number): number => {
    let taken = 0;
    for (let route = 0; route < count; route++) {
      const series = counters.requests.get({ ...web, route: `r${route % 1500}` });
      const bucket = series.observe(200, httpDurationBounds[route % httpDurationBounds.length] ?? 0);
      if (!counters.exemplars.wants(series, bucket)) continue;
      counters.exemplars.take(series, bucket, traceId, 1);
      taken++;
    }
    return taken;
  };
  assert.equal(offer(5000), 1000);
  heartbeat();
  assert.equal(offer(5000), 1000);
});

test('openmetrics: an old exemplar is not shown', async () => {
  const statistics = new FleetStatistics(100);
  const series = statistics.seriesIndex.indexOf(web);
  const nowMs = Date.now();
  statistics.seriesIndex.exemplars.put(series, 0, { traceId, seconds: 0.001, atMs: nowMs - 3_600_000 });
  statistics.seriesIndex.exemplars.put(series, 1, { traceId, seconds: 0.009, atMs: nowMs });
  const exposition = new Exposition(async () => metricSource(statistics.total([])));
  const families = exposition.render('openmetrics').then((chunks) => parseOpenMetrics(chunks.join('')));
  assert.deepEqual(
    (await shown(families)).map(({ value }) => value),
    [0.009],
  );
});

test('openmetrics: what a scraper accepts says which format it gets', () => {
  const prometheus2 =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  for (const accept of [prometheus2, prometheus3, 'application/openmetrics-text', 'Application/OpenMetrics-Text; Version="1.0.0"']) {
    assert.equal(negotiatedFormat(accept), 'openmetrics', accept);
  }
  const text = [
    ...[undefined, '', '*/*', 'text/html', 'text/plain', 'application/openmetrics-text;q=0', 'application/openmetrics-text;q=x'],
    ...['application/openmetrics-text;version=0.0.1', 'application/openmetrics-text;q=0.1,text/plain;q=0.2', 'application/*'],
  ];
  for (const accept of text) assert.equal(negotiatedFormat(accept), 'text', String(accept));
});

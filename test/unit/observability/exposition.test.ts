import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusClasses } from '../../../src/observability/counters/request-series.ts';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';
import { connectionSides, terminationReasons } from '../../../src/observability/counters/termination-reason.ts';
import { Exposition } from '../../../src/observability/exposition.ts';
import { renderMetricDocs } from '../../../src/observability/metric-docs.ts';
import { metricTable } from '../../../src/observability/metric-table.ts';
import { type MetricFamily, parseExposition } from '../../tools/exposition-parser.ts';
import { fleetOf, metricSource, someTraffic } from '../../tools/metric-source.ts';

async function scrape(count: Parameters<typeof fleetOf>[0]): Promise<ReadonlyMap<string, MetricFamily>> {
  const chunks = await new Exposition(async () => metricSource(fleetOf(count))).render();
  return parseExposition(chunks.join(''));
}

function sampleValue(families: ReadonlyMap<string, MetricFamily>, name: string, labels: Record<string, string> = {}): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  const fits = (of: Readonly<Record<string, string>>) => Object.entries(labels).every(([label, value]) => of[label] === value);
  return family?.samples.find((sample) => sample.name === name && fits(sample.labels))?.value;
}

test('exposition: every metric of the table is exported with its type, help and labels, and no other', async () => {
  const families = await scrape(someTraffic);
  assert.deepEqual([...families.keys()].sort(), metricTable.map(({ name }) => name).sort());
  for (const { name, type, doc, labels } of metricTable) {
    const family = families.get(name);
    assert.ok(family);
    assert.equal(family.type, type);
    assert.equal(family.help, doc);
    for (const sample of family.samples) {
      const expected = sample.name.endsWith('_bucket') ? [...labels, 'le'] : labels;
      assert.deepEqual(Object.keys(sample.labels).sort(), [...expected].sort(), sample.name);
    }
  }
});

test('exposition: the docs table has one row for each metric', () => {
  const rows = renderMetricDocs()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.deepEqual(
    rows.map((row) => row.split('`')[1]),
    metricTable.map(({ name }) => name),
  );
  for (const row of rows) assert.equal(row.split(' | ').length, 5, row);
});

test('exposition: accepted = active + the sum of closed', async () => {
  const families = await scrape(someTraffic);
  const closed = families.get('smartproxy_connections_closed_total')?.samples.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN;
  const accepted = sampleValue(families, 'smartproxy_connections_accepted_total');
  assert.equal(accepted, 3);
  assert.equal(accepted, (sampleValue(families, 'smartproxy_connections_active') ?? Number.NaN) + closed);
});

test('exposition: known label values are there from the start, with 0', async () => {
  const families = await scrape(() => {});
  const closed = families.get('smartproxy_connections_closed_total')?.samples ?? [];
  assert.equal(closed.length, connectionSides.length * terminationReasons.length);
  const flags = families.get('networkproxy_responses_total')?.samples ?? [];
  assert.deepEqual(
    flags.map(({ labels }) => labels.flag),
    [...responseFlags],
  );
  assert.equal(sampleValue(families, 'networkproxy_tls_handshakes_total', { version: 'TLSv1.3', result: 'ok' }), 0);
  assert.equal(sampleValue(families, 'smartproxy_http_requests_total', { route_kind: 'overflow', status_class: '5xx' }), 0);
});

test('exposition: a request shows under its route, with label values escaped', async () => {
  const families = await scrape(someTraffic);
  const labels = { route_kind: 'Ingress', route_namespace: 'shop', route: 'we"b\\\n', route_service: 'shop/web:80' };
  assert.deepEqual(
    statusClasses.map((status_class) => sampleValue(families, 'smartproxy_http_requests_total', { ...labels, status_class })),
    [0, 1, 0, 0, 0, 0],
  );
  const bucket = (le: string) => sampleValue(families, 'smartproxy_http_request_duration_seconds_bucket', { ...labels, le });
  assert.deepEqual([bucket('0.25'), bucket('0.5'), bucket('+Inf')], [0, 1, 1]);
  assert.equal(sampleValue(families, 'smartproxy_http_request_duration_seconds_sum', labels), 0.3);
});

test('exposition: durations beyond the last bound are in +Inf alone', async () => {
  const families = await scrape(someTraffic);
  assert.equal(sampleValue(families, 'smartproxy_connection_duration_seconds_bucket', { le: '86400' }), 1);
  assert.equal(sampleValue(families, 'smartproxy_connection_duration_seconds_bucket', { le: '+Inf' }), 2);
});

test('exposition: scrapes at the same time share one rendering, a later one is new', async () => {
  let gathered = 0;
  const exposition = new Exposition(async () => {
    gathered++;
    return metricSource(fleetOf(someTraffic));
  });
  await Promise.all([exposition.render(), exposition.render()]);
  assert.equal(gathered, 1);
  await exposition.render();
  assert.equal(gathered, 2);
});

test('exposition: a thousand routes are each there once', async () => {
  const families = await scrape((counters) => {
    for (let route = 0; route < 1000; route++) {
      counters.requests.get({ routeKind: 'Ingress', routeNamespace: 'a', route: `r${route}`, service: 's' }).observe(200, 1);
    }
  });
  assert.equal(families.get('smartproxy_http_requests_total')?.samples.length, 1001 * statusClasses.length);
});

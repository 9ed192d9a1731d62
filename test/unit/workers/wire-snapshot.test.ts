import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionActivities } from '../../../src/observability/counters/connection-activity.ts';
import { connectionOffset, requestSeriesWidth } from '../../../src/observability/counters/request-series.ts';
import { closedIndex } from '../../../src/observability/counters/termination-reason.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { FleetStatistics } from '../../../src/workers/fleet-statistics.ts';
import { SnapshotDecoder, SnapshotEncoder } from '../../../src/workers/wire-snapshot.ts';

function labels(route: string) {
  return { routeKind: 'Ingress', routeNamespace: 'shop', route, service: `shop/${route}:80` };
}

/** Through structured clone, as over IPC. */
function travel<T>(value: T): T {
  return structuredClone(value);
}

test('SnapshotEncoder: labels travel once, and the numbers find their series in every later message', () => {
  const counters = new WorkerCounters();
  const encoder = new SnapshotEncoder(counters);
  const statistics = new FleetStatistics(100);
  const decoder = new SnapshotDecoder(statistics.seriesIndex);
  counters.requests.get(labels('a')).observe(200, 0.01);
  const first = encoder.encode();
  assert.deepEqual(
    first.newLabels.map(({ route }) => route),
    ['', 'a'],
  );
  decoder.decode(travel(first));
  counters.requests.get(labels('b')).observe(503, 0.02);
  counters.requests.get(labels('a')).observe(200, 0.03);
  const second = encoder.encode();
  assert.deepEqual(
    second.newLabels.map(({ route }) => route),
    ['b'],
  );
  decoder.decode(travel(second));
  assert.deepEqual(encoder.encode().newLabels, []);

  const { requestLabels, requestValues } = statistics.total([decoder.report]);
  assert.deepEqual(
    requestLabels.map(({ route }) => route),
    ['', 'a', 'b'],
  );
  assert.equal(requestValues[requestSeriesWidth + 1], 2); // a, 2xx
  assert.equal(requestValues[2 * requestSeriesWidth + 4], 1); // b, 5xx
});

test('FleetStatistics: series that workers met in different orders are added by their labels', () => {
  const statistics = new FleetStatistics(100);
  const reports = [
    ['a', 'b'],
    ['b', 'a'],
  ].map((routes) => {
    const counters = new WorkerCounters();
    for (const [index, route] of routes.entries()) for (let n = 0; n <= index; n++) counters.requests.get(labels(route)).observe(200, 0.01);
    return new SnapshotDecoder(statistics.seriesIndex).decode(travel(new SnapshotEncoder(counters).encode()));
  });
  const { requestValues } = statistics.total(reports);
  assert.deepEqual(
    [1, 2].map((series) => requestValues[series * requestSeriesWidth + 1]),
    [3, 3],
  );
});

test('FleetStatistics: past the cap new series of any worker are the overflow series', () => {
  const statistics = new FleetStatistics(1);
  const counters = new WorkerCounters();
  for (const route of ['a', 'b', 'c']) counters.requests.get(labels(route)).observe(200, 0.01);
  const report = new SnapshotDecoder(statistics.seriesIndex).decode(travel(new SnapshotEncoder(counters).encode()));
  const { requestLabels, requestValues, seriesRefused } = statistics.total([report]);
  assert.equal(seriesRefused, 2, 'the main process has no room for two');
  assert.deepEqual(
    requestLabels.map(({ routeKind }) => routeKind),
    ['overflow', 'Ingress'],
  );
  assert.deepEqual(
    [0, 1].map((series) => requestValues[series * requestSeriesWidth + 1]),
    [2, 1],
  );
});

test('FleetStatistics: what a worker has no room for is counted, and counts as overflow', () => {
  const statistics = new FleetStatistics(100);
  const counters = new WorkerCounters(1);
  for (const route of ['a', 'b', 'a', 'c']) counters.requests.get(labels(route)).observe(200, 0.01);
  const { requestValues, seriesRefused } = statistics.total([
    new SnapshotDecoder(statistics.seriesIndex).decode(travel(new SnapshotEncoder(counters).encode())),
  ]);
  assert.equal(seriesRefused, 2);
  assert.equal(requestValues[1], 2);
});

test('FleetStatistics: a dead worker keeps its totals, its open connections are closed as worker_lost, its gauges are gone', () => {
  const statistics = new FleetStatistics(100);
  const counters = new WorkerCounters();
  counters.connectionsAccepted = 10;
  counters.connectionsClosed[closedIndex('client', 'normal')] = 7;
  counters.gauges.connectionsActive = () => 3;
  counters.gauges.connectionsByState = () => connectionActivities.map((state) => (state === 'handed_over' ? 3 : 0));
  counters.gauges.connectedClients = () => 3;
  counters.requests.get(labels('a')).observe(200, 0.01);
  const decode = () => new SnapshotDecoder(statistics.seriesIndex).decode(travel(new SnapshotEncoder(counters).encode()));
  statistics.workerDied(decode());
  statistics.workerDied(decode());
  const { totals, requestValues } = statistics.total([decode()]);
  assert.equal(totals.connectionsAccepted, 30);
  assert.equal(totals.connectionsActive, 3);
  assert.equal(totals.connectedClients, 3);
  assert.equal(totals.connectionsByState[connectionActivities.indexOf('handed_over')], 3);
  assert.equal(totals.connectionsClosed[closedIndex('proxy', 'worker_lost')], 6);
  assert.equal(totals.connectionsClosed.reduce((sum, n) => sum + n, 0) + totals.connectionsActive, totals.connectionsAccepted);
  assert.equal(requestValues[requestSeriesWidth + 1], 3);
});

test('FleetStatistics: connections of routes are added up, and those of a dead worker are closed', () => {
  const statistics = new FleetStatistics(100);
  const decode = (opened: number, closed: number) => {
    const counters = new WorkerCounters();
    const series = counters.requests.get(labels('db'));
    series.connectionsOpened = opened;
    series.connectionsClosed = closed;
    series.bytesReceived = 10;
    series.liveReceived = 5;
    return new SnapshotDecoder(statistics.seriesIndex).decode(travel(new SnapshotEncoder(counters).encode()));
  };
  const connections = (values: Float64Array) => [
    ...values.slice(requestSeriesWidth + connectionOffset, requestSeriesWidth + connectionOffset + 4),
  ];
  assert.deepEqual(connections(statistics.total([decode(5, 2), decode(3, 3)]).requestValues), [8, 5, 30, 0]);
  statistics.workerDied(decode(5, 2));
  assert.deepEqual(connections(statistics.total([decode(3, 3)]).requestValues), [8, 8, 30, 0]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionOffset, requestSeriesWidth } from '../../../src/observability/counters/request-series.ts';
import { Exposition } from '../../../src/observability/exposition.ts';
import { emptyReport, type FleetTotals } from '../../../src/observability/fleet-totals.ts';
import type { KernelRouteFacts } from '../../../src/observability/metric-source.ts';
import { FleetStatistics } from '../../../src/workers/fleet-statistics.ts';
import { parseExposition } from '../../tools/exposition-parser.ts';
import { metricSource } from '../../tools/metric-source.ts';

const nothing = { packets: 0, bytes: 0 };

/** A route of the kernel that has forwarded `opened` connections of 100 bytes in and 200 out. */
function route(name: string, opened: number, open?: number, service = 'db', listener = 'db'): KernelRouteFacts {
  const count = (bytes: number) => ({ packets: opened, bytes: opened * bytes });
  const dropped = { refused: nothing, limited: nothing, crowded: nothing, clientCrowded: nothing };
  const counts = { connections: count(60), received: count(100), sent: count(200), ...dropped };
  return { source: { kind: 'SmartRoute', namespace: 'default', name }, listener, service, ...counts, open };
}

/** Opened, active, received and sent of the series of a route. */
function seriesOf({ requestLabels, requestValues }: FleetTotals, name: string): readonly number[] | undefined {
  const index = requestLabels.findIndex((labels) => labels.route === name);
  if (index === -1) return undefined;
  const at = index * requestSeriesWidth + connectionOffset;
  const [opened = 0, closed = 0, received = 0, sent = 0] = requestValues.subarray(at, at + 4);
  return [opened, opened - closed, received, sent];
}

test('a route of the kernel counts in the series of its object and Service, all its listeners together', () => {
  const fleet = new FleetStatistics(100).total([], [route('db', 3, 1), route('db', 2, 2, 'db', 'other'), route('dns', 1, undefined, '')]);
  assert.deepEqual(seriesOf(fleet, 'db'), [5, 3, 500, 1000]);
  assert.deepEqual(seriesOf(fleet, 'dns'), [1, 0, 100, 200]);
  assert.equal(fleet.requestLabels.at(-1)?.service, '');
});

test('where a kernel does not show what is open, that is in no sample of the series, and in those of others', async () => {
  const statistics = new FleetStatistics(100);
  const activeOf = async (routes: readonly KernelRouteFacts[]) => {
    const chunks = await new Exposition(async () => metricSource(statistics.total([], routes))).render();
    const { samples = [] } = parseExposition(chunks.join('')).get('smartproxy_route_connections_active') ?? {};
    return samples.map(({ labels, value }) => [labels.route, value]);
  };
  const shown = route('dns', 2, 1, 'dns', 'dns');
  assert.deepEqual(await activeOf([route('db', 3), route('db', 2, 2, 'db', 'other'), shown]), [
    ['', 0],
    ['dns', 1],
  ]);
  assert.deepEqual(await activeOf([route('db', 3, 2), route('db', 2, 2, 'db', 'other'), shown]), [
    ['', 0],
    ['db', 4],
    ['dns', 1],
  ]);
  assert.deepEqual(await activeOf([shown]), [
    ['', 0],
    ['db', 0],
    ['dns', 1],
  ]);
});

test('what a route of the kernel has counted is not lost when it goes, nor counted twice when it comes again', () => {
  const statistics = new FleetStatistics(100);
  statistics.total([], [route('db', 3, 1)]);
  assert.deepEqual(seriesOf(statistics.total([], []), 'db'), [3, 0, 300, 600]);
  assert.deepEqual(seriesOf(statistics.total([], []), 'db'), [3, 0, 300, 600]);
  assert.deepEqual(seriesOf(statistics.total([], [route('db', 2, 2)]), 'db'), [5, 2, 500, 1000]);
});

test('counters that the kernel began anew go on from where they were', () => {
  const statistics = new FleetStatistics(100);
  statistics.total([], [route('db', 3, 1)]);
  assert.deepEqual(seriesOf(statistics.total([], [route('db', 1, 1)]), 'db'), [4, 1, 400, 800]);
  assert.deepEqual(seriesOf(statistics.total([], [route('db', 2, 1)]), 'db'), [5, 1, 500, 1000]);
});

test('the kernel and workers add up in one series, and a kernel that nobody asked changes nothing', () => {
  const statistics = new FleetStatistics(100);
  const index = statistics.seriesIndex.indexOf({ routeKind: 'SmartRoute', routeNamespace: 'default', route: 'db', service: 'db' });
  const requestValues = new Float64Array(requestSeriesWidth);
  requestValues.set([10, 4, 7, 9], connectionOffset);
  const worker = { ...emptyReport(), requestValues, requestIndexes: [index] };
  assert.deepEqual(seriesOf(statistics.total([worker], [route('db', 3, 1)]), 'db'), [13, 7, 307, 609]);
  assert.deepEqual(seriesOf(statistics.total([worker]), 'db'), [10, 6, 7, 9]);
});

test('past the most series there may be, routes of the kernel count in the one for all, and are counted as refused once', () => {
  const statistics = new FleetStatistics(1);
  const routes = [route('first', 1), route('second', 2, 1)];
  statistics.total([], routes);
  const fleet = statistics.total([], routes);
  assert.equal(fleet.requestLabels.length, 2);
  assert.deepEqual([...fleet.requestValues.subarray(connectionOffset, connectionOffset + 4)], [2, 1, 200, 400]);
  assert.equal(fleet.seriesRefused, 1);
});

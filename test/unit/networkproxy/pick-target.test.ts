import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashText } from '../../../src/balancing/stable-hash.ts';
import { pickTarget, RouteRuntimes } from '../../../src/networkproxy/route-runtime.ts';
import { RequestSeriesTable } from '../../../src/observability/counters/request-series.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { WeightedBackend } from '../../../src/routes/route.ts';
import { makeHost, makeRoute, makeTable } from '../routes/table-builder.ts';

/** Where each of 10,000 users goes between backends with these weights. */
function shares(weights: Readonly<Record<string, number>>): readonly (string | undefined)[] {
  const backends = Object.entries(weights).map(([service, weight]): WeightedBackend => ({ service, weight }));
  const table = makeTable([makeHost('a.example', [makeRoute('r', { action: { kind: 'forward', backends } })])]);
  const result = CompiledTable.compile(table).match({
    listener: 'http',
    client: '192.0.2.1',
    host: 'a.example',
    method: 'GET',
    path: '/',
    query: '',
    headers: [],
    told: () => undefined,
  });
  assert.ok(result.kind === 'route');
  const runtime = new RouteRuntimes(new RequestSeriesTable(10)).get(result.route, table, 'http');
  const never = () => assert.fail('a hash leaves nothing to chance');
  return Array.from({ length: 10_000 }, (_, n) => pickTarget(runtime, never, hashText(`user-${n}`))?.service);
}

test('a hash picks among backends by their weights', () => {
  const picked = shares({ 'n/a:80': 9, 'n/b:80': 1, 'n/c:80': 0 });
  const ofB = picked.filter((service) => service === 'n/b:80').length;
  assert.ok(ofB > 850 && ofB < 1150, `${ofB}`);
  assert.equal(picked.includes('n/c:80'), false);
});

test('a weight that grows takes requests for its backend alone, whatever settings the others have', () => {
  const [before, after] = [shares({ 'n/a:80': 9, 'n/b:80': 1 }), shares({ 'n/a:80#other': 9, 'n/b:80': 3 })];
  const moved = before.filter((service, n) => service?.replace('#other', '') !== after[n]?.replace('#other', ''));
  assert.deepEqual([...new Set(moved)], ['n/a:80']);
  assert.ok(moved.length > 1200 && moved.length < 1800, `${moved.length}`);
});

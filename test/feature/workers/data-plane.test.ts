import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { diffTables } from '../../../src/routes/diff-tables.ts';
import { emptyRouteTable, type RouteTable } from '../../../src/routes/route-table.ts';
import type { TableDelta } from '../../../src/routes/table-delta.ts';
import { runToEnd } from '../../../src/steps.ts';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { packDelta, unpackDelta } from '../../../src/workers/packed-delta.ts';
import { get, testBackend } from '../../tools/supervised-workers.ts';
import { largeTable, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

function dataPlane(context: TestContext): DataPlane {
  const made = new DataPlane({ config: tinyConfig(), idPrefix: 't' });
  context.after(() => made.close());
  return made;
}

function delta(from: RouteTable, to: RouteTable): TableDelta {
  const found = diffTables(from, to);
  assert.ok(found);
  return found;
}

test('DataPlane: serves a published table in this process and counts', async (context) => {
  const backend = await testBackend(context, 'hello');
  const plane = dataPlane(context);
  plane.publish(tinyTable({ backends: [backend.port] }));
  const [bound] = await plane.openListeners();
  assert.ok(bound);
  assert.deepEqual(await get(bound.port), { status: 200, body: 'hello' });
  assert.equal(plane.snapshot().connectionsAccepted, 1);
});

test('DataPlane: a delta for another generation changes nothing and asks for the whole table', (context) => {
  const plane = dataPlane(context);
  const [a, b] = [tinyTable({ backends: [1], name: 'a' }), tinyTable({ backends: [1], name: 'b' })];
  assert.equal(plane.applyDelta(0, 5, delta(emptyRouteTable, a)), true);
  assert.equal(plane.generation, 5);
  const before = plane.table;
  assert.equal(plane.applyDelta(4, 6, delta(a, b)), false, 'a delta that is late');
  assert.equal(
    plane.applyDelta(5, 6, { services: { set: [], removed: ['shop/nobody:80'] } }),
    false,
    'a delta that removes what is not there',
  );
  assert.equal(plane.table, before);
  assert.equal(plane.generation, 5);
  assert.equal(plane.applyDelta(5, 6, delta(a, b)), true);
  assert.deepEqual([...plane.table.services.keys()], ['shop/b:80']);
});

test('DataPlane: base 0 replaces whatever table there was', (context) => {
  const plane = dataPlane(context);
  plane.applyDelta(0, 1, delta(emptyRouteTable, tinyTable({ backends: [1], name: 'a' })));
  assert.equal(plane.applyDelta(0, 9, delta(emptyRouteTable, tinyTable({ backends: [1], name: 'b' }))), true);
  assert.deepEqual([...plane.table.services.keys()], ['shop/b:80']);
  assert.equal(plane.generation, 9);
});

test('DataPlane: a large delta takes many steps, and requests see nothing of it before the last', async (context) => {
  const [before, after] = [await testBackend(context, 'before'), await testBackend(context, 'after')];
  const plane = dataPlane(context);
  const tiny = tinyTable({ backends: [before.port], name: 'before' });
  plane.applyDelta(0, 1, delta(emptyRouteTable, tiny));
  const old = plane.table;
  const [bound] = await plane.openListeners();
  assert.ok(bound);
  const large = largeTable(3000, { backends: [after.port], name: 'after', listeners: [...tiny.listeners.values()] });
  const steps = plane.applyInSteps(1, 2, unpackDelta(packDelta(delta(tiny, large))));
  let count = 0;
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    count++;
    assert.equal(plane.table, old);
    assert.equal(plane.generation, 1);
    if (count % 4 === 1) assert.deepEqual(await get(bound.port), { status: 200, body: 'before' });
  }
  assert.ok(count >= 10, `9,000 entries: ${count} steps`);
  assert.deepEqual(await get(bound.port), { status: 200, body: 'after' });
  assert.equal(diffTables(plane.table, large), undefined);
  assert.equal(plane.generation, 2);
});

test('DataPlane: a small delta takes one step, after a large table too', (context) => {
  const plane = dataPlane(context);
  const large = largeTable(3000, { backends: [1] });
  runToEnd(plane.applyInSteps(0, 1, unpackDelta(packDelta(delta(emptyRouteTable, large)))));
  const next = { ...large, hosts: new Map([...large.hosts].slice(0, -1)) };
  assert.deepEqual(plane.applyInSteps(1, 2, [delta(large, next)]).next(), { done: true, value: true });
  assert.equal(plane.table.hosts.size, 3000);
});

test('DataPlane: a large delta whose last piece does not fit changes nothing, and the next one is right', (context) => {
  const plane = dataPlane(context);
  const tiny = tinyTable({ backends: [1] });
  const large = largeTable(2000, { backends: [1] });
  plane.applyDelta(0, 1, delta(emptyRouteTable, tiny));
  const before = plane.table;
  const wrong: TableDelta = { services: { set: [], removed: ['shop/nobody:80'] } };
  assert.equal(runToEnd(plane.applyInSteps(1, 2, [...unpackDelta(packDelta(delta(tiny, large))), wrong])), false);
  assert.equal(plane.table, before);
  assert.equal(plane.generation, 1);
  assert.equal(runToEnd(plane.applyInSteps(0, 2, unpackDelta(packDelta(delta(emptyRouteTable, large))))), true);
  assert.equal(diffTables(plane.table, large), undefined);
});

test('DataPlane: the whole table again keeps the entries that it has', (context) => {
  const plane = dataPlane(context);
  const large = largeTable(2000, { backends: [1] });
  const whole = packDelta(delta(emptyRouteTable, large));
  runToEnd(plane.applyInSteps(0, 1, unpackDelta(whole)));
  const before = plane.table;
  runToEnd(plane.applyInSteps(0, 2, unpackDelta(whole)));
  assert.equal(plane.generation, 2);
  for (const [key, host] of plane.table.hosts) assert.equal(host, before.hosts.get(key));
  for (const [key, set] of plane.table.endpoints) assert.equal(set, before.endpoints.get(key));
});

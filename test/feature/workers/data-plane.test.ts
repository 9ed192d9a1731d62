import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { diffTables } from '../../../src/routes/diff-tables.ts';
import { emptyRouteTable, type RouteTable } from '../../../src/routes/route-table.ts';
import type { TableDelta } from '../../../src/routes/table-delta.ts';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { get, testBackend } from '../../tools/supervised-workers.ts';
import { tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

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

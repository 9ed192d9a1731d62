import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrainedEndpoints } from '../../../src/workers/drained-endpoints.ts';
import { makeEndpoint, makeService, makeTable } from '../balancing/balancer-builder.ts';

const [web, api] = [makeService('web'), makeService('api')];
const table = makeTable([
  [web, [makeEndpoint(1, { session: 'one' }), makeEndpoint(2)]],
  [api, [makeEndpoint(1)]],
]);

/** Which endpoints of each service are drained. */
function drainedIn(drained: DrainedEndpoints, of = table): unknown {
  return [...drained.apply(of).endpoints].map(([key, { endpoints }]) => [
    key,
    endpoints.filter(({ state }) => state === 'draining').map(({ address }) => address),
  ]);
}

test('an endpoint is drained in every service that lists it, keeps its sessions, and comes back', () => {
  const drained = new DrainedEndpoints();
  assert.equal(drained.apply(table), table);
  assert.equal(drained.add('10.0.0.1:8080', table), true);
  assert.deepEqual(drainedIn(drained), [
    ['web', ['10.0.0.1']],
    ['api', ['10.0.0.1']],
  ]);
  assert.equal(drained.apply(table).endpoints.get('web')?.endpoints[0]?.session, 'one');
  assert.equal(drained.add('10.0.0.1:8080', table), false, 'it is drained already');
  assert.equal(drained.remove('10.0.0.1:8080'), true);
  assert.equal(drained.remove('10.0.0.1:8080'), false);
  assert.equal(drained.apply(table), table);
});

test('nobody can be drained whom no service lists', () => {
  const drained = new DrainedEndpoints();
  assert.equal(drained.add('10.0.0.9:8080', table), false);
  assert.deepEqual(drained.keys, []);
});

test('sets that did not change keep their reference from table to table', () => {
  const drained = new DrainedEndpoints();
  drained.add('10.0.0.2:8080', table);
  const [first, second] = [drained.apply(table), drained.apply({ ...table, hosts: new Map() })];
  assert.equal(first.endpoints.get('web'), second.endpoints.get('web'));
  assert.equal(first.endpoints.get('api'), table.endpoints.get('api'));
});

test('a drain ends with its endpoint: who has the address next is not drained', () => {
  const drained = new DrainedEndpoints();
  drained.add('10.0.0.2:8080', table);
  drained.apply(table);
  const without = makeTable([
    [web, [makeEndpoint(1)]],
    [api, []],
  ]);
  assert.equal(drained.apply(without), without);
  assert.deepEqual(drained.keys, []);
  assert.equal(drained.apply(table), table);
});

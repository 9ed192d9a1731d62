import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RemovedUpgrades, type RoutedUpgrade } from '../../../src/networkproxy/removal/removed-upgrades.ts';
import { Tunnel } from '../../../src/networkproxy/tunnel.ts';
import type { UpstreamRequest } from '../../../src/networkproxy/upstream/upstream-request.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { type CompiledRoute, CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { ClientConnectionPolicy } from '../../../src/routes/policy.ts';
import type { Route } from '../../../src/routes/route.ts';
import type { Listener, RouteTable } from '../../../src/routes/route-table.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';
import { tableOf } from '../../feature/networkproxy/harness.ts';

const kept: ClientConnectionPolicy = { idleMs: undefined, idleFactor: 1, lifetimeMs: 5000, probeAfterMs: 0, whenRemoved: 'cut' };
const plain = tableOf({ routes: [{ endpoints: [], policy: { clientConnection: kept } }] });

function compiledRoute(table: CompiledTable): CompiledRoute {
  const found = table.match({
    host: 'a.example',
    path: '/',
    method: 'GET',
    listener: 'http',
    client: '192.0.2.1',
    query: '',
    headers: [],
    told: () => undefined,
  });
  if (found.kind !== 'route') throw new Error('The table has no route');
  return found.route;
}

/** The table with these in place of its one route. */
function withRoutes(change: (route: Route) => readonly Route[]): RouteTable {
  const host = plain.hosts.get('*')!;
  return { ...plain, hosts: new Map([['*', { ...host, routes: host.routes.flatMap(change) }]]) };
}

/** The table with another match of its one route. */
function withMatch(match: Partial<Route['match']>): RouteTable {
  return withRoutes((route) => [{ ...route, match: { ...route.match, ...match } }]);
}

/** The route with its key and another path. */
function asked(route: Route, value: string): Route {
  return { ...route, match: { ...route.match, path: { kind: 'prefix', value } } };
}

/** The table with listeners that are kept for these namespaces. */
function keptFor(...namespaces: readonly string[]): RouteTable {
  return {
    ...plain,
    listeners: new Map([...plain.listeners].map(([key, listener]): [string, Listener] => [key, { ...listener, namespaces }])),
  };
}

for (const [name, table, ends] of [
  ['is for other listeners from now on', withMatch({ listeners: ['https'] }), true],
  ['is for its listener and others', withMatch({ listeners: ['http', 'https'] }), false],
  ['has a listener that is kept for others', keptFor('elsewhere'), true],
  ['has a listener that is kept for it', keptFor('test'), false],
  ['is of a host that is another object', withMatch({}), false],
  ['loses the match before it in its rule, and has its key', withRoutes((route) => [{ ...route, key: 'of the first' }]), false],
  ['leaves its key to the next match of its rule', withRoutes((route) => [asked(route, '/next')]), true],
  ['is in the hands of another object', withRoutes((route) => [{ ...route, source: { ...route.source, name: 'other' } }]), true],
  ['is of a host that went', { ...plain, hosts: new Map() }, true],
] as const) {
  test(`an upgrade ${ends ? 'ends' : 'lives on'} when its route ${name}`, () => {
    const wheel = new TimerWheel();
    const removed = new RemovedUpgrades(wheel, () => 1000);
    const previous = CompiledTable.compile(plain);
    let ended = 0;
    const upgrade: RoutedUpgrade = {
      route: compiledRoute(previous),
      listener: 'http',
      drains: false,
      goneSinceMs: undefined,
      endRemoved: () => ended++,
    };
    removed.add(upgrade);
    removed.tableChanged(previous, CompiledTable.compile(table, previous));
    assert.equal(ended, ends ? 1 : 0);
    wheel.close();
  });
}

test('a tunnel that has ended is known to nobody', () => {
  const wheel = new TimerWheel();
  const removedUpgrades = new RemovedUpgrades(wheel, () => 1000);
  const previous = CompiledTable.compile(plain);
  const upstream = { startTunnel: () => {}, destroy: () => {}, socket: undefined } as unknown as UpstreamRequest;
  const client = { write: () => true, pause: () => {}, resume: () => {}, end: () => {} };
  const ends: string[] = [];
  const way = { route: compiledRoute(previous), listener: 'http' };
  const counters = new WorkerCounters();
  const tunnels = new Set<Tunnel>();
  const tunnel = new Tunnel({ wheel, removedUpgrades, counters, tunnels }, client, upstream, way, (side, reason) =>
    ends.push(`${side} ${reason}`),
  );
  assert.equal(wheel.size, 2, 'its silence and its life have limits');
  tunnel.close('normal');
  tunnel.close('normal');
  assert.equal(wheel.size, 0);
  assert.deepEqual([counters.upgrades, tunnels.size, counters.upgradesClosed.reduce((sum, count) => sum + count)], [1, 0, 1]);
  removedUpgrades.tableChanged(previous, CompiledTable.compile({ ...plain, hosts: new Map() }, previous));
  assert.deepEqual(ends, []);
  wheel.close();
});

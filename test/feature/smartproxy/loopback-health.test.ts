import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { tinyConfig } from '../../tools/tiny-table.ts';
import { tinyTlsTable } from '../../tools/tiny-tls-table.ts';

const [web, passed, unused] = ['shop/web:80', 'shop/passed:443', 'shop/unused:80'];

/** Requests to one service, and connections that pass through to another, or to that too: nobody is there, and all are checked. */
async function checkedTable(isShared = false): Promise<RouteTable> {
  const table = await tinyTlsTable({ backends: [await freePort()] });
  const [service, endpoints] = [table.services.get(web), table.endpoints.get(web)];
  const [route] = [...table.hosts.values()].flatMap(({ routes }) => routes);
  assert.ok(service && endpoints && route?.action.kind === 'forward');
  const { source, policy } = route;
  const healthCheck = {
    kind: 'tcp',
    intervalMs: 50,
    timeoutMs: 1000,
    unhealthyThreshold: 1,
    healthyThreshold: 1,
    port: undefined,
  } as const;
  const keys = [web, passed, unused];
  const backends = [passed, ...(isShared ? [web] : [])].map((key) => ({ service: key, weight: 1 }));
  const tls = { kind: 'passthrough', key: 'SmartRoute shop/passed passthrough', backends, policy, source } as const;
  return {
    ...table,
    hosts: new Map(table.hosts).set('passed.example.com', { key: 'passed.example.com', routes: [], tls }),
    services: new Map(keys.map((key) => [key, { ...service, key, healthCheck }])),
    endpoints: new Map(keys.map((key) => [key, { ...endpoints, key }])),
  };
}

function split(context: TestContext): readonly [DataPlane, DataPlane] {
  const key = randomBytes(32);
  const far = new DataPlane({ config: tinyConfig(), idPrefix: 'far', loopbackEnd: { kind: 'far', key, onNews: () => undefined } });
  const near = new DataPlane({ config: tinyConfig(), idPrefix: 'near', loopbackEnd: { kind: 'near', key, port: Promise.resolve(1) } });
  context.after(() => Promise.all([near.close(), far.close()]));
  return [near, far];
}

test('loopback: endpoints are asked for their health by the process that sends to them, also when routes change', async (context) => {
  const planes = split(context);
  const out = () =>
    planes.map((plane) =>
      plane
        .outEndpoints()
        .map(({ service }) => service)
        .sort(),
    );
  const checks = () => Math.min(...planes.map((plane) => plane.snapshot().healthChecksFailed));
  /** Whoever asks asks all of its services as often: after some rounds of both there is nothing that comes later. */
  const settled = async () => {
    const before = checks();
    await eventually('some rounds of checks in both', () => checks() >= before + 10);
    return out();
  };
  const table = await checkedTable();
  for (const plane of planes) plane.publish(table);
  assert.deepEqual(await settled(), [[passed], [unused, web]]);
  const shared = await checkedTable(true);
  for (const plane of planes) plane.publish({ ...table, hosts: shared.hosts });
  assert.deepEqual(await settled(), [
    [passed, web],
    [unused, web],
  ]);
  for (const plane of planes) plane.publish(table);
  await eventually('it is asked no more', () => out()[0]?.join() === passed);
});

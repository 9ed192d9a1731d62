import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import type { Policy } from '../../../src/routes/policy.ts';
import { eventually } from '../../tools/eventually.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';
import { hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { DeafServer } from '../../tools/smartproxy/deaf-server.ts';
import { endpointOf, httpsListener, openDescriptors, ProxyUnderTest, policyOf, tableOf } from '../../tools/smartproxy/proxy-under-test.ts';

const host = 'shop.example.com';

interface HangingDial {
  readonly proxy: ProxyUnderTest;
  readonly client: Socket;
}

/** Brings one connection to where its dial hangs in the kernel, runs `scenario`, and checks that nothing is left. */
async function duringDial(
  timeouts: Partial<Policy['timeouts']>,
  scenario: (dial: HangingDial) => Promise<void> | void,
  config: Partial<Config> = {},
): Promise<Record<string, number>> {
  await using server = await DeafServer.listen();
  const before = openDescriptors();
  const proxy = new ProxyUnderTest({ config, table: tableOf({ [host]: [endpointOf(server.port)] }, policyOf(timeouts)) });
  const client = await dial(await proxy.open(httpsListener));
  client.write(hello({ serverName: host }));
  await eventually('the dial hangs', () => server.hangingDials === 1);
  const [record] = [...proxy.smartProxy.connectionManager.records()];
  assert.equal(record?.state, 'dialing');
  assert.equal(record.outgoing?.connecting, true, 'the socket is on record before it connects');
  await scenario({ proxy, client });
  await Promise.all([closed(client), proxy.idle()]);
  await eventually('the kernel has given up the dial', () => server.hangingDials === 0);
  const reasons = proxy.closedReasons();
  await proxy.close();
  await eventually('the descriptors are closed', () => openDescriptors() <= before);
  return reasons;
}

test('a client that resets during the dial takes the dialling socket with it (lessons 3, 4)', async () => {
  const reasons = await duringDial({ connectMs: 60_000 }, ({ client }) => {
    client.resetAndDestroy();
  });
  assert.deepEqual(reasons, { 'client/econnreset': 1 });
});

test('a client that has closed its side during the dial waits for the endpoint like any other (lesson 22)', async () => {
  const reasons = await duringDial({ connectMs: 1000 }, ({ client }) => {
    client.end();
  });
  assert.deepEqual(reasons, { 'upstream/dial_timeout': 1 });
});

test('a dial that hangs is given up after its time (lesson 5)', async () => {
  assert.deepEqual(await duringDial({ connectMs: 1000 }, () => {}), { 'upstream/dial_timeout': 1 });
});

test('a connection that is killed during the dial takes the dialling socket with it', async () => {
  const reasons = await duringDial({ connectMs: 60_000 }, ({ proxy }) => {
    proxy.smartProxy.kill({ id: proxy.smartProxy.connections(1)[0]?.id ?? '' });
  });
  assert.deepEqual(reasons, { 'proxy/killed': 1 });
});

test('a route that is removed during the dial takes the dialling socket with it', async () => {
  const reasons = await duringDial({ connectMs: 60_000 }, ({ proxy }) => proxy.publish(tableOf({})));
  assert.deepEqual(reasons, { 'proxy/route_removed': 1 });
});

test('a drain that ends during the dial takes the dialling socket with it', async () => {
  const reasons = await duringDial({ connectMs: 60_000 }, ({ proxy, client }) => {
    client.resume().on('end', () => client.end());
    return proxy.smartProxy.drain(50);
  });
  assert.deepEqual(reasons, { 'proxy/drain': 1 });
});

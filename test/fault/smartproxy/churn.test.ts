import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { Backend, closed, dial, receive, unusedPort } from '../../tools/smartproxy/backend.ts';
import { hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { EchoEntry } from '../../tools/smartproxy/echo-entry.ts';
import {
  endpointOf,
  httpListener,
  httpsListener,
  openDescriptors,
  ProxyUnderTest,
  tableOf,
} from '../../tools/smartproxy/proxy-under-test.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';

test('10,000 connects and disconnects leave every map, timer and descriptor as it was (lessons 1, 2, 6, 10, 16, 18, 25)', async () => {
  const before = openDescriptors();
  const entry = new EchoEntry(await makeTestCertificate(host));
  const backend = await Backend.listen();
  const config = { maxConnectionsPerIp: 50_000 };
  const proxy = new ProxyUnderTest({ networkProxy: entry, config, table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const ports = [await proxy.open(httpListener), await proxy.open(httpsListener)];
  const bytes = hello({ serverName: host });
  const visit = async (round: number) => {
    const client = connect({ host: '127.0.0.1', port: ports[round % 2] as number });
    client.on('error', () => {});
    await once(client, 'connect');
    if (round % 4 === 1) {
      client.write(bytes);
      await receive(client, bytes.length);
    }
    if (round % 3 === 0) client.resetAndDestroy();
    else client.end();
    await closed(client);
  };
  for (let round = 0; round < 10_000; round += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => visit(round + index)));
    proxy.assertBooks();
  }
  await eventually('every connection was taken', () => proxy.counters.connectionsAccepted === 10_000);
  await proxy.idle();
  assert.equal(proxy.smartProxy.connectionManager.sweep(), 0);
  for (const { socket } of entry.connections) assert.equal(socket.listenerCount('close'), 0);
  await proxy.close();
  await backend.close();
  await eventually('the descriptors are closed', () => openDescriptors() <= before);
});

test('a backend that resets in the middle resets the client, and both are counted once', async () => {
  const backend = await Backend.listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  client.write(hello({ serverName: host }));
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'upstream/econnreset': 1 });
  await proxy.close();
  await backend.close();
});

test('every dial refused leaves no record and no endpoint in use (lessons 5, 17, 27)', async () => {
  const table = tableOf({ [host]: [endpointOf(await unusedPort()), endpointOf(await unusedPort())] });
  const proxy = new ProxyUnderTest({ table });
  const port = await proxy.open(httpsListener);
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const client = await dial(port);
      client.write(hello({ serverName: host }));
      client.on('end', () => client.end());
      await closed(client);
    }),
  );
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'upstream/econnrefused': 200 });
  await proxy.close();
});

test('a hello that drips in byte by byte is understood', async () => {
  const backend = await Backend.listen();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  const bytes = hello({ serverName: host }, 20);
  for (const byte of bytes) {
    client.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.deepEqual(await receive(client, bytes.length), bytes);
  client.end();
  await closed(client);
  await proxy.idle();
  await proxy.close();
  await backend.close();
});

test('a hello that drips too slowly ends with handshake_timeout, and silence with initial_timeout', async () => {
  const proxy = new ProxyUnderTest({ config: { handshakeTimeoutMs: 60, firstByteTimeoutMs: 60 } });
  const port = await proxy.open(httpsListener);
  const [dripping, silent] = [await dial(port), await dial(port)];
  dripping.write(hello({ serverName: host }).subarray(0, 10));
  await Promise.all([dripping, silent].map((client) => closed(client.on('end', () => client.end()))));
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'proxy/handshake_timeout': 1, 'proxy/initial_timeout': 1 });
  await proxy.close();
});

test('garbage on a TLS port ends with protocol_error and never throws', async () => {
  const proxy = new ProxyUnderTest();
  const port = await proxy.open(httpsListener);
  const openings = ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\xff\xff', '\x16\x03\x01\x00\x00', '\x80\x2e\x01\x03\x01', '\0\0\0\0'];
  for (const opening of openings) {
    const client = await dial(port);
    client.write(Buffer.from(opening, 'latin1'));
    client.on('end', () => client.end());
    await closed(client);
  }
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'client/protocol_error': openings.length });
  await proxy.close();
});

test('half-closes by hundreds leave nothing behind', async () => {
  const before = openDescriptors();
  const backend = await Backend.listen();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const port = await proxy.open(httpsListener);
  const bytes = hello({ serverName: host });
  await Promise.all(
    Array.from({ length: 300 }, async () => {
      const client = await dial(port);
      client.end(bytes);
      assert.deepEqual(await receive(client, bytes.length), bytes);
      await closed(client);
    }),
  );
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'client/normal': 300 });
  await proxy.close();
  await backend.close();
  await eventually('the descriptors are closed', () => openDescriptors() <= before);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { Backend, closed, dial, receive, unusedPort } from '../../tools/smartproxy/backend.ts';
import { hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { endpointOf, httpsListener, ProxyUnderTest, policyOf, tableOf } from '../../tools/smartproxy/proxy-under-test.ts';

const host = 'shop.example.com';

test('passthrough sends the hello and all that follows to the endpoint unread, and back', async () => {
  const backend = await Backend.listen();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  const first = hello({ serverName: host });
  client.write(first);
  assert.deepEqual(await receive(client, first.length), first);
  client.write('more');
  assert.equal((await receive(client, 4)).toString(), 'more');
  const [view] = proxy.smartProxy.connections(10);
  assert.equal(view?.state, 'forwarding');
  assert.equal(view?.endpoint, `127.0.0.1:${backend.port}`);
  client.end();
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'client/normal': 1 });
  await backend.close();
  await proxy.close();
});

test('passthrough counts the first chunk once, on both sides (lesson 39)', async () => {
  const backend = await Backend.listen();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  const bytes = hello({ serverName: host });
  client.write(bytes);
  await receive(client, bytes.length);
  assert.equal(proxy.counters.snapshot().bytesReceived, bytes.length);
  client.end();
  await closed(client);
  await proxy.idle();
  assert.equal(proxy.counters.bytesReceived, bytes.length);
  assert.equal(proxy.counters.bytesSent, bytes.length);
  await backend.close();
  await proxy.close();
});

test('passthrough carries a half-close: the answer comes after the client has finished (lessons 19, 21, 22)', async () => {
  const backend = await Backend.listen((socket) => {
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.on('end', () => socket.end(`got ${received}`));
  });
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  const bytes = hello({ serverName: host });
  client.end(bytes);
  const answer = `got ${bytes.length}`;
  assert.equal((await receive(client, answer.length)).toString(), answer);
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'client/normal': 1 });
  await backend.close();
  await proxy.close();
});

test('passthrough carries the backend half-close: the client may go on sending', async () => {
  const got: Buffer[] = [];
  const backend = await Backend.listen((socket) => {
    socket.end('bye');
    socket.on('data', (chunk: Buffer) => got.push(chunk));
  });
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  const bytes = hello({ serverName: host });
  client.write(bytes);
  assert.equal((await receive(client, 3)).toString(), 'bye');
  client.end('still here');
  await eventually('the backend has got everything', () => Buffer.concat(got).length === bytes.length + 10);
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'upstream/normal': 1 });
  await backend.close();
  await proxy.close();
});

test('passthrough loses no byte to a slow client and holds the backend back', async () => {
  const total = 32 * 1024 * 1024;
  const block = Buffer.alloc(256 * 1024, 'x');
  const backend = await Backend.listen((socket) => {
    let left = total;
    const send = () => {
      while (left > 0) {
        left -= block.length;
        if (!socket.write(block)) return;
      }
      socket.end();
    };
    socket.on('drain', send);
    send();
  });
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const client = await dial(await proxy.open(httpsListener));
  client.pause();
  client.write(hello({ serverName: host }));
  await eventually('the backend is held back', () => backend.sockets[0]?.writableNeedDrain === true);
  const held = backend.sockets[0]?.bytesWritten ?? 0;
  assert.ok(held < total, 'the backend was held back');
  let received = 0;
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  client.resume();
  await once(client, 'end');
  assert.equal(received, total);
  client.end();
  await closed(client);
  await proxy.idle();
  await backend.close();
  await proxy.close();
});

test('a failed dial is tried once more on another endpoint (lesson 17)', async () => {
  const backend = await Backend.listen();
  const dead = await unusedPort();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(dead), endpointOf(backend.port)] }) });
  const port = await proxy.open(httpsListener);
  for (let round = 0; round < 2; round++) {
    const client = await dial(port);
    const bytes = hello({ serverName: host });
    client.write(bytes);
    await receive(client, bytes.length);
    client.end();
    await closed(client);
  }
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'client/normal': 2 });
  assert.equal(proxy.counters.upstreamRetries, 1);
  assert.equal(proxy.counters.upstreamConnectFailures, 1);
  assert.equal(proxy.counters.upstreamConnects, 2, 'a failed dial is no connection');
  await backend.close();
  await proxy.close();
});

test('a client whose only endpoint refuses is closed and counted (lessons 17, 27)', async () => {
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(await unusedPort())] }) });
  const client = await dial(await proxy.open(httpsListener));
  client.end(hello({ serverName: host }));
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'upstream/econnrefused': 1 });
  await proxy.close();
});

test('a service without endpoints ends the connection with no_endpoints', async () => {
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [] }) });
  const client = await dial(await proxy.open(httpsListener));
  client.end(hello({ serverName: host }));
  await closed(client);
  await proxy.idle();
  assert.deepEqual(proxy.closedReasons(), { 'proxy/no_endpoints': 1 });
  await proxy.close();
});

test('a name that resolves to this machine is not dialled unless that is allowed', async () => {
  const backend = await Backend.listen();
  const table = tableOf({ [host]: [endpointOf(backend.port, 'localhost')] });
  const guarded = new ProxyUnderTest({ table });
  const refused = await dial(await guarded.open(httpsListener));
  refused.end(hello({ serverName: host }));
  await closed(refused);
  await guarded.idle();
  assert.deepEqual(guarded.closedReasons(), { 'upstream/upstream_failed': 1 });
  assert.equal(backend.sockets.length, 0);
  await guarded.close();

  const open = new ProxyUnderTest({ table, config: { allowLocalExternalNames: true } });
  const allowed = await dial(await open.open(httpsListener));
  const bytes = hello({ serverName: host });
  allowed.write(bytes);
  await receive(allowed, bytes.length);
  await open.close();
  await backend.close();
});

test('a backend that accepts and never answers costs the idle time and no more (lesson 15)', async () => {
  const backend = await Backend.listen((socket) => socket.resume().on('end', () => socket.end()));
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }, policyOf({ tunnelIdleMs: 60 })) });
  const client = await dial(await proxy.open(httpsListener));
  client.write(hello({ serverName: host }));
  client.resume();
  await once(client, 'end');
  client.end();
  await closed(client);
  await proxy.idle();
  await backend.close();
  assert.deepEqual(proxy.closedReasons(), { 'proxy/inactivity': 1 });
  await proxy.close();
});

test('a route that is removed ends its connections with route_removed, and others live on', async () => {
  const backend = await Backend.listen();
  const endpoints = [endpointOf(backend.port)];
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: endpoints, 'other.example.com': endpoints }) });
  const port = await proxy.open(httpsListener);
  const [doomed, safe] = [await dial(port), await dial(port)];
  const [doomedHello, safeHello] = [hello({ serverName: host }), hello({ serverName: 'other.example.com' })];
  doomed.write(doomedHello);
  safe.write(safeHello);
  await Promise.all([receive(doomed, doomedHello.length), receive(safe, safeHello.length)]);
  proxy.publish(tableOf({ 'other.example.com': endpoints }));
  doomed.end();
  await closed(doomed);
  assert.deepEqual(proxy.closedReasons(), { 'proxy/route_removed': 1 });
  safe.write('alive');
  assert.equal((await receive(safe, 5)).toString(), 'alive');
  await proxy.close();
  await backend.close();
});

test('an endpoint that vanishes keeps its connections for the drain time; a terminating one keeps them', async () => {
  const [vanishing, terminating] = [await Backend.listen(), await Backend.listen()];
  const proxy = new ProxyUnderTest({
    table: tableOf({ 'a.example.com': [endpointOf(vanishing.port)], 'b.example.com': [endpointOf(terminating.port)] }),
    config: { drainTimeoutMs: 50 },
  });
  const port = await proxy.open(httpsListener);
  const [a, b] = [await dial(port), await dial(port)];
  const bytes = hello({ serverName: 'a.example.com' });
  a.write(bytes);
  b.write(hello({ serverName: 'b.example.com' }));
  await Promise.all([receive(a, bytes.length), receive(b, bytes.length)]);
  proxy.publish(tableOf({ 'a.example.com': [], 'b.example.com': [{ ...endpointOf(terminating.port), state: 'draining' }] }));
  a.write('x');
  assert.equal((await receive(a, 1)).toString(), 'x', 'the connection lives for the grace');
  a.resume();
  await once(a, 'end');
  a.end();
  await closed(a);
  assert.deepEqual(proxy.closedReasons(), { 'proxy/endpoint_removed': 1 });
  b.write('y');
  assert.equal((await receive(b, 1)).toString(), 'y');
  await proxy.close();
  await vanishing.close();
  await terminating.close();
});

test('an endpoint in flight count goes up with a connection and down at its end', async () => {
  const backend = await Backend.listen();
  const proxy = new ProxyUnderTest({ table: tableOf({ [host]: [endpointOf(backend.port)] }) });
  const endpoint = proxy.balancers.get(`test/${host}:443`)?.pick();
  const client = await dial(await proxy.open(httpsListener));
  const bytes = hello({ serverName: host });
  client.write(bytes);
  await receive(client, bytes.length);
  assert.equal(endpoint?.active, 1);
  client.end();
  await closed(client);
  await proxy.idle();
  assert.equal(endpoint?.active, 0);
  await proxy.close();
  await backend.close();
});

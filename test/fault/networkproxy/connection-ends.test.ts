import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { eventually, RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';

test('a drain ends a connection whose answer had begun before it when that answer is complete and no request follows', async () => {
  let finish: (() => void) | undefined;
  await using backend = await Backend.start((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf');
    finish = () => socket.write('rest');
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await client.untilText('half');
  harness.proxy.announceDrain();
  finish?.();
  assert.ok((await client.untilEnd()).endsWith('halfrest'));
  assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'drain' });
});

test('an answer that tells the client to close because of a drain ends its connection as drained', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  await eventually(() => harness.proxy.connectedClients === 1, 'accepted');
  harness.proxy.announceDrain();
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  assert.match(await client.untilEnd(), /connection: close/);
  assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'drain' });
});

test('a body that stalls behind a half-read answer still has its time-out', async () => {
  const total = 8 * 1024 * 1024;
  await using backend = await Backend.start((socket, _text, _connection, all) => {
    if (!all.includes('some')) return;
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total + 1}\r\n\r\n`);
    socket.write(Buffer.alloc(total, 'x'));
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { bodyTimeoutMs: 400 } });
  using client = await RawClient.connect(harness.port);
  client.socket.pause();
  client.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nsome');
  await eventually(() => (harness.connections[0]?.socket.writableLength ?? 0) > 0, 'the client behind');
  client.socket.resume();
  await client.until(() => client.closed || client.ended);
  assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'body_timeout' });
});

test('a request that the proxy cuts is not logged as one that the client left', async () => {
  await using backend = await Backend.start(() => {});
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await eventually(() => backend.received[0]?.endsWith('\r\n\r\n') === true, 'the request at the backend');
  harness.connections[0]?.end('proxy', 'drain');
  assert.equal(harness.requests[0]?.flag, 'draining');
  assert.equal(harness.flag('client_gone'), 0);
  assert.equal(harness.flag('draining'), 1);
});

test('an HTTP/1.0 client sees that an answer without a length was cut by a stalled body', async () => {
  await using backend = await Backend.start((socket, _text, _connection, all) => {
    if (all.includes('some')) socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { bodyTimeoutMs: 150 } });
  using client = await RawClient.connect(harness.port);
  client.write('POST / HTTP/1.0\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nsome');
  await client.untilText('half');
  await client.until(() => client.closed || client.ended);
  await client.until(() => client.closed || client.ended);
  assert.equal(client.ended, false, 'a reset, no orderly end');
  assert.equal(harness.connections[0]?.ended?.reason, 'body_timeout');
});

test('an HTTP/1.0 client that asks to keep the connection is told what happens to it after an answer of our own', async () => {
  await using harness = await Harness.start({ routes: [] });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n');
  assert.equal(statusOf(await client.untilEnd()), 404);
  assert.match(client.text, /\r\nconnection: close\r\n/);
});

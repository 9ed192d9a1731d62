import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { eventually, RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';

test('a head that drips in is refused when its time is over, however often a byte comes', async () => {
  await using harness = await Harness.start({ routes: [], config: { headerTimeoutMs: 200 } });
  using client = await RawClient.connect(harness.port);
  const drip = setInterval(() => client.write('x'), 20);
  client.write('GET / HTTP/1.1\r\nHost: ');
  try {
    assert.equal(statusOf(await client.untilEnd()), 408);
  } finally {
    clearInterval(drip);
  }
  assert.equal(harness.connections[0]?.ended?.reason, 'header_timeout');
});

test('a connection without a byte is closed silently', async () => {
  await using harness = await Harness.start({ routes: [], config: { headerTimeoutMs: 100 } });
  using client = await RawClient.connect(harness.port);
  assert.equal(await client.untilEnd(), '');
});

test('a body that stops coming is a 408', async () => {
  await using backend = await Backend.start(() => {});
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { bodyTimeoutMs: 150 } });
  using client = await RawClient.connect(harness.port);
  client.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nsome');
  assert.equal(statusOf(await client.untilEnd()), 408);
  assert.equal(harness.connections[0]?.ended?.reason, 'body_timeout');
  await eventually(() => harness.proxy.poolStatus.active === 0, 'the upstream connection gone');
});

test('an idle connection is closed after keepAliveTimeoutMs', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { keepAliveTimeoutMs: 100 } });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  assert.ok((await client.untilEnd()).endsWith('hello'));
  assert.equal(harness.connections[0]?.ended?.reason, 'inactivity');
});

test('a large download to a reader that stalls is held back at the backend', async () => {
  const total = 256 * 1024 * 1024;
  let sent = 0;
  await using backend = await Backend.start((socket) => {
    const chunk = Buffer.alloc(65_536, 'x');
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
    const more = (): void => {
      while (sent < total) {
        sent += chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
    };
    more();
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  await client.untilText('\r\n\r\n');
  client.socket.pause();
  let before = -1;
  await eventually(() => {
    const stalled = sent === before;
    before = sent;
    return stalled;
  }, 'the backend held back');
  const raw = harness.connections[0]?.socket;
  // One read of bulk, which is written from the memory that it was read into, and what the socket holds before it asks for a pause.
  const mostHeld = 256 * 1024 + (raw?.writableHighWaterMark ?? 0);
  assert.ok((raw?.writableLength ?? 0) <= mostHeld, `held here: ${raw?.writableLength}`);
  assert.ok(sent < total / 2, 'the kernel buffers hold the rest');
});

test('a large download arrives whole, through every pause', async () => {
  const total = 24 * 1024 * 1024;
  await using backend = await Backend.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
    socket.write(Buffer.alloc(total, 'x'));
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.socket.removeAllListeners('data');
  let received = 0;
  let chunks = 0;
  client.socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (++chunks % 20 === 0) {
      client.socket.pause();
      setImmediate(() => client.socket.resume());
    }
  });
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
  await client.untilEnd();
  assert.equal(harness.requests[0]?.bytesSent, total);
  assert.ok(received > total);
});

test('a large upload to a backend that reads slowly arrives whole', async () => {
  const total = 8 * 1024 * 1024;
  let received = 0;
  await using backend = await Backend.start((socket, text) => {
    received += text.length;
    socket.pause();
    setImmediate(() => socket.resume());
    if (text.endsWith('END')) socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(`POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${total}\r\n\r\n`);
  client.socket.write(Buffer.alloc(total - 3, 'x'));
  client.write('END');
  await client.untilText('hello');
  assert.ok(received > total);
  assert.equal(harness.requests[0]?.bytesReceived, total);
});

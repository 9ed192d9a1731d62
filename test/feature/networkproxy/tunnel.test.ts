import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, hello } from './backend.ts';
import { handshakeEdits } from './handshake-edits.ts';
import { Harness } from './harness.ts';
import { eventually, RawClient, statusOf } from './raw-client.ts';

const upgradeRequest =
  'GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: x\r\n\r\n';
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n';

/** Answers the upgrade, with a first frame glued to it, and echoes from then on. */
function echoing(): Promise<Backend> {
  return Backend.start((socket, text) => {
    if (text.startsWith('GET')) socket.write(`${switching}first${text.split('\r\n\r\n')[1] ?? ''}`);
    else socket.write(`echo:${text}`);
  });
}

test('an upgrade becomes a tunnel in both directions, with the bytes that came along', async () => {
  await using backend = await echoing();
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilText('first');
  assert.match(client.text, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.match(client.text, /\r\nupgrade: websocket\r\n/);
  assert.match(backend.received[0] as string, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
  assert.ok(harness.connections[0]?.outgoing !== undefined, 'SmartProxy knows the upstream socket');
  client.write('ping');
  await client.untilText('echo:ping');
  client.socket.end();
  await client.untilEnd();
  await eventually(() => harness.proxy.poolStatus.active === 0, 'the upstream connection gone');
  assert.equal(harness.requests[0]?.status, 101);
});

test('headers of answers are edited as the route says, but for those of the handshake', async () => {
  const said = 'Sec-WebSocket-Protocol: chat\r\nX-Powered-By: x\r\n';
  await using backend = await Backend.start((socket) => socket.write(switching.replace('Sec-', `${said}Sec-`)));
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port], policy: { responseHeaders: handshakeEdits } }],
  });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilText('\r\n\r\n');
  const [first, ...lines] = client.text.trimEnd().split('\r\n');
  assert.equal(first, 'HTTP/1.1 101 Switching Protocols');
  assert.deepEqual(lines.sort(), [
    'connection: upgrade',
    'sec-websocket-accept: y',
    'sec-websocket-protocol: chat',
    'strict-transport-security: max-age=9',
    'upgrade: websocket',
    'x-added: 1',
  ]);
});

test('a half-close crosses a tunnel and the other direction goes on', async () => {
  let finish: (() => void) | undefined;
  await using backend = await Backend.start((socket, text) => {
    if (text.startsWith('GET')) socket.write(switching);
    socket.removeAllListeners('end');
    socket.once('end', () => {
      finish = () => socket.end('late');
    });
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilText('101');
  client.socket.end();
  await eventually(() => finish !== undefined, 'the FIN at the backend');
  finish?.();
  assert.ok((await client.untilEnd()).endsWith('late'));
});

test('a backend that declines the upgrade answers as usual', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilText('hello');
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
  assert.equal((await client.untilEnd()).split('hello').length, 3);
  assert.equal(statusOf(client.text), 200);
});

test('an h2c upgrade is not forwarded', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(
    'GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
  );
  await client.untilText('hello');
  assert.doesNotMatch(backend.received[0] as string, /upgrade|http2-settings/i);
});

test('a silent tunnel ends after tunnelIdleMs', async () => {
  await using backend = await echoing();
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port], policy: { timeouts: { tunnelIdleMs: 100 } } }] });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilEnd();
  assert.deepEqual(harness.connections[0]?.ended, { side: 'proxy', reason: 'inactivity' });
  await eventually(() => harness.wheel.size === 0, 'no deadline left');
});

test('a reset of the backend ends the tunnel', async () => {
  await using backend = await echoing();
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilText('first');
  backend.sockets[0]?.resetAndDestroy();
  await client.until(() => client.ended || client.closed);
  assert.equal(harness.connections[0]?.ended?.side, 'upstream');
});

test('a tunnel carries megabytes with back-pressure', async () => {
  const total = 8 * 1024 * 1024;
  let back = 0;
  await using backend = await Backend.start((socket, text) => {
    if (text.startsWith('GET')) {
      socket.write(switching);
    } else {
      back += text.length;
      socket.write(Buffer.from(text, 'latin1'));
    }
  });
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(upgradeRequest);
  await client.untilText('101');
  client.socket.removeAllListeners('data');
  let received = 0;
  client.socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  client.socket.write(Buffer.alloc(total, 'x'));
  await client.until(() => received === total, 20_000);
  assert.equal(back, total);
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Config } from '../../../src/config/config.ts';
import { type HandshakeResult, handshakeIndex, tlsVersions } from '../../../src/observability/counters/handshake-result.ts';
import { closedIndex, type TerminationReason } from '../../../src/observability/counters/termination-reason.ts';
import { Redacted } from '../../../src/redacted.ts';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { openDescriptors } from '../../tools/smartproxy/proxy-under-test.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { httpListener, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

const host = 'shop.example.com';
const { cert, key } = await makeTestCertificate(host);
const certificate = {
  key: 'default',
  names: [host],
  chain: cert,
  privateKey: new Redacted(key),
  fingerprint: new X509Certificate(cert).fingerprint256,
  notAfterMs: 0,
  keyType: 'ec',
} as const;
const transports = ['handoff', 'loopback'] as const;
const unlimited: Partial<Config> = { maxConnectionsPerIp: 0, connectionRatePerMinute: 0, upstreamIdleTimeoutMs: 500 };
const answer = 'x'.repeat(20_000);

interface Running {
  readonly plane: DataPlane;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/** SmartProxy and NetworkProxy around one backend, as a worker runs them. */
async function dataPlane(context: TestContext, changes: Partial<Config>): Promise<Running> {
  const backend = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const plane = new DataPlane({ config: tinyConfig({ ...unlimited, ...changes }), idPrefix: 'test' });
  context.after(async () => {
    await plane.close();
    backend.close();
  });
  const listeners = [httpListener(), httpListener({ key: 'https', protocol: 'https' })];
  const table = tinyTable({ backends: [(backend.address() as AddressInfo).port], listeners });
  plane.publish({ ...table, certificates: new Map([[certificate.key, certificate]]) });
  const ports = new Map((await plane.openListeners()).map(({ listener, port }) => [listener, port]));
  return { plane, httpPort: ports.get('http') ?? 0, httpsPort: ports.get('https') ?? 0 };
}

/** A client that ignores errors, connected; over TLS when `secure`. */
async function client(port: number, secure: boolean): Promise<Socket> {
  const socket = secure
    ? connectTls({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false })
    : connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await once(socket, secure ? 'secureConnect' : 'connect');
  return socket;
}

/** A client, connected, that does not close when it is closed. */
async function halfOpen(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  await once(
    socket.on('error', () => {}),
    'connect',
  );
  return socket;
}

/** Sends one request and resolves with the last bytes of its answer. */
async function request(socket: Socket): Promise<void> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (let text = ''; !text.endsWith(answer); ) text += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1');
}

function closedBy(plane: DataPlane, side: 'client' | 'proxy', reason: TerminationReason): number {
  return plane.counters.connectionsClosed[closedIndex(side, reason)] as number;
}

function handshakes(plane: DataPlane, result: HandshakeResult): number {
  return tlsVersions.reduce((sum, version) => sum + (plane.counters.tlsHandshakes[handshakeIndex(version, result)] as number), 0);
}

/** Every gauge of a client's connection is back at 0, and accepted = closed. */
async function allGone(plane: DataPlane): Promise<void> {
  await eventually('nothing is left', () => {
    const { connectionsActive, connectedClients, portProxyConnections, tlsTerminatedConnections, ...more } = plane.snapshot();
    const handshakes = more.tlsHandshakesActive + more.tlsHandshakesWaiting;
    return connectionsActive + connectedClients + portProxyConnections + tlsTerminatedConnections + handshakes === 0;
  });
  const { connectionsAccepted, connectionsClosed } = plane.snapshot();
  assert.equal(
    connectionsClosed.reduce((sum, count) => sum + count),
    connectionsAccepted,
  );
  assert.equal(plane.counters.zombies, 0);
}

for (const transport of transports) {
  test(`${transport}: 1,000 connections, plain and TLS, ended in every way, leave every gauge of both proxies at 0 (lessons 9, 11)`, async (context) => {
    const { plane, httpPort, httpsPort } = await dataPlane(context, { networkProxyTransport: transport });
    await request(await client(httpPort, false).then((socket) => socket.once('data', () => socket.end())));
    const before = openDescriptors();
    const visit = async (round: number): Promise<void> => {
      const socket = await client(round % 2 === 0 ? httpPort : httpsPort, round % 2 === 1);
      if (round % 3 > 0) await request(socket);
      if (round % 3 === 2) socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      if (round % 5 === 0) socket.destroy();
      else socket.end();
      await closed(socket);
    };
    for (let round = 0; round < 1000; round += 50) await Promise.all(Array.from({ length: 50 }, (_, index) => visit(round + index)));
    await allGone(plane);
    const finished = handshakes(plane, 'ok') + handshakes(plane, 'resumed');
    assert.equal(finished, plane.counters.tlsTerminated);
    assert.equal(finished + handshakes(plane, 'client_left'), 500, 'a client may leave before its last handshake message is read');
    await eventually('idle connections to the backend have expired', () => plane.snapshot().upstreamIdle === 0);
    await eventually('the descriptors are closed', () => openDescriptors() <= before);
  });

  test(`${transport}: open connections show in every gauge, and their bytes while they live and after (lesson 40)`, async (context) => {
    const { plane, httpPort, httpsPort } = await dataPlane(context, { networkProxyTransport: transport });
    const sockets = [await client(httpPort, false), await client(httpsPort, true), await client(httpsPort, true)];
    for (const socket of sockets) await request(socket);
    const live = plane.snapshot();
    assert.deepEqual(
      [live.connectionsActive, live.connectedClients, live.portProxyConnections, live.tlsTerminatedConnections],
      [3, 3, 3, 2],
    );
    assert.ok(live.bytesSent > 3 * answer.length && live.bytesSent < 4 * answer.length, `${live.bytesSent} bytes sent`);
    for (const socket of sockets) socket.end();
    await Promise.all(sockets.map(closed));
    await allGone(plane);
    assert.ok(plane.snapshot().bytesSent >= live.bytesSent);
    assert.ok(plane.snapshot().bytesReceived >= live.bytesReceived);
  });

  test(`${transport}: 500 idle connections that expire together all end, each with its reason (lessons 6, 8)`, async (context) => {
    const { plane, httpPort } = await dataPlane(context, { networkProxyTransport: transport, keepAliveTimeoutMs: 300 });
    const sockets = await Promise.all(Array.from({ length: 500 }, () => client(httpPort, false)));
    await Promise.all(sockets.map(async (socket) => request(socket).then(() => closed(socket))));
    await allGone(plane);
    assert.equal(closedBy(plane, 'proxy', 'inactivity'), 500);
  });

  test(`${transport}: a handshake that stalls is counted as timeout, one that breaks as refused, with reasons to match`, async (context) => {
    const { plane, httpsPort } = await dataPlane(context, { networkProxyTransport: transport, handshakeTimeoutMs: 500 });
    const stalled = await dial(httpsPort);
    stalled.write(await genuineHello(host));
    await closed(stalled);
    await allGone(plane);
    assert.deepEqual([closedBy(plane, 'proxy', 'handshake_timeout'), handshakes(plane, 'timeout')], [1, 1]);
    const broken = await dial(httpsPort);
    broken.write(Buffer.concat([await genuineHello(host), Buffer.from('neither a record nor an alert')]));
    await closed(broken);
    await allGone(plane);
    assert.deepEqual([closedBy(plane, 'proxy', 'handshake_failed'), handshakes(plane, 'refused')], [1, 1]);
  });

  // Over loopback it stayed open in the books until the client closed too, which a client may never do.
  test(`${transport}: what NetworkProxy ends is over, though its client keeps its own side open`, async (context) => {
    const { plane, httpPort } = await dataPlane(context, { networkProxyTransport: transport });
    const sockets = [await halfOpen(httpPort), await halfOpen(httpPort)];
    const [asks, broken] = sockets as [Socket, Socket];
    asks.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    broken.write('no request\r\n\r\n');
    const [got] = await Promise.all(sockets.map((socket) => text(socket)));
    assert.ok(got?.endsWith(answer), 'the answer is whole');
    await eventually('both are closed in the books', () => plane.snapshot().connectionsActive === 0);
    assert.ok(asks.writable && broken.writable, 'neither client has closed');
    await Promise.all(sockets.map((socket) => closed(socket.end())));
    await allGone(plane);
  });
}

test('a client that ends its TLS connection in order is told so in return', async (context) => {
  const { plane, httpsPort } = await dataPlane(context, {});
  const socket = (await client(httpsPort, true)) as TLSSocket;
  await request(socket);
  socket.end();
  await once(socket, 'end');
  await closed(socket);
  await allGone(plane);
  assert.equal(closedBy(plane, 'client', 'normal'), 1);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { Config } from '../../../src/config/config.ts';
import {
  type HandshakeLimitOutcome,
  type HandshakeResult,
  handshakeIndex,
  handshakeLimitOutcomes,
  tlsVersions,
} from '../../../src/observability/counters/handshake-result.ts';
import { closedIndex, type TerminationReason } from '../../../src/observability/counters/termination-reason.ts';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { openDescriptors } from '../../tools/smartproxy/proxy-under-test.ts';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { httpListener, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

const host = 'shop.example.com';
const certificate = await ecCertificate('default', host);
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

/** A worker's data plane with its HTTPS port, and what a test asks of its books. */
class Running {
  readonly plane: DataPlane;
  readonly port: number;

  private constructor(plane: DataPlane, port: number) {
    this.plane = plane;
    this.port = port;
  }

  static async start(context: TestContext, changes: Partial<Config>): Promise<Running> {
    const backend = createServer((socket) => socket.on('data', () => socket.write(answer)).on('error', () => {}));
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const plane = new DataPlane({ config: tinyConfig({ upstreamIdleTimeoutMs: 200, ...changes }), idPrefix: 'test' });
    context.after(async () => {
      await plane.close();
      backend.close();
    });
    const listeners = [httpListener({ key: 'https', protocol: 'https' })];
    const table = tinyTable({ backends: [(backend.address() as AddressInfo).port], listeners });
    plane.publish({ ...table, certificates: new Map([[certificate.key, certificate]]) });
    const [bound] = await plane.openListeners();
    return new Running(plane, bound?.port ?? 0);
  }

  /** A client that sends its hello and nothing more. */
  async stall(): Promise<Socket> {
    const socket = await dial(this.port);
    socket.resume();
    socket.write(await genuineHello(host));
    return socket;
  }

  /** One request of an honest client on a connection of its own. */
  async ask(): Promise<string> {
    const socket = connectTls({ host: '127.0.0.1', port: this.port, servername: host, rejectUnauthorized: false });
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const [data] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return data.toString('latin1');
  }

  get sizes(): readonly [active: number, waiting: number] {
    const { tlsHandshakesActive, tlsHandshakesWaiting } = this.plane.snapshot();
    return [tlsHandshakesActive, tlsHandshakesWaiting];
  }

  limit(outcome: HandshakeLimitOutcome): number {
    return this.plane.counters.tlsHandshakeLimit[handshakeLimitOutcomes.indexOf(outcome)] as number;
  }

  handshakes(result: HandshakeResult): number {
    return tlsVersions.reduce((sum, version) => sum + (this.plane.counters.tlsHandshakes[handshakeIndex(version, result)] as number), 0);
  }

  closedBy(side: 'client' | 'proxy', reason: TerminationReason): number {
    return this.plane.counters.connectionsClosed[closedIndex(side, reason)] as number;
  }

  /** Every connection is gone, from every book, and its descriptor with it. */
  async leavesNothing(descriptors: number): Promise<void> {
    await eventually('nothing is left', () => {
      const { connectionsActive, connectedClients, tlsTerminatedConnections, upstreamIdle, upstreamActive } = this.plane.snapshot();
      return connectionsActive + connectedClients + tlsTerminatedConnections + upstreamIdle + upstreamActive === 0;
    });
    assert.deepEqual(this.sizes, [0, 0]);
    const { connectionsAccepted, connectionsClosed, zombies, tlsHandshakes } = this.plane.snapshot();
    const sum = (list: readonly number[]) => list.reduce((total, count) => total + count, 0);
    assert.equal(sum(connectionsClosed), connectionsAccepted);
    assert.equal(sum(tlsHandshakes), connectionsAccepted, 'each connection’s handshake is counted once');
    assert.equal(zombies, 0);
    await eventually('the descriptors are closed', () => openDescriptors() <= descriptors);
  }
}

for (const networkProxyTransport of ['handoff', 'loopback'] as const) {
  test(`${networkProxyTransport}: clients that begin a handshake and stall hold up others for about a second, and give way`, async (context) => {
    const proxy = await Running.start(context, { networkProxyTransport, maxHandshakes: 4 });
    await proxy.ask();
    const before = openDescriptors() - 1; // the connection to the backend may still be idle
    const stalled = await Promise.all(Array.from({ length: 8 }, () => proxy.stall()));
    await eventually('the places are taken', () => proxy.sizes[0] === 4 && proxy.sizes[1] === 4);
    assert.equal(proxy.limit('waited'), 4);
    assert.ok((await proxy.ask()).endsWith('hello'));
    assert.ok(proxy.limit('gave_way') >= 4, `${proxy.limit('gave_way')} gave way`);
    assert.equal(proxy.handshakes('limit'), proxy.limit('gave_way') + proxy.limit('refused'));
    for (const socket of stalled) socket.destroy();
    await proxy.leavesNothing(before);
  });

  test(`${networkProxyTransport}: a client that leaves while its handshake waits leaves nothing behind, whether by FIN or RST`, async (context) => {
    const proxy = await Running.start(context, { networkProxyTransport, maxHandshakes: 1 });
    await proxy.ask();
    const before = openDescriptors() - 1;
    const holder = await proxy.stall();
    await eventually('the place is taken', () => proxy.sizes[0] === 1);
    const waiting = await Promise.all(Array.from({ length: 4 }, () => proxy.stall()));
    await eventually('they wait', () => proxy.sizes[1] === 4);
    waiting[0]?.end();
    waiting[1]?.resetAndDestroy();
    waiting[2]?.end();
    waiting[3]?.resetAndDestroy();
    await Promise.all(waiting.map(closed));
    holder.destroy();
    await proxy.leavesNothing(before);
  });
}

test('a handshake that waits has no more time than others, and says so', async (context) => {
  const proxy = await Running.start(context, { maxHandshakes: 1, handshakeTimeoutMs: 400 });
  await proxy.ask();
  const before = openDescriptors() - 1;
  const sockets = await Promise.all([proxy.stall(), proxy.stall(), proxy.stall()]);
  await Promise.all(sockets.map(closed));
  assert.equal(proxy.handshakes('timeout'), 3);
  assert.equal(proxy.closedBy('proxy', 'handshake_timeout'), 3);
  await proxy.leavesNothing(before);
});

test('with every place to wait taken too, a handshake is refused at once, and established connections go on', async (context) => {
  const proxy = await Running.start(context, { maxHandshakes: 1, handshakeTimeoutMs: 60_000 });
  const established = connectTls({ host: '127.0.0.1', port: proxy.port, servername: host, rejectUnauthorized: false });
  await once(established, 'secureConnect');
  await eventually('its handshake is over', () => proxy.sizes[0] === 0);
  const before = openDescriptors();
  const crowd = await Promise.all(Array.from({ length: 9 }, () => proxy.stall()));
  await eventually('all places are taken', () => proxy.sizes[0] === 1 && proxy.sizes[1] === 8);
  const late = await proxy.stall();
  await closed(late);
  assert.equal(proxy.limit('refused'), 1);
  assert.equal(proxy.closedBy('proxy', 'handshake_limit'), proxy.handshakes('limit'));
  established.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const [data] = (await once(established, 'data')) as [Buffer];
  assert.ok(data.toString('latin1').endsWith('hello'));
  established.destroy();
  for (const socket of crowd) socket.destroy();
  await proxy.leavesNothing(before);
});

test('a burst of honest clients, many times over the limit, is served whole', async (context) => {
  const proxy = await Running.start(context, { maxHandshakes: 40 });
  await proxy.ask();
  const before = openDescriptors() - 1;
  const answers = await Promise.all(Array.from({ length: 200 }, () => proxy.ask()));
  assert.equal(answers.filter((text) => text.endsWith('hello')).length, 200);
  assert.equal(proxy.handshakes('ok'), 201);
  assert.equal(proxy.limit('refused'), 0);
  await proxy.leavesNothing(before);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { closedIndex } from '../../../src/observability/counters/termination-reason.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { ConnectionManager, type ConnectionManagerOptions } from '../../../src/smartproxy/connection-manager.ts';
import type { ConnectionRecord } from '../../../src/smartproxy/connection-record.ts';
import { SecurityManager, uncounted } from '../../../src/smartproxy/security-manager.ts';
import { TimeoutManager } from '../../../src/smartproxy/timeout-manager.ts';
import { maxTimeoutMs, TimerWheel } from '../../../src/timer-wheel.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';
import { httpListener } from '../../tools/smartproxy/proxy-under-test.ts';

let now = 0;
let wheel: TimerWheel;
let counters: WorkerCounters;
let security: SecurityManager;
let timeouts: TimeoutManager;
let manager: ConnectionManager;
let finished: ConnectionRecord[];
const server = createServer({ allowHalfOpen: true });

/** A new manager on a clock that stands still. */
function build(options: Partial<ConnectionManagerOptions> = {}): void {
  now = 0;
  wheel = new TimerWheel({ now: () => now, every: () => () => {} });
  counters = new WorkerCounters();
  security = new SecurityManager({ maxConnectionsPerIp: 100, connectionRatePerMinute: 0, allowCidrs: [], denyCidrs: [] }, uncounted);
  timeouts = new TimeoutManager(wheel, () => 0.5);
  finished = [];
  const onClosed = (record: ConnectionRecord) => finished.push(record);
  manager = new ConnectionManager({
    maxConnections: 0,
    maxConnectionLifetimeMs: 0,
    counters,
    wheel,
    timeouts,
    security,
    idPrefix: 'pod',
    onClosed,
    ...options,
  });
}

/** Lets time go by as it does: in ticks. */
function pass(ms: number): void {
  for (const end = now + ms; now < end; ) {
    now += 100;
    wheel.advance();
  }
}

/** A client and the accepted socket of it. */
async function pair(): Promise<{ client: Socket; socket: Socket }> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as { port: number };
  const client = await dial(port);
  const [socket] = await accepted;
  return { client, socket };
}

async function connected(): Promise<{ client: Socket; socket: Socket; record: ConnectionRecord }> {
  const sockets = await pair();
  const record = manager.createConnection(sockets.socket, httpListener);
  assert.ok(record !== undefined);
  return { ...sockets, record };
}

beforeEach(async () => {
  build();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  manager.close('shutdown');
  security.close();
  assert.equal(wheel.size, 0, 'no timer is left');
  server.close();
  await once(server, 'close');
});

test('the first cause wins: later ends change nothing and count nothing (lesson 1)', async () => {
  const { client, record } = await connected();
  assert.equal(manager.initiateCleanupOnce(record, 'inactivity', 'proxy'), true);
  assert.equal(manager.initiateCleanupOnce(record, 'econnreset', 'client'), false);
  record.end('upstream', 'normal');
  assert.equal(record.terminationReason, 'inactivity');
  assert.equal(record.terminationSide, 'proxy');
  assert.equal(counters.connectionsClosed[closedIndex('proxy', 'inactivity')], 1);
  assert.equal(
    counters.connectionsClosed.reduce((sum, count) => sum + count),
    1,
  );
  assert.equal(finished.length, 1);
  client.end();
  await closed(client);
});

const source = { kind: 'SmartRoute', namespace: 'a', name: 'r' };

test('an ended connection has left every map at once, without waiting for its sockets (lessons 6, 16)', async () => {
  const { client, record } = await connected();
  manager.setDirect(record, { service: 's', source, serverName: 'x', way: 'unread', drains: false, goneSinceMs: undefined });
  assert.equal(manager.get(record.id), record);
  assert.equal(manager.ofService('s').size, 1);
  assert.equal(security.activeOf('127.0.0.1'), 1);
  record.end('proxy', 'normal');
  assert.equal(manager.size, 0);
  assert.equal(manager.get(record.id), undefined);
  assert.deepEqual(manager.direct(), []);
  assert.equal(security.activeOf('127.0.0.1'), 0);
  assert.equal(record.state, 'closed');
  client.end();
  await closed(client);
});

test('ids have the prefix, grow and never repeat', async () => {
  const ids: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const { client, record } = await connected();
    ids.push(record.id);
    record.end('proxy', 'shutdown');
    await closed(client);
  }
  assert.deepEqual(ids, ['pod-1', 'pod-2', 'pod-3']);
});

test('our listeners are removed, others stay, and an error after the end does not end the process (lessons 10, 27)', async () => {
  const { client, socket, record } = await connected();
  const theirs = () => {};
  socket.on('close', theirs);
  record.end('proxy', 'econnreset');
  assert.deepEqual(socket.listeners('close').filter((listener) => listener === theirs).length, 1);
  assert.equal(socket.listenerCount('close'), 1);
  assert.equal(socket.listenerCount('error'), 1);
  socket.emit('error', new Error('late'));
  await closed(client);
});

test('pending writes are flushed before the end (lesson 19)', async () => {
  const { client, socket, record } = await connected();
  const bytes = Buffer.alloc(3_000_000, 'x');
  socket.write(bytes);
  record.end('proxy', 'normal');
  let received = 0;
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await once(client, 'end');
  assert.equal(received, bytes.length);
  assert.equal(counters.bytesSent, bytes.length);
  client.end();
  await closed(client);
});

test('a peer that does not close gets its grace and is then destroyed', async () => {
  const { client, socket, record } = await connected();
  record.end('proxy', 'normal');
  assert.equal(manager.closingSockets, 1);
  pass(4000);
  assert.equal(socket.destroyed, false);
  pass(2000);
  assert.equal(socket.destroyed, true);
  await manager.whenClosed();
  assert.equal(manager.closingSockets, 0);
  client.destroy();
});

test('an end of data is not a close: the record lives on (lessons 19, 22)', async () => {
  const { client, socket, record } = await connected();
  socket.resume();
  const ended = once(socket, 'end');
  client.end();
  await ended;
  assert.equal(record.state, 'accepted');
  assert.equal(manager.size, 1);
  record.end('client', 'normal');
  await closed(client);
});

test('the socket timeout event ends nothing (lesson 20)', async () => {
  const { client, socket, record } = await connected();
  socket.emit('timeout');
  assert.equal(record.ended, false);
  client.destroy();
});

test('a socket that closes in the tick of its accept leaves no record (lesson 3)', async () => {
  const { client, socket } = await pair();
  manager.createConnection(socket, httpListener);
  socket.destroy();
  await once(socket, 'close');
  assert.equal(manager.size, 0);
  assert.equal(counters.connectionsClosed[closedIndex('client', 'normal')], 1);
  await closed(client);
});

test('a socket that was reset in the accept queue has no address, and is counted without a record', async () => {
  build({ maxConnections: 5 });
  const { client, socket } = await pair();
  client.resetAndDestroy();
  await new Promise((resolve) => {
    socket.on('error', () => {}).once('close', resolve);
    socket.resume();
  });
  assert.equal(socket.remoteAddress, undefined);
  assert.equal(manager.createConnection(socket, httpListener), undefined);
  assert.equal(security.size, 0);
  assert.equal(manager.size, 0);
  assert.equal(counters.connectionsAccepted, 1);
  assert.equal(counters.connectionsClosed[closedIndex('client', 'econnreset')], 1);
});

test('over the limit in all a socket is reset, counted and leaves no record', async () => {
  build({ maxConnections: 1 });
  const first = await connected();
  const second = await pair();
  assert.equal(manager.createConnection(second.socket, httpListener), undefined);
  await closed(second.client);
  assert.equal(manager.size, 1);
  assert.equal(counters.connectionsAccepted, 2);
  assert.equal(counters.connectionsClosed[closedIndex('proxy', 'rejected')], 1);
  assert.equal(second.socket.listenerCount('close'), 0);
  first.client.destroy();
});

test('a failing step of a clean-up does not keep the others from being taken', async () => {
  const warning = once(process, 'warning');
  const { client, socket, record } = await connected();
  record.onCleanup = () => {
    throw new Error('a bug');
  };
  record.end('proxy', 'killed');
  assert.equal(socket.destroyed, true);
  assert.equal(manager.size, 0);
  assert.equal(finished.length, 1);
  assert.match(String(await warning), /a bug/);
  await closed(client);
});

test('the sweep finds nothing in a healthy manager and counts what it has to end (lessons 13, 14)', async () => {
  const { client, socket, record } = await connected();
  assert.equal(manager.sweep(), 0);
  socket.removeAllListeners('close');
  socket.destroy();
  await once(socket, 'close');
  assert.equal(manager.sweep(), 0, 'a death that was just seen may still be told');
  assert.equal(manager.sweep(), 1);
  assert.equal(counters.zombies, 1);
  assert.equal(record.terminationReason, 'zombie_cleanup');
  await closed(client);
});

test('the sweep comes by itself, again and again (lessons 7, 18)', async () => {
  pass(60_000);
  const { client, socket, record } = await connected();
  socket.removeAllListeners('close');
  socket.destroy();
  pass(25_000);
  assert.equal(record.terminationReason, 'zombie_cleanup');
  assert.equal(counters.zombies, 1);
  await closed(client);
});

test('idle time counts from the last byte in either direction (lesson 47) and costs no timer a byte', async () => {
  const { client, record } = await connected();
  timeouts.start(record, 'inactivity', 10_000);
  for (let turn = 0; turn < 5; turn++) {
    pass(8000);
    record.lastActivityMs = timeouts.nowMs;
  }
  assert.equal(record.ended, false);
  pass(10_500);
  assert.equal(record.terminationReason, 'inactivity');
  client.destroy();
});

test('a first-byte limit is met by any byte, and by nothing else', async () => {
  const { client, socket, record } = await connected();
  timeouts.start(record, 'initial_timeout', 1000);
  client.write('x');
  socket.resume();
  await once(socket, 'data');
  pass(5000);
  assert.equal(record.ended, false);
  const silent = await connected();
  timeouts.start(silent.record, 'initial_timeout', 1000);
  pass(5000);
  assert.equal(silent.record.terminationReason, 'initial_timeout');
  client.destroy();
});

test('a lifetime limit ends a connection that is busy; a tunnel has none', async () => {
  build({ maxConnectionLifetimeMs: 60_000 });
  const [busy, tunnel] = [await connected(), await connected()];
  manager.setDirect(tunnel.record, { service: 's', source, serverName: undefined, way: 'unread', drains: false, goneSinceMs: undefined });
  for (let turn = 0; turn < 7; turn++) {
    pass(10_000);
    busy.record.lastActivityMs = timeouts.nowMs;
  }
  assert.equal(busy.record.terminationReason, 'connection_timeout');
  assert.equal(tunnel.record.ended, false);
  busy.client.destroy();
  tunnel.client.destroy();
});

test('limits above 2^31-1 ms are capped, not fired at once (lesson 31)', async () => {
  const { client, record } = await connected();
  timeouts.start(record, 'inactivity', Number.MAX_SAFE_INTEGER);
  assert.equal(record.phaseLimitMs, maxTimeoutMs);
  pass(60_000);
  assert.equal(record.ended, false);
  client.destroy();
});

test('equal limits are spread by five percent either way (lesson 32)', async () => {
  const limits: number[] = [];
  const { client, record } = await connected();
  for (const random of [0, 0.5, 0.999_999]) {
    new TimeoutManager(wheel, () => random).start(record, 'inactivity', 1000);
    limits.push(Math.round(record.phaseLimitMs));
  }
  assert.deepEqual(limits, [950, 1000, 1050]);
  client.destroy();
});

test('a connection that the far end has ended waits a minute, and no longer, for a client that takes none of its last bytes', async () => {
  const { client, record } = await connected();
  manager.hear({ kind: 'ended', connectionId: record.id, ending: { side: 'proxy', reason: 'header_timeout' } });
  pass(50_000);
  record.lastActivityMs = now;
  pass(50_000);
  assert.equal(record.ended, false, 'some bytes were taken meanwhile');
  pass(15_000);
  assert.deepEqual([record.terminationSide, record.terminationReason], ['proxy', 'header_timeout']);
  client.destroy();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { SmartProxyError } from '../../../src/errors.ts';
import { queuedConnections } from '../../../src/workers/accept-queue.ts';
import { bindPort } from '../../../src/workers/bind-port.ts';

test('bindPort: port 0 gives every slot a socket of its own on one port', () => {
  const bound = bindPort('127.0.0.1', 0, 3);
  try {
    assert.equal(bound.sockets.length, 3);
    assert.deepEqual([...new Set(bound.sockets.map(({ port }) => port))], [bound.port]);
    assert.equal(new Set(bound.sockets.map(({ inode }) => inode)).size, 3);
  } finally {
    for (const socket of bound.sockets) socket.close();
  }
});

test('bindPort: an address that another process listens on is ADDRESS_IN_USE, even when that one allows sharing', async () => {
  const other = createServer();
  other.listen({ host: '127.0.0.1', port: 0, reusePort: true });
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  try {
    assert.throws(
      () => bindPort('127.0.0.1', port, 2),
      (error: unknown) =>
        error instanceof SmartProxyError && error.code === 'ADDRESS_IN_USE' && error.message.includes(`127.0.0.1:${port}`),
    );
  } finally {
    other.close();
  }
});

test('bindPort: an address that is not on this machine is ADDRESS_UNAVAILABLE', () => {
  assert.throws(
    () => bindPort('192.0.2.1', 0, 1),
    (error: unknown) => error instanceof SmartProxyError && error.code === 'ADDRESS_UNAVAILABLE',
  );
});

test('bindPort: a closed port can be bound again at once', () => {
  const first = bindPort('127.0.0.1', 0, 2);
  for (const socket of first.sockets) socket.close();
  const second = bindPort('127.0.0.1', first.port, 2);
  assert.equal(second.port, first.port);
  for (const socket of second.sockets) socket.close();
});

test('queuedConnections: counts what waits in the accept queue of a socket', { skip: process.platform !== 'linux' }, async () => {
  const bound = bindPort('127.0.0.1', 0, 1);
  const [socket] = bound.sockets;
  assert.ok(socket);
  const inodes = new Set([socket.inode]);
  assert.equal(queuedConnections(inodes), 0);
  // A server that listens on the descriptor and never gets to accept, because this test does not leave its turn before the look.
  const accepted: unknown[] = [];
  const server = createServer((connection) => accepted.push(connection.destroy()));
  server.listen({ fd: socket.fd });
  await once(server, 'listening');
  const client = connect(bound.port, '127.0.0.1');
  const deadline = performance.now() + 5000;
  let queued = 0;
  // connect() has only begun: give the kernel its time without giving the event loop a turn.
  process.nextTick(() => {
    while (queued === 0 && performance.now() < deadline) queued = queuedConnections(inodes);
  });
  await once(client, 'close');
  assert.equal(queued, 1);
  assert.equal(queuedConnections(inodes), 0);
  server.close();
});

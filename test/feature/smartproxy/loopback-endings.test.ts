import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import type { FarNews } from '../../../src/smartproxy/far-news.ts';
import { DataPlane } from '../../../src/workers/data-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { testBackend } from '../../tools/supervised-workers.ts';
import { tinyConfig } from '../../tools/tiny-table.ts';
import { overTcp, tinyTlsTable } from '../../tools/tiny-tls-table.ts';

const host = 'shop.example.com';

/** SmartProxy and NetworkProxy as two processes have them; what the one tells the other waits until the test passes it on. */
async function split(context: TestContext, table: RouteTable) {
  const key = randomBytes(32);
  const told: FarNews[] = [];
  const far = new DataPlane({
    config: tinyConfig(),
    idPrefix: 'far',
    loopbackEnd: { kind: 'far', key, onNews: (news) => told.push(news) },
  });
  far.publish(table);
  const near = new DataPlane({
    config: tinyConfig(),
    idPrefix: 'near',
    loopbackEnd: { kind: 'near', key, port: far.openNetworkProxyPort() },
  });
  near.publish({ ...table, certificates: new Map() });
  context.after(async () => {
    await near.close();
    await far.close();
  });
  const [bound] = await near.openListeners();
  assert.ok(bound);
  return {
    near,
    port: bound.port,
    told,
    /** The one connection, while what NetworkProxy says of its end is awaited. */
    awaiting: () => eventually('its sockets have ended, and not its record', () => near.connections(1)[0]?.state === 'draining'),
    ending: () => eventually('its end', () => near.recentEndings(1)[0]),
  };
}

/** A client over TLS, that has come and gone. */
async function visit(port: number, more: ConnectionOptions = {}): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false, ...more });
  socket.on('error', () => undefined);
  socket.on('secureConnect', () => socket.end('bytes'));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

test('loopback: what NetworkProxy says of an end counts, though the client has left before it is heard', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { near, port, told, awaiting, ending } = await split(context, await tinyTlsTable({ backends: [backend.port] }));
  // Nothing that we speak: NetworkProxy refuses the handshake, and the client closes.
  await visit(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' });
  await awaiting();
  assert.deepEqual(near.recentEndings(1), []);
  await eventually('NetworkProxy has said it', () => told.length > 0);
  near.hear(told);
  const { reason, side } = await ending();
  assert.equal(`${side} ${reason}`, 'proxy handshake_failed');
  assert.equal(near.connections(1).length, 0);
  const { connectionsAccepted, connectionsClosed } = near.snapshot();
  assert.equal(connectionsAccepted, 1);
  assert.equal(
    connectionsClosed.reduce((sum, count) => sum + count, 0),
    1,
  );
});

test('loopback: an end that NetworkProxy says nothing of is told as it was seen, and one of our own at once', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { near, port, awaiting, ending } = await split(context, await tinyTlsTable({ backends: [backend.port] }));
  await visit(port);
  await awaiting();
  assert.equal((await ending()).reason, 'normal');

  const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  assert.equal(near.kill({}), 1);
  assert.equal(near.recentEndings(1)[0]?.reason, 'killed');
});

test('loopback: the endpoint of TCP in TLS, which NetworkProxy has chosen, and what it agreed on are in what SmartProxy says of the connection', async (context) => {
  const backend = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  context.after(() => backend.close());
  const { port: backendPort } = backend.address() as { readonly port: number };
  const { near, port, told, awaiting, ending } = await split(context, overTcp(await tinyTlsTable({ backends: [backendPort] })));
  await visit(port);
  await awaiting();
  near.hear(told);
  const { endpoint, service, reason, tlsVersion } = await ending();
  assert.deepEqual([endpoint, service, reason], [`127.0.0.1:${backendPort}`, 'shop/web:80', 'normal']);
  assert.equal(tlsVersion, 'TLSv1.3');
});

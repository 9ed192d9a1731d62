import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls';
import type { Config } from '../../../src/config/config.ts';
import { ask } from '../../tools/ask.ts';
import { eventually } from '../../tools/eventually.ts';
import { assertMemorySettles, descriptorLimit, openIdle, reserved, residentKib } from '../../tools/idle-connections.ts';
import { supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { httpListener, tinyTable } from '../../tools/tiny-table.ts';
import { httpsListener, tinyTlsTable } from '../../tools/tiny-tls-table.ts';

/**
 * There are descriptors for more, but a handshake costs both sides, and twice 10,000 of them are what a run of all tests can spare. All
 * 19,400 were tried once: 1,174 MiB, and 61, 56, 54 and 53 KiB each, by quarter.
 */
const most = 10_000;
/** Of the later three quarters together; a single one may have a third more, as collections fall. Measured: 50-57. */
const mostKibEach = 72;
const host = 'shop.example.com';
/** One context for all clients: it would be made for each. */
const tls: ConnectionOptions = { servername: host, rejectUnauthorized: false, secureContext: createSecureContext() };

async function oneWorker(context: TestContext, isTls: boolean, config: Partial<Config> = {}) {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context, {
    config: { workers: 1, keepAliveTimeoutMs: 3_600_000, ...config },
    listeners: [isTls ? httpsListener : httpListener()],
    // A machine that is busy with all these connections is no wedged worker.
    heartbeat: { intervalMs: 1000, wedgedAfterMs: 120_000 },
  });
  supervisor.publish(await (isTls ? tinyTlsTable : tinyTable)({ backends: [backend.port] }));
  await supervisor.applied();
  const [worker] = supervisor.workers;
  assert.ok(worker?.pid !== undefined);
  return { supervisor, port, pid: worker.pid };
}

/** What a client resumes its next connection with. */
async function sessionOf(port: number): Promise<Buffer> {
  const socket = connect({ ...tls, port, host: '127.0.0.1' }).resume();
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return session;
}

test('one worker keeps thousands of idle TLS connections, each as light as the others, still answers, and has no more memory for those after them', async (context) => {
  const count = Math.floor(Math.min(most, descriptorLimit() - reserved) / 4);
  const { supervisor, port, pid } = await oneWorker(context, true);
  const active = async () => (await supervisor.totals()).totals.connectionsActive;
  /** Four quarters, with what the worker grew by for each connection of each. */
  const fill = async (addresses: string, options: ConnectionOptions) => {
    const sockets: Socket[] = [];
    const kibEach: number[] = [];
    for (let quarter = 0; quarter < 4; quarter++) {
      const before = residentKib(pid);
      sockets.push(...(await openIdle(port, count, `${addresses}${quarter}`, { tls: options })));
      kibEach.push((residentKib(pid) - before) / count);
    }
    return { sockets, kibEach };
  };

  const { sockets, kibEach } = await fill('127.0.0.1', tls);
  const fullKib = residentKib(pid);
  assert.equal(await active(), sockets.length);
  const { status, body } = await ask({ protocol: 'https', address: '127.0.0.1', port, host, path: '/' });
  assert.deepEqual({ status, body }, { status: 200, body: 'hello' });
  const said = kibEach.map((kib) => kib.toFixed(1)).join(', ');
  context.diagnostic(`${sockets.length} idle TLS connections: ${Math.round(fullKib / 1024)} MiB, by quarter ${said} KiB each`);
  // In the first one grows what grows once.
  const later = kibEach.slice(1);
  assert.ok(later.reduce((sum, kib) => sum + kib, 0) / later.length < mostKibEach, `${said} KiB each`);
  for (const kib of later) assert.ok(kib < (mostKibEach * 4) / 3, `${said} KiB each`);

  const session = await sessionOf(port);
  await eventually('that one has left', async () => (await active()) === sockets.length);
  const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  assert.equal(await supervisor.questions.kill({ listener: 'https' }), sockets.length);
  await closed;
  await eventually('all are gone', async () => (await active()) === 0);
  await assertMemorySettles(fullKib, async () => {
    const { sockets: again } = await fill('127.0.0.3', { ...tls, session });
    const againKib = residentKib(pid);
    for (const socket of again) socket.destroy();
    await eventually('all have left', async () => (await active()) === 0);
    return againKib;
  });
  const { connectionsAccepted, connectionsClosed } = (await supervisor.totals()).totals;
  assert.equal(
    connectionsClosed.reduce((sum, closedOnes) => sum + closedOnes, 0),
    connectionsAccepted,
  );
});

for (const [transport, each] of [
  ['handoff', 1],
  // The third is in NetworkProxy's process.
  ['loopback', 2],
] as const) {
  for (const kind of ['plain', 'TLS'] as const) {
    test(`an idle connection has ${each} of a worker's descriptors (${kind}, ${transport})`, async (context) => {
      const { port, pid } = await oneWorker(context, kind === 'TLS', { networkProxyTransport: transport });
      const descriptors = () => readdirSync(`/proc/${pid}/fd`).length;
      // One after the other, so that one connection to the backend does for all.
      const options = { atATime: 1, tls: kind === 'TLS' ? tls : undefined };
      const first = await openIdle(port, 50, '127.0.0.2', options);
      const before = descriptors();
      const then = await openIdle(port, 50, '127.0.0.2', options);
      assert.equal(descriptors() - before, each * then.length);
      for (const socket of [...first, ...then]) socket.destroy();
    });
  }
}

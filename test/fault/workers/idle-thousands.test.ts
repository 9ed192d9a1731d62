import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { L4Route } from '../../../src/routes/route.ts';
import { eventually } from '../../tools/eventually.ts';
import { assertMemorySettles, descriptorLimit, leave, openIdle, reserved, residentKib } from '../../tools/idle-connections.ts';
import { get, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { TcpBackend } from '../../tools/tcp-talk.ts';
import { httpListener, tinyTable } from '../../tools/tiny-table.ts';

async function oneWorker(context: TestContext) {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context, {
    config: { workers: 1, keepAliveTimeoutMs: 3_600_000 },
    // A machine that is busy with all these connections is no wedged worker.
    heartbeat: { intervalMs: 1000, wedgedAfterMs: 120_000 },
  });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const [worker] = supervisor.workers;
  assert.ok(worker?.pid !== undefined);
  return { supervisor, port, pid: worker.pid };
}

test('one worker keeps as many idle connections as it has descriptors, still answers, and has no more memory for those after them', async (context) => {
  const count = descriptorLimit() - reserved;
  const { supervisor, port, pid } = await oneWorker(context);
  const half = await openIdle(port, Math.floor(count / 2), '127.0.0.2');
  const halfKib = residentKib(pid);
  const rest = await openIdle(port, count - half.length, '127.0.0.3');
  const fullKib = residentKib(pid);
  assert.equal((await supervisor.totals()).totals.connectionsActive, count);
  assert.deepEqual(await get(port), { status: 200, body: 'hello' });
  const kibEach = (fullKib - halfKib) / rest.length;
  context.diagnostic(`${count} idle connections: ${Math.round(fullKib / 1024)} MiB, ${kibEach.toFixed(1)} KiB each`);
  assert.ok(kibEach < 24, `${kibEach} KiB each`);

  const closed = Promise.all([...half, ...rest].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  assert.equal(await supervisor.questions.kill({ listener: 'http' }), count);
  await closed;
  await eventually('all are gone', async () => (await supervisor.totals()).totals.connectionsActive === 0);
  await assertMemorySettles(fullKib, async () => {
    const again = await openIdle(port, count, '127.0.0.4');
    const againKib = residentKib(pid);
    leave(again);
    await eventually('all have left', async () => (await supervisor.totals()).totals.connectionsActive === 0);
    return againKib;
  });
  const { connectionsAccepted, connectionsClosed } = (await supervisor.totals()).totals;
  assert.equal(
    connectionsClosed.reduce((sum, closedOnes) => sum + closedOnes, 0),
    connectionsAccepted,
  );
});

test('one worker forwards as many idle TCP connections as it has pairs of descriptors, and has no more memory for those after them', async (context) => {
  // The worker has two for each, and so have we: a client and a backend.
  const count = Math.floor((descriptorLimit() - reserved) / 2);
  const backend = await TcpBackend.start((socket) => socket.pipe(socket));
  context.after(() => backend[Symbol.asyncDispose]());
  const listener = httpListener({ key: 'mail', protocol: 'tcp' });
  const { supervisor, port } = await supervisedWorkers(context, {
    config: { workers: 1 },
    listeners: [listener],
    heartbeat: { intervalMs: 1000, wedgedAfterMs: 120_000 },
  });
  const table = tinyTable({ listeners: [listener], backends: [backend.port] });
  const [service] = table.services.keys();
  const route: L4Route = {
    ...{ key: 'SmartRoute/shop/mail', listener: 'mail', protocol: 'tcp', policy: 'default' },
    backends: [{ service, weight: 1 }],
    source: { kind: 'SmartRoute', namespace: 'shop', name: 'mail' },
  };
  supervisor.publish({ ...table, hosts: new Map(), l4: new Map([[route.key, route]]) });
  await supervisor.applied();
  const pid = supervisor.workers[0]?.pid ?? 0;
  const half = await openIdle(port, Math.floor(count / 2), '127.0.0.2', { saying: 'x' });
  const halfKib = residentKib(pid);
  const rest = await openIdle(port, count - half.length, '127.0.0.3', { saying: 'x' });
  const fullKib = residentKib(pid);
  const { totals } = await supervisor.totals();
  assert.deepEqual([totals.connectionsActive, backend.connections.size], [count, count]);
  const kibEach = (fullKib - halfKib) / rest.length;
  context.diagnostic(`${count} idle TCP connections: ${Math.round(fullKib / 1024)} MiB, ${kibEach.toFixed(1)} KiB each`);
  assert.ok(kibEach < 24, `${kibEach} KiB each`);
  const closed = Promise.all([...half, ...rest].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  assert.equal(await supervisor.questions.kill({ listener: 'mail' }), count);
  await closed;
  await eventually('backends are left, too', () => backend.connections.size === 0);
  await assertMemorySettles(fullKib, async () => {
    const again = await openIdle(port, count, '127.0.0.4', { saying: 'x' });
    const againKib = residentKib(pid);
    leave(again);
    await eventually('all have left', async () => (await supervisor.totals()).totals.connectionsActive === 0);
    await eventually('their backends, too', () => backend.connections.size === 0);
    return againKib;
  });
});

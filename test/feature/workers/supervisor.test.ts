import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestSeriesWidth } from '../../../src/observability/counters/request-series.ts';
import { closedIndex } from '../../../src/observability/counters/termination-reason.ts';
import type { FleetTotals } from '../../../src/observability/fleet-totals.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { get, idleConnection, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { httpListener, largeTable, tinyTable } from '../../tools/tiny-table.ts';

function assertInvariant({ totals }: FleetTotals): void {
  const closed = totals.connectionsClosed.reduce((sum, count) => sum + count, 0);
  assert.equal(totals.connectionsAccepted, totals.connectionsActive + closed);
}

test('WorkerSupervisor: a published table is served by every worker', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  assert.equal(supervisor.serving, false);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  assert.equal(supervisor.serving, true);
  assert.deepEqual(await get(port), { status: 200, body: 'hello' });
  assert.deepEqual(
    supervisor.workers.map(({ serving, generation, restarts }) => ({ serving, generation, restarts })),
    [
      { serving: true, generation: 1, restarts: 0 },
      { serving: true, generation: 1, restarts: 0 },
    ],
  );
});

test('WorkerSupervisor: a change reaches all workers as a delta; no difference is no generation', async (context) => {
  const [first, second] = [await testBackend(context, 'first'), await testBackend(context, 'second')];
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [first.port] }));
  await supervisor.applied();
  supervisor.publish(tinyTable({ backends: [first.port] }));
  assert.equal(supervisor.generation, 1);
  supervisor.publish(tinyTable({ backends: [second.port] }));
  await supervisor.applied();
  assert.equal(supervisor.generation, 2);
  const answers = await Promise.all(Array.from({ length: 40 }, () => get(port)));
  assert.deepEqual([...new Set(answers.map(({ body }) => body))], ['second']);
});

test('WorkerSupervisor: totals add up all workers and hold the invariant', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const idle = await Promise.all(Array.from({ length: 5 }, () => idleConnection(port)));
  await Promise.all(Array.from({ length: 20 }, () => get(port)));
  const fleet = await eventually('20 of 25 connections are closed', async () => {
    const now = await supervisor.totals();
    assertInvariant(now);
    return now.totals.connectionsActive === 5 ? now : undefined;
  });
  assert.equal(fleet.totals.connectionsAccepted, 25);
  assert.equal(fleet.totals.connectedClients, 5);
  const series = fleet.requestLabels.findIndex(({ route }) => route === 'web');
  assert.equal(fleet.requestValues[series * requestSeriesWidth + 1], 25); // 2xx
  for (const { socket } of idle) socket.destroy();
});

test('WorkerSupervisor: connections are listed with their worker, and one can be ended by its id', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const idle = await idleConnection(port);
  const [connection, ...others] = await supervisor.questions.connections(100);
  assert.ok(connection);
  assert.deepEqual(others, []);
  assert.equal(connection.remotePort, idle.socket.localPort);
  assert.equal(await supervisor.questions.kill({ id: 'nobody' }), 0);
  assert.equal(await supervisor.questions.kill({ id: connection.id }), 1);
  await idle.ended;
  const { totals } = await supervisor.totals();
  assert.equal(totals.connectionsClosed[closedIndex('proxy', 'killed')], 1);
});

test('WorkerSupervisor: connections are listed and ended by what they are', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const idle = await Promise.all(Array.from({ length: 3 }, () => idleConnection(port)));
  const [one] = await supervisor.questions.connections(100);
  assert.ok(one?.route);
  assert.equal((await supervisor.questions.connections(100, { route: one.route, listener: 'http' })).length, 3);
  assert.deepEqual(await supervisor.questions.connections(100, { route: 'another' }), []);
  assert.equal(await supervisor.questions.kill({ route: 'another' }), 0);
  assert.equal(await supervisor.questions.kill({ route: one.route }), 3);
  await Promise.all(idle.map(({ ended }) => ended));
  await eventually('they are counted', async () => {
    const { totals } = await supervisor.totals();
    return totals.connectionsClosed[closedIndex('proxy', 'killed')] === 3;
  });
});

test('WorkerSupervisor: an endpoint that is drained by hand gets nothing new, in new workers too, until the drain ends', async (context) => {
  const [one, two] = [await testBackend(context, 'one'), await testBackend(context, 'two')];
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [one.port, two.port] }));
  await supervisor.applied();
  const whoAnswers = async () => new Set(await Promise.all(Array.from({ length: 12 }, () => get(port).then(({ body }) => body))));
  assert.deepEqual([...(await whoAnswers())].sort(), ['one', 'two']);
  assert.equal(supervisor.setDrained(`127.0.0.1:${one.port}`, true), true);
  assert.equal(supervisor.setDrained('127.0.0.1:1', true), false);
  assert.deepEqual(supervisor.drainedEndpoints, [`127.0.0.1:${one.port}`]);
  await supervisor.applied();
  assert.deepEqual([...(await whoAnswers())], ['two']);
  for (const { pid } of supervisor.workers) if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await eventually('workers are back', () => supervisor.workers.every(({ restarts, serving }) => restarts > 0 && serving));
  assert.deepEqual([...(await whoAnswers())], ['two']);
  assert.equal(supervisor.setDrained(`127.0.0.1:${one.port}`, false), true);
  await supervisor.applied();
  assert.deepEqual([...(await whoAnswers())].sort(), ['one', 'two']);
});

test('WorkerSupervisor: a listener that comes with a later table is opened in running workers, and closed when it goes', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  const extra = httpListener({ key: 'extra' });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: [httpListener(), extra] }));
  const opened = supervisor.addresses.find(({ listener }) => listener === 'extra');
  assert.ok(opened);
  await eventually('the new port answers', () => get(opened.port).then(({ body }) => body === 'hello'));
  const living = await idleConnection(opened.port);

  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await eventually('the port refuses connections', () => get(opened.port).then(() => false, refused));
  assert.deepEqual(await get(port), { status: 200, body: 'hello' });
  living.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [answer] = await Promise.all([new Promise<string>((resolve) => living.socket.once('data', (data) => resolve(String(data))))]);
  assert.match(answer, /200 OK/);
  living.socket.destroy();
});

test('WorkerSupervisor: a listener that comes with a large table opens, and a small change behind it is served', async (context) => {
  const backend = await testBackend(context, 'large');
  const { supervisor } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const extra = httpListener({ key: 'extra' });
  const large = largeTable(5000, { backends: [backend.port], listeners: [httpListener(), extra] });
  supervisor.publish(large);
  supervisor.publish({ ...large, hosts: new Map([...large.hosts].slice(0, -1)) });
  const opened = supervisor.addresses.find(({ listener }) => listener === 'extra');
  assert.ok(opened);
  await supervisor.applied();
  await eventually('the new port answers', () => get(opened.port).then(({ body }) => body === 'large'));
});

test('WorkerSupervisor: workers that die while they apply a large table are replaced by such that have it', async (context) => {
  const backend = await testBackend(context, 'large');
  const { supervisor, port, log } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [9] }));
  await supervisor.applied();
  const pids = log.filter(({ message }) => message === 'worker serves').map(({ fields }) => Number(fields.pid));
  assert.equal(pids.length, 2);
  supervisor.publish(largeTable(5000, { backends: [backend.port] }));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually('both are gone', () => log.filter(({ message }) => message === 'worker ended unasked').length === 2);
  await supervisor.applied();
  assert.deepEqual(await get(port), { status: 200, body: 'large' });
});

test('WorkerSupervisor: a listener whose port changes moves to the new port', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const wanted = await freePort();
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: [httpListener({ port: wanted })] }));
  await eventually('the new port answers', () => get(wanted).then(({ status }) => status === 200));
  await assert.rejects(get(port));
});

test('WorkerSupervisor: the first table may want other ports than the workers were started with', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port, log } = await supervisedWorkers(context);
  const wanted = await freePort();
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: [httpListener({ port: wanted })] }));
  await supervisor.applied();
  assert.deepEqual(await get(wanted), { status: 200, body: 'hello' });
  await assert.rejects(get(port));
  assert.deepEqual(
    log.filter(({ level }) => level === 'error'),
    [],
    'nobody died of it',
  );
});

test('WorkerSupervisor: a worker that starts while a port is moved listens on the new one alone', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port, log } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const [dying, standing] = supervisor.workers.map(({ pid }) => pid ?? 0);
  const wanted = await freePort();
  process.kill(standing!, 'SIGSTOP');
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: [httpListener({ port: wanted })] }));
  process.kill(dying!, 'SIGKILL');
  await eventually('another worker', () =>
    supervisor.workers.some(({ pid, restarts }) => restarts === 1 && pid !== undefined && pid !== dying),
  );
  process.kill(standing!, 'SIGCONT');
  await supervisor.applied();
  const answers = await Promise.all(Array.from({ length: 20 }, () => get(wanted)));
  assert.ok(answers.every(({ status }) => status === 200));
  await assert.rejects(get(port));
  assert.equal(log.filter(({ message }) => message === 'worker ended unasked').length, 1, 'the one that was killed');
});

test('WorkerSupervisor: a listener whose port is taken is opened when the port becomes free', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, log } = await supervisedWorkers(context, { heartbeat: { intervalMs: 50, wedgedAfterMs: 10_000 } });
  const blocker = await testBackend(context, 'another program');
  const extra = httpListener({ key: 'extra', port: blocker.port });
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: [httpListener(), extra] }));
  await supervisor.applied();
  assert.equal((await get(blocker.port)).body, 'another program');
  await blocker.close();
  await eventually('the port answers for us', () => get(blocker.port).then(({ body }) => body === 'hello'));
  assert.equal(log.filter(({ message }) => message.startsWith('listener not opened')).length, 1);
});

test('WorkerSupervisor: a second instance on the same port fails with ADDRESS_IN_USE', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  await assert.rejects(supervisedWorkers(context, { listeners: [httpListener({ port })] }), {
    code: 'ADDRESS_IN_USE',
    message: `Cannot listen on 127.0.0.1:${port}: another process has it; end that one, or choose another port with --http-port, --https-port or in the SmartProxyConfig`,
  });
  assert.equal((await get(port)).status, 200);
});

test('WorkerSupervisor: a table that comes during a drain opens no port again', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const held = get(port, '/hold');
  await eventually('the request is held', () => backend.held() === 1);
  const drained = supervisor.drain(30_000);
  await eventually('the port refuses connections', () => get(port).then(() => false, refused));
  supervisor.publish(tinyTable({ backends: [backend.port], name: 'other' }));
  await supervisor.applied();
  assert.deepEqual(supervisor.addresses, []);
  backend.release();
  assert.equal((await held).body, 'hello');
  await drained;
});

test('WorkerSupervisor: a drain finishes requests, refuses new connections and ends idle ones', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const slow = get(port, '/hold');
  await eventually('the backend has the request', () => backend.held() === 1);
  const idle = await idleConnection(port);
  const drained = supervisor.drain(20_000);
  await eventually('new connections are refused', () => get(port).then(() => false, refused));
  await idle.ended;
  backend.release();
  assert.deepEqual(await slow, { status: 200, body: 'hello' });
  await drained;
  const fleet = await supervisor.totals();
  assert.equal(fleet.totals.connectionsActive, 0);
  assertInvariant(fleet);
});

function refused(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED';
}

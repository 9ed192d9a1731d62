import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closedIndex } from '../../../src/observability/counters/termination-reason.ts';
import { eventually } from '../../tools/eventually.ts';
import { get, idleConnection, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { httpListener, tinyTable } from '../../tools/tiny-table.ts';

/** Never wedged as far as the watchdog knows: the test stops the worker itself. */
const patient = { intervalMs: 100, wedgedAfterMs: 600_000 };

function pidOf({ workers }: { readonly workers: readonly { readonly pid: number | undefined }[] }, slot: number): number {
  const pid = workers[slot]?.pid;
  assert.ok(pid !== undefined);
  return pid;
}

/** Connects and asks; resolves to the status line, or to the error's code. */
function ask(port: number): { connected: Promise<void>; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  const connected = new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const answer = new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('close', () => resolve('closed without an answer'));
  });
  return { connected, answer };
}

test('a worker that stops and is then killed loses none of 60 connections that it had not accepted', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context, { config: { workers: 1 }, heartbeat: patient });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const pid = pidOf(supervisor, 0);
  process.kill(pid, 'SIGSTOP');
  const clients = Array.from({ length: 60 }, () => ask(port));
  await Promise.all(clients.map(({ connected }) => connected));
  process.kill(pid, 'SIGKILL');
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  assert.deepEqual(answers, new Array(60).fill('HTTP/1.1 200 OK'));
  assert.equal(supervisor.workers[0]?.restarts, 1);
});

test('the same holds for a port that was opened at run time', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor } = await supervisedWorkers(context, { config: { workers: 1 }, heartbeat: patient });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: [httpListener(), httpListener({ key: 'extra' })] }));
  const port = supervisor.addresses.find(({ listener }) => listener === 'extra')?.port ?? 0;
  await eventually('the new port answers', () => get(port).then(({ status }) => status === 200));
  const pid = pidOf(supervisor, 0);
  process.kill(pid, 'SIGSTOP');
  const clients = Array.from({ length: 60 }, () => ask(port));
  await Promise.all(clients.map(({ connected }) => connected));
  process.kill(pid, 'SIGKILL');
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  assert.deepEqual(answers, new Array(60).fill('HTTP/1.1 200 OK'));
});

test('a port that closes while connections wait in its queue serves them first', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor } = await supervisedWorkers(context, { config: { workers: 1 }, heartbeat: patient });
  const both = [httpListener(), httpListener({ key: 'extra' })];
  supervisor.publish(tinyTable({ backends: [backend.port], listeners: both }));
  await supervisor.applied();
  const port = supervisor.addresses.find(({ listener }) => listener === 'extra')?.port ?? 0;
  await eventually('the port answers', () => get(port).then(({ status }) => status === 200));
  const pid = pidOf(supervisor, 0);
  process.kill(pid, 'SIGSTOP');
  const clients = Array.from({ length: 30 }, () => ask(port));
  await Promise.all(clients.map(({ connected }) => connected));
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  process.kill(pid, 'SIGCONT');
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  assert.deepEqual(answers, new Array(30).fill('HTTP/1.1 200 OK'));
  await eventually('the port is closed', () =>
    get(port).then(
      () => false,
      (error) => error.code === 'ECONNREFUSED',
    ),
  );
});

test('kill -9 of a worker under load costs its established connections alone, and the counters stay exact', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context, { heartbeat: { intervalMs: 50, wedgedAfterMs: 600_000 } });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const idle = await Promise.all(Array.from({ length: 24 }, () => idleConnection(port)));
  const owners = new Map((await supervisor.questions.connections(100)).map(({ remotePort, worker }) => [remotePort, worker]));
  const mine = idle.filter(({ socket }) => owners.get(socket.localPort ?? 0) === 0);
  const others = idle.filter(({ socket }) => owners.get(socket.localPort ?? 0) === 1);
  assert.equal(mine.length + others.length, 24);
  await eventually('the last heartbeat has them all', async () => (await supervisor.totals()).totals.connectionsAccepted === 24);

  let running = true;
  const outcomes = { answered: 0, lost: 0 };
  const loops = Array.from({ length: 8 }, async () => {
    while (running) {
      await get(port).then(
        () => outcomes.answered++,
        () => outcomes.lost++,
      );
    }
  });
  await eventually('load is on', () => outcomes.answered > 50);
  process.kill(pidOf(supervisor, 0), 'SIGKILL');
  await eventually('the worker is replaced', () => supervisor.workers[0]?.restarts === 1 && supervisor.workers[0].serving);
  const before = outcomes.answered;
  await eventually('load goes on', () => outcomes.answered > before + 50);
  running = false;
  await Promise.all(loops);

  assert.ok(outcomes.lost <= 8, `${outcomes.lost} requests were lost, more than were in flight`);
  await Promise.all(mine.map(({ ended }) => ended));
  for (const { socket } of others) {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [head] = await new Promise<string[]>((resolve) => socket.once('data', (data) => resolve(String(data).split('\r\n'))));
    assert.equal(head, 'HTTP/1.1 200 OK');
    socket.destroy();
  }
  const { totals } = await eventually('all is over', async () => {
    const now = await supervisor.totals();
    const closed = now.totals.connectionsClosed.reduce((sum, count) => sum + count, 0);
    assert.equal(now.totals.connectionsAccepted, now.totals.connectionsActive + closed);
    return now.totals.connectionsActive === 0 ? now : undefined;
  });
  const lost = totals.connectionsClosed[closedIndex('proxy', 'worker_lost')] ?? 0;
  assert.ok(lost >= mine.length && lost <= mine.length + 8, `${lost} are worker_lost`);
});

test('a wedged worker is killed and replaced, the others serve meanwhile', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port, log } = await supervisedWorkers(context, { heartbeat: { intervalMs: 100, wedgedAfterMs: 1500 } });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  const wedged = pidOf(supervisor, 1);
  process.kill(wedged, 'SIGSTOP');
  await eventually('it is replaced', () => supervisor.workers[1]?.restarts === 1 && supervisor.workers[1].serving);
  assert.notEqual(pidOf(supervisor, 1), wedged);
  assert.equal(supervisor.workers[0]?.restarts, 0);
  assert.ok(log.some(({ level, message }) => level === 'error' && message.includes('wedged')));
  assert.equal((await get(port)).status, 200);
});

test('a main process that stands still for longer than workers may be silent does not kill them for it', async (context) => {
  const { supervisor } = await supervisedWorkers(context, { heartbeat: { intervalMs: 100, wedgedAfterMs: 2000 } });
  supervisor.publish(tinyTable({ backends: [9] }));
  await supervisor.applied();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  const before = await supervisor.totals();
  await eventually('workers are heard of again', () => supervisor.workers.every(({ serving }) => serving));
  assert.equal(before.totals.connectionsAccepted, 0);
  assert.deepEqual(
    supervisor.workers.map(({ restarts }) => restarts),
    [0, 0],
  );
});

test('a silent worker delays a scrape a little, and its last counters serve', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context, { config: { workers: 1 }, heartbeat: patient });
  supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervisor.applied();
  for (let request = 0; request < 3; request++) await get(port);
  await eventually('the requests are counted', async () => (await supervisor.totals()).totals.connectionsAccepted === 3);
  const pid = pidOf(supervisor, 0);
  process.kill(pid, 'SIGSTOP');
  assert.equal((await supervisor.totals()).totals.connectionsAccepted, 3);
  process.kill(pid, 'SIGCONT');
});

test('a worker that crashes at every start is restarted ever more slowly, and said so', async (context) => {
  const script = fileURLToPath(new URL('./crashing-worker.ts', import.meta.url));
  const { supervisor, log } = await supervisedWorkers(context, {
    config: { workers: 1 },
    entry: { script, args: [], execArgv: [] },
    backOff: { firstMs: 10, maxMs: 60, healthyAfterMs: 60_000 },
  });
  const ends = () => log.filter(({ message }) => message === 'worker ended unasked').map(({ fields }) => fields.restartInMs);
  await eventually('six crashes', () => ends().length >= 6);
  assert.deepEqual(ends().slice(0, 6), [0, 10, 20, 40, 60, 60]);
  assert.equal(log.find(({ level }) => level === 'error')?.fields.how, 'code 3');
  assert.equal(supervisor.serving, false);
});

test('a worker that says nothing has longer to start than one that fell silent, and is killed and replaced all the same', async (context) => {
  const script = fileURLToPath(new URL('./mute-worker.ts', import.meta.url));
  const { supervisor, log } = await supervisedWorkers(context, {
    config: { workers: 1 },
    entry: { script, args: [], execArgv: [] },
    heartbeat: { intervalMs: 50, wedgedAfterMs: 100, startedAfterMs: 1000 },
  });
  const wedged = await eventually('it is killed', () => log.find(({ message }) => message.includes('wedged')));
  assert.ok(Number(wedged.fields.silentMs) >= 1000, `after ${wedged.fields.silentMs} ms`);
  await eventually('another takes its place', () => (supervisor.workers[0]?.restarts ?? 0) >= 1);
});

test('the main process keeps no descriptor of dead workers and closed ports', async (context) => {
  const { supervisor } = await supervisedWorkers(context, { config: { workers: 1 }, backOff: { firstMs: 0, maxMs: 0, healthyAfterMs: 0 } });
  const [plain, withExtra] = [[httpListener()], [httpListener(), httpListener({ key: 'extra' })]];
  supervisor.publish(tinyTable({ backends: [9], listeners: plain }));
  await supervisor.applied();
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let round = 1; round <= 4; round++) {
    supervisor.publish(tinyTable({ backends: [9], listeners: withExtra }));
    assert.ok(descriptors() > before);
    await supervisor.applied();
    process.kill(pidOf(supervisor, 0), 'SIGKILL');
    await eventually('the worker is replaced', () => supervisor.workers[0]?.restarts === round && supervisor.workers[0].serving);
    supervisor.publish(tinyTable({ backends: [9], listeners: plain }));
    await eventually('the port is closed', () => supervisor.addresses.length === 1);
  }
  await eventually('all descriptors are back', () => descriptors() === before);
});

test('workers end when the main process is killed', async () => {
  const main = fork(fileURLToPath(new URL('./lone-main.ts', import.meta.url)), { execArgv: [] });
  const [pids] = (await once(main, 'message')) as [number[]];
  assert.equal(pids.length, 2);
  for (const pid of pids) process.kill(pid, 0);
  main.kill('SIGKILL');
  await eventually('both are gone', () => pids.every((pid) => !isRunning(pid)));
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

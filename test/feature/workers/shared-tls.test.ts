import assert from 'node:assert/strict';
import { constants, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type InstallationSettings, installationKey, type RouteTable } from '../../../src/routes/route-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { type Supervised, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { httpsListener, tinyTlsTable } from '../../tools/tiny-tls-table.ts';

const https = httpsListener;
const tlsTable = (backend: number): Promise<RouteTable> => tinyTlsTable({ backends: [backend] });

const noSettings: InstallationSettings = {
  key: installationKey,
  trustedProxies: undefined,
  drainDelayMs: undefined,
  drainTimeoutMs: undefined,
  maxConnections: undefined,
  maxConnectionsPerAddress: undefined,
  connectionRatePerMinute: undefined,
  allowCidrs: undefined,
  denyCidrs: undefined,
  tlsMinVersion: undefined,
  ticketKeyRotationMs: undefined,
  accessLogMode: undefined,
  accessLogFormat: undefined,
};

/** One request over TLS; resolves when the answer has come, with the last session ticket. */
function ask(
  port: number,
  session: Buffer | undefined,
  options: ConnectionOptions = {},
): Promise<{ resumed: boolean; head: string; ticket: Buffer | undefined; socket: TLSSocket }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'shop.example.com',
      rejectUnauthorized: false,
      ...(session && { session }),
      ...options,
    });
    let ticket: Buffer | undefined;
    socket.on('session', (latest: Buffer) => {
      ticket = latest;
    });
    socket.once('error', reject);
    socket.once('data', (data) =>
      resolve({ resumed: socket.isSessionReused(), head: String(data).split('\r\n')[0] ?? '', ticket, socket }),
    );
    socket.write('GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n');
  });
}

test('WorkerSupervisor: private keys reach workers, and a TLS session of one worker resumes in every other', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context, { listeners: [https] });
  supervisor.publish(await tlsTable(backend.port));
  await supervisor.applied();
  const first = await ask(port, undefined);
  assert.equal(first.head, 'HTTP/1.1 200 OK');
  assert.equal(first.resumed, false);
  const { ticket } = first;
  assert.ok(ticket);
  const sockets = [first.socket];
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const workers = await eventually('both workers have had a connection', async () => {
    const next = await ask(port, ticket);
    sockets.push(next.socket);
    assert.equal(next.resumed, true);
    const used = new Set((await supervisor.questions.connections(1000)).map(({ worker }) => worker));
    return used.size === 2 ? used : undefined;
  });
  assert.deepEqual([...workers].sort(), [0, 1]);
  const { totals } = await supervisor.totals();
  assert.equal(totals.tlsTerminated, sockets.length);
  assert.equal(totals.tlsTerminatedConnections, sockets.length);
});

/** Asks until each of the two workers has served a connection, with `session` each time; says what each did with it. */
async function askBoth(
  context: TestContext,
  { supervisor, port }: Supervised,
  session: Buffer | undefined,
  options: ConnectionOptions = {},
): Promise<{ readonly resumed: readonly boolean[]; readonly ticket: Buffer | undefined }> {
  const resumedBy = new Map<number, boolean>();
  let last: Buffer | undefined;
  await eventually('both workers have had a connection', async () => {
    const known = new Set((await supervisor.questions.connections(1000)).map(({ id }) => id));
    const { resumed, socket, ticket } = await ask(port, session, options);
    context.after(() => socket.destroy());
    last = ticket;
    const mine = (await supervisor.questions.connections(1000)).find(({ id }) => !known.has(id));
    if (mine !== undefined) resumedBy.set(mine.worker, resumed);
    return resumedBy.size === 2;
  });
  return { resumed: [...resumedBy.values()], ticket: last };
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`WorkerSupervisor: a new ticket key reaches all workers at once; tickets of the one before resume, older ones lead to full handshakes, not to errors (${maxVersion})`, async (context) => {
    const backend = await testBackend(context, 'hello');
    let nowMs = 0;
    const heartbeat = { intervalMs: 50, wedgedAfterMs: 60_000 };
    const config = { ticketKeyRotationMs: 1000 };
    const running = await supervisedWorkers(context, { listeners: [https], heartbeat, config, now: () => nowMs });
    const { supervisor, port, log } = running;
    supervisor.publish(await tlsTable(backend.port));
    await supervisor.applied();
    const first = await ask(port, undefined, { maxVersion });
    context.after(() => first.socket.destroy());
    assert.ok(first.ticket);
    assert.deepEqual((await askBoth(context, running, first.ticket, { maxVersion })).resumed, [true, true]);

    const replaced = () => log.filter(({ message }) => message === 'key of TLS session tickets replaced');
    assert.equal(replaced().length, 0);
    nowMs = 1000;
    await eventually('the key is replaced', () => replaced().length === 1);
    assert.deepEqual((await askBoth(context, running, first.ticket, { maxVersion })).resumed, [true, true]);
    nowMs = 2000;
    await eventually('the key is replaced again', () => replaced().length === 2);
    const after = await askBoth(context, running, first.ticket, { maxVersion });
    assert.deepEqual(after.resumed, [false, false]);
    assert.ok(after.ticket);
    assert.deepEqual((await askBoth(context, running, after.ticket, { maxVersion })).resumed, [true, true]);
    assert.deepEqual(replaced()[0]?.fields, {}, 'nothing of the key is logged');
    const { totals } = await supervisor.totals();
    assert.equal(
      totals.tlsHandshakes.reduce((sum, count) => sum + count, 0),
      totals.tlsTerminated,
      'every handshake was completed',
    );
  });
}

test('ticketKeyRotation of the SmartProxyConfig takes the place of the option, while it is there', async (context) => {
  const backend = await testBackend(context, 'hello');
  let nowMs = 0;
  const heartbeat = { intervalMs: 50, wedgedAfterMs: 60_000 };
  const config = { ticketKeyRotationMs: 1000 };
  const running = await supervisedWorkers(context, { listeners: [https], heartbeat, config, now: () => nowMs });
  const { supervisor, log } = running;
  const table = await tlsTable(backend.port);
  // What `tls: {ticketKeyRotation}` comes to in the table.
  const rotating = (ticketKeyRotationMs: number): RouteTable => ({
    ...table,
    settings: new Map([[installationKey, { ...noSettings, ticketKeyRotationMs }]]),
  });
  const replaced = () => log.filter(({ message }) => message === 'key of TLS session tickets replaced').length;
  supervisor.publish(rotating(5000));
  await supervisor.applied();
  const { ticket } = await askBoth(context, running, undefined);
  nowMs = 4000;
  assert.deepEqual((await askBoth(context, running, ticket)).resumed, [true, true]);
  supervisor.publish(rotating(3000));
  await eventually('the key is replaced', () => replaced() === 1);
  supervisor.publish(table);
  nowMs = 5000;
  await eventually('the key is replaced as the option says', () => replaced() === 2);
  assert.deepEqual((await askBoth(context, running, ticket)).resumed, [false, false]);
});

test('WorkerSupervisor: a worker that starts after a change of the ticket key gets the one that the others have', async (context) => {
  const backend = await testBackend(context, 'hello');
  let nowMs = 0;
  const heartbeat = { intervalMs: 50, wedgedAfterMs: 60_000 };
  const running = await supervisedWorkers(context, {
    listeners: [https],
    heartbeat,
    config: { ticketKeyRotationMs: 1000 },
    now: () => nowMs,
  });
  const { supervisor, log } = running;
  supervisor.publish(await tlsTable(backend.port));
  await supervisor.applied();
  nowMs = 1000;
  await eventually('the key is replaced', () => log.some(({ message }) => message === 'key of TLS session tickets replaced'));
  const { ticket } = await askBoth(context, running, undefined);
  assert.ok(ticket);
  const [old] = supervisor.workers;
  process.kill(old?.pid as number, 'SIGKILL');
  await eventually('another has taken its place', () => supervisor.workers[0]?.pid !== old?.pid && supervisor.workers[0]?.serving);
  assert.deepEqual((await askBoth(context, running, ticket)).resumed, [true, true]);
});

test('WorkerSupervisor: keys that are shared with other pods take the place of our own, which are still read', async (context) => {
  const backend = await testBackend(context, 'hello');
  const table = await tlsTable(backend.port);
  const start = async () => {
    const running = await supervisedWorkers(context, { listeners: [https] });
    running.supervisor.publish(table);
    await running.supervisor.applied();
    return running;
  };
  const [one, two] = [await start(), await start()];
  const { ticket: own } = await ask(one.port, undefined);
  assert.deepEqual((await askBoth(context, two, own)).resumed, [false, false]);
  const [previous, current, next] = [randomBytes(48), randomBytes(48), randomBytes(48)];
  one.supervisor.shareTicketKeys(Buffer.concat([next, current, previous]));
  two.supervisor.shareTicketKeys(Buffer.concat([current, previous, next]));
  assert.deepEqual((await askBoth(context, one, own)).resumed, [true, true], 'a ticket from before');
  for (const [made, read] of [
    [one, two],
    [two, one],
  ] as const) {
    const { ticket } = await askBoth(context, made, undefined);
    assert.deepEqual((await askBoth(context, read, ticket)).resumed, [true, true]);
  }
  const { ticket } = await askBoth(context, one, undefined);
  one.supervisor.shareTicketKeys(undefined);
  two.supervisor.shareTicketKeys(undefined);
  assert.deepEqual((await askBoth(context, two, ticket)).resumed, [false, false]);
  const shown = JSON.stringify([one.log, two.log]);
  for (const key of [previous, current, next]) assert.ok(!shown.includes(key.toString('hex')) && !shown.includes(key.toString('base64')));
});

test('WorkerSupervisor: a client of TLS 1.2 without tickets makes full handshakes on every worker alike', async (context) => {
  const backend = await testBackend(context, 'hello');
  const running = await supervisedWorkers(context, { listeners: [https] });
  running.supervisor.publish(await tlsTable(backend.port));
  await running.supervisor.applied();
  const options = { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET } as const;
  const first = await ask(running.port, undefined, options);
  context.after(() => first.socket.destroy());
  const session = first.socket.getSession();
  assert.ok(session);
  assert.deepEqual((await askBoth(context, running, session, options)).resumed, [false, false]);
});

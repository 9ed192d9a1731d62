import assert from 'node:assert/strict';
import { constants, X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Redacted } from '../../../src/redacted.ts';
import { anyHost, type Certificate, defaultCertificateKey, type RouteTable } from '../../../src/routes/route-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { type Supervised, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { httpListener, tinyTable } from '../../tools/tiny-table.ts';

const https = httpListener({ key: 'https', protocol: 'https' });

async function tlsTable(backend: number): Promise<RouteTable> {
  const { cert, key } = await makeTestCertificate('shop.example.com');
  const certificate: Certificate = {
    key: defaultCertificateKey,
    names: ['shop.example.com'],
    chain: cert,
    privateKey: new Redacted(key),
    fingerprint: new X509Certificate(cert).fingerprint256,
    notAfterMs: Date.now() + 3_600_000,
    keyType: 'ec',
  };
  const table = tinyTable({ backends: [backend], listeners: [https] });
  const host = table.hosts.get(anyHost);
  assert.ok(host);
  return {
    ...table,
    hosts: new Map([[anyHost, { ...host, tls: { kind: 'terminate', certificates: [certificate.key] } }]]),
    certificates: new Map([[certificate.key, certificate]]),
  };
}

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
    const used = new Set((await supervisor.connections(1000)).map(({ worker }) => worker));
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
    const known = new Set((await supervisor.connections(1000)).map(({ id }) => id));
    const { resumed, socket, ticket } = await ask(port, session, options);
    context.after(() => socket.destroy());
    last = ticket;
    const mine = (await supervisor.connections(1000)).find(({ id }) => !known.has(id));
    if (mine !== undefined) resumedBy.set(mine.worker, resumed);
    return resumedBy.size === 2;
  });
  return { resumed: [...resumedBy.values()], ticket: last };
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`WorkerSupervisor: a new ticket key reaches all workers at once, and old tickets lead to full handshakes, not to errors (${maxVersion})`, async (context) => {
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

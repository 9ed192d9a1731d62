import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import type { Config } from '../../../src/config/config.ts';
import { closedIndex } from '../../../src/observability/counters/termination-reason.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { Certificate, RouteTable } from '../../../src/routes/route-table.ts';
import type { ConnectionFilter } from '../../../src/smartproxy/connection-filter.ts';
import { eventually } from '../../tools/eventually.ts';
import { foundInMemory } from '../../tools/process-memory.ts';
import { supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { httpsListener, overTcp, tinyTlsTable } from '../../tools/tiny-tls-table.ts';
import { TlsTalk } from '../../tools/tls-talk.ts';

const host = 'shop.example.com';
const password = 'htpasswd-canary-of-a-route:x';

/** One request over TLS; its status line. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    socket.once('data', (data) => {
      resolve(String(data).split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

async function split(context: TestContext, config: Partial<Config> = {}) {
  const backend = await testBackend(context, 'hello');
  const running = await supervisedWorkers(context, {
    config: { workers: 1, networkProxyTransport: 'loopback', ...config },
    listeners: [httpsListener],
    backOff: { firstMs: 1, maxMs: 10, healthyAfterMs: 0 },
  });
  const table = await tinyTlsTable({ backends: [backend.port] });
  running.supervisor.publish(table);
  await running.supervisor.applied();
  return { ...running, table, endpoint: `127.0.0.1:${backend.port}` };
}

/** With every kind of secret that a table may have. */
async function withSecrets(table: RouteTable): Promise<RouteTable> {
  const clientCertificate = await ecCertificate('shop/client', 'client.example');
  const tls = { serverName: undefined, ca: undefined, clientCertificate };
  const [web] = table.services.values();
  assert.ok(web);
  return {
    ...table,
    services: new Map(table.services).set('shop/secure:443', { ...web, key: 'shop/secure:443', protocol: 'https', tls }),
    secrets: new Map([['htpasswd shop/users', { key: 'htpasswd shop/users', value: new Redacted(password) }]]),
  };
}

/** A private key in the forms that a process may have it in: PEM, and the number itself in both orders of bytes. */
function formsOf(name: string, { privateKey }: Certificate): readonly (readonly [string, Buffer])[] {
  const pem = privateKey.reveal();
  const line = pem.split('\n').find((text) => text.length > 60 && !text.startsWith('-----')) ?? '';
  const number = Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d ?? '', 'base64url');
  assert.ok(line.length > 60 && number.length === 32);
  return [
    [`${name}, PEM`, Buffer.from(line.slice(-40), 'latin1')],
    [`${name}, PEM in two bytes a character`, Buffer.from(line.slice(-40), 'utf16le')],
    [`${name}, number`, number],
    [`${name}, number, reversed`, Buffer.from(number).reverse()],
  ];
}

const isRoot = process.getuid?.() === 0;

test('loopback: the process that clients speak to never holds a private key or another secret; the one that ends TLS does', {
  skip: isRoot ? false : 'only root may read the memory of other processes',
}, async (context) => {
  const { supervisor, port, table } = await split(context);
  const first = await withSecrets(table);
  const [old] = table.certificates.values();
  const renewed = await ecCertificate('default', host);
  assert.ok(old);
  supervisor.publish(first);
  await supervisor.applied();
  assert.equal(await ask(port), 'HTTP/1.1 200 OK');
  supervisor.publish({ ...first, certificates: new Map([['default', renewed]]) });
  await supervisor.applied();
  assert.equal(await ask(port), 'HTTP/1.1 200 OK');

  const client = first.services.get('shop/secure:443')?.tls?.clientCertificate;
  assert.ok(client);
  const secrets = new Map([
    ...formsOf('the key before', old),
    ...formsOf('the renewed key', renewed),
    ...formsOf('the key of a client certificate', client),
    ['a user list', Buffer.from(password)] as const,
  ]);
  const known = new Map([['the route', Buffer.from('Ingress shop/web')]]);
  const [worker] = supervisor.workers;
  assert.ok(worker?.pid !== undefined && worker.networkProxyPid !== undefined);
  assert.notEqual(worker.pid, worker.networkProxyPid);
  assert.deepEqual([...foundInMemory(worker.pid, known)], ['the route'], 'its memory can be read');
  assert.deepEqual([...foundInMemory(worker.pid, secrets)], []);
  const behind = foundInMemory(worker.networkProxyPid, secrets);
  for (const name of ['the renewed key, PEM', 'the key of a client certificate, PEM', 'a user list']) assert.ok(behind.has(name), name);
  assert.ok(behind.has('the renewed key, number') || behind.has('the renewed key, number, reversed'), 'as OpenSSL has it');
});

test('loopback: SmartProxy hears why NetworkProxy ended a connection, and ends it though its client keeps it open', async (context) => {
  const { supervisor, port } = await split(context);
  // It reads nothing, and so does not see the end that it would answer.
  const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
  context.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n');
  await eventually('it is over in the books', async () => {
    const { connectionsActive, connectionsAccepted } = (await supervisor.totals()).totals;
    return connectionsAccepted === 1 && connectionsActive === 0;
  });
  assert.match(String(socket.read()), /^HTTP\/1\.1 400 /);
  const { connectionsClosed } = (await supervisor.totals()).totals;
  assert.equal(connectionsClosed[closedIndex('client', 'protocol_error')], 1, JSON.stringify(connectionsClosed));
});

test('loopback: open TCP in TLS is known by the endpoint that NetworkProxy has chosen, ended by it, and ends when that is gone for the drain time', async (context) => {
  const { supervisor, port, table, endpoint } = await split(context, { drainTimeoutMs: 100 });
  supervisor.publish(overTcp(table));
  await supervisor.applied();
  const { questions } = supervisor;
  const open = (filter: ConnectionFilter) => questions.connections(10, filter);
  const [killed, left] = [await new TlsTalk(port, host).secured(), await new TlsTalk(port, host).secured()];
  context.after(() => {
    for (const { socket } of [killed, left]) socket.destroy();
  });
  const [first, second] = await eventually('both are found', async () => {
    const found = await open({ endpoint });
    return found.length === 2 && found;
  });
  assert.equal((await open({ endpoint: '127.0.0.1:1' })).length, 0);
  assert.equal(await questions.kill({ endpoint, id: first?.id ?? '' }), 1);
  await eventually('the other one is left', async () => (await open({ endpoint })).map(({ id }) => id).join() === second?.id);
  const gone = new Map([...table.endpoints].map(([key, set]) => [key, { ...set, endpoints: [] }]));
  supervisor.publish({ ...overTcp(table), endpoints: gone });
  const [last] = await eventually('its end is told', async () => {
    const endings = await questions.recentEndings(10, { id: second?.id ?? '' });
    return endings.length > 0 && endings;
  });
  assert.deepEqual([last?.reason, last?.endpoint], ['endpoint_removed', endpoint]);
});

for (const part of ['SmartProxy', 'NetworkProxy'] as const) {
  test(`loopback: when the process of ${part} dies, the other ends too, and both are replaced`, async (context) => {
    const { supervisor, port, log } = await split(context);
    assert.equal(await ask(port), 'HTTP/1.1 200 OK');
    const [before] = supervisor.workers;
    const victim = part === 'SmartProxy' ? before?.pid : before?.networkProxyPid;
    assert.ok(victim !== undefined);
    process.kill(victim, 'SIGKILL');
    await eventually('both are others, and serve', () => {
      const [now] = supervisor.workers;
      return now?.serving === true && now.pid !== before?.pid && now.networkProxyPid !== before?.networkProxyPid;
    });
    assert.equal(await eventually('an answer', () => ask(port).catch(() => undefined)), 'HTTP/1.1 200 OK');
    const ended = log.filter(({ message }) => message === 'worker ended unasked');
    assert.deepEqual(
      ended.map(({ fields }) => fields.how),
      [`${part}: signal SIGKILL`],
    );
    const { totals } = await supervisor.totals();
    assert.equal(
      totals.connectionsAccepted,
      totals.connectionsActive + totals.connectionsClosed.reduce((sum, closed) => sum + closed, 0),
      'the books are closed',
    );
  });
}

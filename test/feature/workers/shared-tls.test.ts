import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { Redacted } from '../../../src/redacted.ts';
import { anyHost, type Certificate, defaultCertificateKey, type RouteTable } from '../../../src/routes/route-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
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
): Promise<{ resumed: boolean; head: string; ticket: Buffer | undefined; socket: TLSSocket }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'shop.example.com',
      rejectUnauthorized: false,
      ...(session && { session }),
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

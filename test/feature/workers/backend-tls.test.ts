import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { Redacted } from '../../../src/redacted.ts';
import type { Certificate, RouteTable } from '../../../src/routes/route-table.ts';
import type { Service } from '../../../src/routes/service.ts';
import { get, supervisedWorkers } from '../../tools/supervised-workers.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';
import { tinyTable } from '../../tools/tiny-table.ts';

/** A table whose one service shows `pair` to its backend, which it knows by `ca`. */
function tableWith(port: number, ca: string, pair: TestCertificate): RouteTable {
  const clientCertificate: Certificate = {
    key: 'shop/client',
    names: [],
    chain: pair.cert,
    privateKey: new Redacted(pair.key),
    fingerprint: new X509Certificate(pair.cert).fingerprint256,
    notAfterMs: 0,
    keyType: 'ec',
  };
  const table = tinyTable({ backends: [port] });
  const tls = { serverName: 'backend.example', ca, clientCertificate };
  const secured = [...table.services].map(([key, service]): [string, Service] => [key, { ...service, protocol: 'https', tls }]);
  return { ...table, services: new Map(secured) };
}

test('WorkerSupervisor: client certificates reach workers also without an https listener, and a renewed one replaces them', async (context) => {
  const own = await makeTestCertificate('backend.example');
  const [first, second] = [await makeTestCertificate('first'), await makeTestCertificate('second')];
  const ca = [first.cert, second.cert];
  const server = createServer({ ...own, ca, requestCert: true, rejectUnauthorized: true }, (request, response) =>
    response.end((request.socket as TLSSocket).getPeerX509Certificate()?.subject),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port: backendPort } = server.address() as AddressInfo;
  const { supervisor, port } = await supervisedWorkers(context);
  for (const [pair, subject] of [
    [first, 'CN=first'],
    [second, 'CN=second'],
  ] as const) {
    supervisor.publish(tableWith(backendPort, own.cert, pair));
    await supervisor.applied();
    for (let i = 0; i < 4; i++) assert.deepEqual(await get(port), { status: 200, body: subject });
  }
});

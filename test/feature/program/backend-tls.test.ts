import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const backendName = 'backend.internal';
const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256;

function caSecret(name: string, { cert }: TestCertificate): string {
  const data = { 'ca.crt': Buffer.from(cert).toString('base64') };
  return `\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, data })}\n---`;
}

/** An Ingress for `hostName` whose backend is spoken to over TLS, verified, with these annotations too. */
function secured(name: string, hostName: string, annotations: Readonly<Record<string, string>>): string {
  const all = { 'backend-protocol': 'https', 'backend-tls-ca-secret': 'ca', 'backend-tls-server-name': backendName, ...annotations };
  const named = Object.fromEntries(Object.entries(all).map(([key, value]) => [`smartproxy.dev/${key}`, value]));
  return ingress(name, { rules: { [hostName]: [['/', 'Prefix', 's']] }, annotations: named });
}

describe('client certificates for backends, manifests in and handshakes out', () => {
  let own: TestCertificate;
  let first: TestCertificate;
  let second: TestCertificate;
  let server: Server;
  let objects: string;
  /** The client certificate of each request that the backend let in, and its connections. */
  let shown: (string | undefined)[];
  const sockets = new Set<TLSSocket>();

  before(async () => {
    own = await makeTestCertificate(backendName);
    [first, second] = [await makeTestCertificate('first'), await makeTestCertificate('second')];
    server = createServer({ ...own, ca: [first.cert, second.cert], requestCert: true, rejectUnauthorized: true }, (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256);
      response.end('hello');
    });
    server.on('secureConnection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    objects = ingressClass + service('s', (server.address() as AddressInfo).port) + caSecret('ca', own);
  });

  beforeEach(() => {
    shown = [];
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('the certificate of the Secret is shown; a Secret that changes is shown on new connections, and the old ones end', async () => {
    const client = secured('one', host, { 'backend-tls-client-secret': 'client' });
    await using program = await Program.start(objects + tlsSecret('client', first) + client);
    assert.deepEqual(program.problems, []);
    assert.deepEqual(program.translation.referencedSecrets, ['default/ca', 'default/client']);
    for (let i = 0; i < 2; i++) assert.equal((await program.ask(host, '/')).status, 200);
    const [before] = sockets;
    assert.equal(sockets.size, 1);
    await program.apply(tlsSecret('client', second));
    assert.equal((await program.ask(host, '/')).status, 200);
    assert.deepEqual(shown, [fingerprint(first), fingerprint(first), fingerprint(second)]);
    await eventually('the connection with the old certificate ends', () => before !== undefined && !sockets.has(before));
  });

  it('a Secret that is missing or broken is a problem and a 503, never a connection without it; mended it counts', async () => {
    const client = secured('one', host, { 'backend-tls-client-secret': 'client' });
    await using program = await Program.start(objects + client);
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.match(
      program.translation.problems[0]?.message ?? '',
      /^Ingress default\/one, .*\[smartproxy\.dev\/backend-tls-client-secret\]: Secret default\/client does not exist.*create it with tls\.crt and tls\.key/,
    );
    assert.equal((await program.ask(host, '/')).status, 503);
    await program.apply(tlsSecret('client', first));
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/')).status, 200);
    for (const broken of [
      { cert: 'not PEM', key: 'not PEM' },
      { cert: first.cert, key: second.key },
      { cert: first.cert, key: '' },
    ]) {
      await program.apply(tlsSecret('client', broken));
      assert.deepEqual(program.problems, ['SecretInvalid']);
      assert.equal((await program.ask(host, '/')).status, 503);
    }
    await program.apply(tlsSecret('client', second));
    assert.equal((await program.ask(host, '/')).status, 200);
    await program.remove('Secret', 'default/client');
    assert.equal((await program.ask(host, '/')).status, 503);
    await program.apply(secured('one', host, { 'backend-tls-client-secret': 'infra/client' }));
    assert.deepEqual(program.problems, ['InvalidAnnotation']);
    assert.equal((await program.ask(host, '/')).status, 503);
    assert.deepEqual(shown, [fingerprint(first), fingerprint(second)]);
    await eventually('no connection of a Secret that is gone is kept', () => sockets.size === 0);
  });

  it('without the annotation the backend refuses with 502 and the log says what TLS said; one Ingress does not lend its certificate', async () => {
    const yaml =
      objects +
      tlsSecret('client', first) +
      secured('with', host, { 'backend-tls-client-secret': 'client' }) +
      secured('without', 'other.example.com', {}) +
      secured('elsewhere', 'third.example.com', { 'backend-tls-client-secret': 'client', 'backend-tls-server-name': 'not.internal' });
    const program = await Program.start(yaml);
    const statuses: number[] = [];
    for (const name of [host, 'other.example.com', 'third.example.com', host]) statuses.push((await program.ask(name, '/')).status);
    const log = await program.finish();
    assert.deepEqual(statuses, [200, 502, 502, 200]);
    const details = new Map(log.filter(({ type }) => type === 'request').map((line) => [line.host, line.detail]));
    assert.equal(details.get('other.example.com'), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    assert.equal(details.get('third.example.com'), 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.deepEqual(shown, [fingerprint(first), fingerprint(first)]);
  });
});

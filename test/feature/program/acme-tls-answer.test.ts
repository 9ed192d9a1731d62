import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { acmeTlsCertificate } from '../../../src/acme/acme-tls-certificate.ts';
import { makeKey } from '../../../src/acme/certificate-request.ts';
import { acmeStateData, acmeStateName, acmeStateType, noAcmeState } from '../../../src/translate/acme-state.ts';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, opaqueSecret, service, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const guarded = 'guarded.example';
const passed = 'passed.example';
const oid = '1.3.6.1.5.5.7.1.31';

/** What is shown to a client that offers these protocols; '' when it is refused. */
async function shown(program: Program, servername: string, ...protocols: readonly string[]): Promise<string> {
  const options = { host: '127.0.0.1', port: program.httpsPort, servername, ALPNProtocols: [...protocols], rejectUnauthorized: false };
  const socket = connect(options);
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  } catch {
    return '';
  } finally {
    socket.destroy();
  }
}

/** The Secret that keeps the order of a certificate, with its answer over TLS. */
async function orderOf(secret: string, name: string) {
  const privateKey = await makeKey('ECDSA');
  const certificate = await acmeTlsCertificate(privateKey, name, 'token.thumb', Date.now());
  const challenges = [{ type: 'tls-alpn-01', name, token: 'token', keyAuthorization: 'token.thumb', certificate }] as const;
  const order = { url: 'https://ca.test/order/1', issuer: 'test', directory: 'https://ca.test/dir', names: [name], privateKey, challenges };
  const data = acmeStateData(secret, { ...noAcmeState, order });
  const metadata = { name: acmeStateName(secret), namespace: 'default' };
  const kept = { apiVersion: 'v1', kind: 'Secret', type: acmeStateType, metadata, data };
  return { kept: `\n${JSON.stringify(kept)}\n---`, fingerprint: new X509Certificate(certificate).fingerprint256 };
}

test('a CA that looks over TLS gets its answer before client certificates, lists and passthrough, and nobody else does', async (t) => {
  const [own, client] = await Promise.all([makeTestCertificate(guarded), makeTestCertificate('client')]);
  const [ofGuarded, ofPassed] = await Promise.all([orderOf('default/guarded-tls', guarded), orderOf('default/passed-tls', passed)]);
  await using backend = await NamedBackend.start('plain');
  const theirs = await makeTestCertificate(passed);
  const far = createServer({ ...theirs, ALPNProtocols: ['acme-tls/1'] });
  far.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
  t.after(() => far.close());
  const annotations = {
    'smartproxy.dev/acme-issuer': 'ca',
    'smartproxy.dev/auth-tls-secret': 'clients',
    'smartproxy.dev/allowlist-source-range': '192.0.2.0/24',
  };
  const tcp = { backends: [{ name: 'passed', port: { name: 'web' } }] };
  const objects =
    smartProxyConfig({ acme: { issuers: [{ name: 'ca', directory: 'https://ca.test/dir', challenge: 'tls-alpn-01' }] } }) +
    service('plain', backend.port) +
    service('passed', (far.address() as AddressInfo).port) +
    opaqueSecret('clients', { 'ca.crt': client.cert }) +
    ingress('guarded', {
      annotations,
      tls: [{ hosts: [guarded], secret: 'guarded-tls' }],
      rules: { [guarded]: [['/', 'Prefix', 'plain']] },
    }) +
    smartRoute('passed', { hosts: [passed], tls: { mode: 'Passthrough' }, tcp }, '2020-01-01T00:00:00Z') +
    smartRoute(
      'asking',
      {
        hosts: [passed],
        tls: { mode: 'Terminate', certificate: { secretRef: { name: 'passed-tls' }, acme: { issuer: 'ca' } } },
        http: { rules: [{ name: 'all', action: forwardTo('plain') }] },
      },
      '2021-01-01T00:00:00Z',
    );
  await using program = await Program.start(objects + ofGuarded.kept + ofPassed.kept, ['--acme']);
  assert.equal(await shown(program, guarded, 'acme-tls/1'), ofGuarded.fingerprint);
  assert.equal(await shown(program, passed, 'acme-tls/1'), ofPassed.fingerprint);
  // Who offers something else, or more, is anybody.
  for (const protocols of [['h2', 'acme-tls/1'], ['http/1.1'], []])
    for (const [host, { fingerprint }] of [
      [guarded, ofGuarded],
      [passed, ofPassed],
    ] as const)
      assert.notEqual(await shown(program, host, ...protocols), fingerprint, `${host} ${protocols.join()}`);
  assert.equal(await shown(program, 'other.example', 'acme-tls/1'), '', 'a name without an answer is refused');

  // With the order over, so is the answer; behind a passthrough route a server may prove the name by itself.
  await program.remove('Secret', `default/${acmeStateName('default/guarded-tls')}`);
  await program.apply(tlsSecret('guarded-tls', own));
  assert.equal(await shown(program, guarded, 'acme-tls/1'), '');
  await program.remove('Secret', `default/${acmeStateName('default/passed-tls')}`);
  assert.equal(await shown(program, passed, 'acme-tls/1'), new X509Certificate(theirs.cert).fingerprint256);
});

test('nothing is served on a connection that was shown the answer of a challenge', async () => {
  const { kept, fingerprint } = await orderOf('default/tls', guarded);
  const objects =
    smartProxyConfig({ acme: { issuers: [{ name: 'ca', directory: 'https://ca.test/dir', challenge: 'tls-alpn-01' }] } }) +
    smartRoute('route', {
      hosts: [guarded],
      tls: { mode: 'Terminate', certificate: { secretRef: { name: 'tls' }, acme: { issuer: 'ca' } } },
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: 'served' } } }] },
    });
  await using program = await Program.start(objects + kept, ['--acme']);
  const options = {
    host: '127.0.0.1',
    port: program.httpsPort,
    servername: guarded,
    ALPNProtocols: ['acme-tls/1'],
    rejectUnauthorized: false,
  };
  const socket = connect(options);
  let received = '';
  let isClosed = false;
  socket.on('data', (chunk) => {
    received += String(chunk);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  await once(socket, 'secureConnect');
  assert.equal(socket.getPeerX509Certificate()?.fingerprint256, fingerprint);
  const extension = socket.getPeerX509Certificate()?.raw.toString('hex') ?? '';
  assert.ok(extension.includes('06082b0601050507011f0101ff'), `${oid}, critical`);
  socket.write(`GET / HTTP/1.1\r\nhost: ${guarded}\r\n\r\n`);
  await eventually('the connection ends', () => isClosed);
  assert.equal(received, '');
});

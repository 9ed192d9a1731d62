import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { forwardTo, ingress, ingressClass, opaqueSecret, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { rsaCertificate } from '../../tools/table-certificate.ts';
import { TestAuthority } from '../../tools/test-authority.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
/** What clients can verify. */
const onlyEcdsa = 'ECDSA+SHA256';
const onlyRsa = 'RSA-PSS+SHA256:RSA+SHA256';

const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256;

async function rsa(): Promise<TestCertificate> {
  const { chain, privateKey } = await rsaCertificate('rsa', host);
  return { cert: chain, key: privateKey.reveal() };
}

/** The certificate that a client is shown whose request is answered; undefined: it gets no connection, or none that lasts. */
function shown({ httpsPort }: Program, sigalgs: string, more: ConnectionOptions = {}): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: httpsPort, servername: host, rejectUnauthorized: false, sigalgs, ...more });
    let certificate: string | undefined;
    socket.on('error', () => {});
    socket.once('secureConnect', () => {
      certificate = socket.getPeerX509Certificate()?.fingerprint256;
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    });
    socket.once('data', () => {
      resolve(certificate);
      socket.destroy();
    });
    socket.once('close', () => resolve(undefined));
  });
}

const routeWith = (tls: object): string =>
  smartRoute('shop', {
    hosts: [host],
    tls: { mode: 'Terminate', certificate: { secretRef: { name: 'ec' }, alternativeSecretRef: { name: 'rsa' } }, ...tls },
    http: { rules: [{ name: 'all', action: forwardTo('nobody') }] },
  });

const ways = {
  'an Ingress with two entries of spec.tls': ingress('shop', {
    rules: { [host]: [['/', 'Prefix', 'nobody']] },
    tls: [
      { hosts: [host], secret: 'ec' },
      { hosts: [host], secret: 'rsa' },
    ],
  }),
  'a SmartRoute with alternativeSecretRef': routeWith({}),
};

for (const [way, object] of Object.entries(ways)) {
  test(`${way} shows each client the certificate that it can verify; each Secret is replaced, breaks and goes without the other`, async () => {
    const [ec, other] = [await makeTestCertificate(host), await rsa()];
    await using program = await Program.start(ingressClass + tlsSecret('ec', ec) + tlsSecret('rsa', other) + object);
    assert.equal(await shown(program, onlyEcdsa), fingerprint(ec));
    assert.equal(await shown(program, onlyRsa), fingerprint(other));
    assert.equal(await shown(program, `${onlyEcdsa}:${onlyRsa}`), fingerprint(ec), 'who takes both, and ECDSA first');

    const renewed = await makeTestCertificate(host);
    await program.apply(tlsSecret('ec', renewed));
    assert.equal(await shown(program, onlyEcdsa), fingerprint(renewed));
    assert.equal(await shown(program, onlyRsa), fingerprint(other));

    await program.apply(tlsSecret('rsa', { cert: other.cert, key: 'no key' }));
    assert.ok(program.problems.includes('SecretInvalid'));
    assert.equal(await shown(program, onlyEcdsa), fingerprint(renewed));
    assert.equal(await shown(program, onlyRsa), fingerprint(other), 'the one from before');

    const mended = await rsa();
    await program.apply(tlsSecret('rsa', mended));
    assert.equal(await shown(program, onlyRsa), fingerprint(mended));
    await program.remove('Secret', 'default/rsa');
    assert.ok(program.problems.includes('SecretNotFound'));
    assert.equal(await shown(program, onlyRsa), undefined);
    assert.equal(await shown(program, onlyEcdsa), fingerprint(renewed));
  });
}

test('certificates of clients, a list of those that were revoked, and a minimal version hold with either certificate', async () => {
  const authority = await TestAuthority.make('CN=clients');
  const [good, revoked] = [await authority.issue('CN=good'), await authority.issue('CN=revoked')];
  const [ec, other] = [await makeTestCertificate(host), await rsa()];
  const ca = opaqueSecret('ca', { 'ca.crt': authority.ca, 'ca.crl': await authority.revoke([revoked]) });
  const route = routeWith({ clientAuth: { mode: 'Required', caRef: { name: 'ca' } }, minVersion: 'TLSv1.3' });
  await using program = await Program.start(ingressClass + tlsSecret('ec', ec) + tlsSecret('rsa', other) + ca + route);
  // The order of the client decides; it needs both, since it signs with a key of its own.
  for (const [kind, sigalgs, expected] of [
    ['ECDSA', `${onlyEcdsa}:${onlyRsa}`, ec],
    ['RSA', `${onlyRsa}:${onlyEcdsa}`, other],
  ] as const) {
    assert.equal(await shown(program, sigalgs, good), fingerprint(expected), kind);
    assert.equal(await shown(program, sigalgs), undefined, `${kind}, without a certificate`);
    assert.equal(await shown(program, sigalgs, revoked), undefined, `${kind}, revoked`);
    assert.equal(await shown(program, sigalgs, { ...good, maxVersion: 'TLSv1.2' }), undefined, `${kind}, TLS 1.2`);
  }

  // Broken by an edit, they are kept, and so is all else that the host has of TLS.
  await program.apply(tlsSecret('ec', { cert: ec.cert, key: 'no key' }));
  await program.apply(tlsSecret('rsa', { cert: other.cert, key: 'no key' }));
  const anything = `${onlyEcdsa}:${onlyRsa}`;
  assert.equal(await shown(program, anything, good), fingerprint(ec));
  assert.equal(await shown(program, anything), undefined, 'a certificate is asked for as before');
});

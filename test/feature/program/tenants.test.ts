import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const inNamespace = (namespace: string, yaml: string): string =>
  yaml.replaceAll('namespace: default', `namespace: ${namespace}`).replaceAll('"namespace":"default"', `"namespace":"${namespace}"`);

async function fingerprintOf(program: Program, servername: string): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port: program.httpsPort, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate?.fingerprint256;
}

test('of two tenants with the same host and path the older keeps both, its certificate included, whatever the younger writes', async () => {
  await using mine = await NamedBackend.start('mine');
  await using theirs = await NamedBackend.start('theirs');
  const [pem, thief, spare] = [await makeTestCertificate(host), await makeTestCertificate(host), await makeTestCertificate('spare')];
  const rules = { rules: { [host]: [['/', 'Prefix', 's'] as const] }, tls: [{ hosts: [host], secret: 'tls' }] };
  const noRedirect = { annotations: { 'smartproxy.dev/ssl-redirect': 'false' } };
  const older =
    service('s', mine.port) + tlsSecret('tls', pem) + ingress('one', { ...rules, ...noRedirect, created: '2026-01-01T00:00:00Z' });
  const younger = service('s', theirs.port) + tlsSecret('tls', thief) + ingress('one', { ...rules, created: '2026-02-01T00:00:00Z' });
  // The younger tenant's namespace comes first by name.
  await using program = await Program.start(ingressClass + tlsSecret('spare', spare) + inNamespace('bbb', older), [
    '--default-certificate',
    'default/spare',
  ]);
  const ours = async (): Promise<void> => {
    assert.equal((await program.ask(host, '/')).body, 'mine');
    assert.equal((await program.ask(host, '/deep/path', { tls: true })).body, 'mine');
    assert.equal(await fingerprintOf(program, host), new X509Certificate(pem.cert).fingerprint256);
  };
  await ours();
  await program.apply(inNamespace('aaa', younger));
  await ours();
  const loser = program.translation.problems.filter(({ object }) => object.namespace === 'aaa');
  assert.deepEqual(loser.map(({ reason }) => reason).sort(), ['CertificateConflict', 'PathConflict']);
  for (const { message } of loser) assert.match(message, /bbb\/one/);
  assert.equal(program.translation.problems.length, loser.length, 'the older one is told nothing');

  // Passthrough of the host would hand over every byte of it.
  await program.apply(
    inNamespace(
      'aaa',
      ingress('two', { ...rules, annotations: { 'smartproxy.dev/tls-passthrough': 'true' }, created: '2026-02-01T00:00:00Z' }),
    ),
  );
  await ours();
  // When the older one goes, the younger has waited for it.
  await program.remove('Ingress', 'aaa/two');
  await program.remove('Ingress', 'bbb/one');
  assert.equal((await program.ask(host, '/', { tls: true })).body, 'theirs');
  assert.equal(await fingerprintOf(program, host), new X509Certificate(thief.cert).fingerprint256);
});

test("a tenant can not refer to another namespace's Secret or Service", async () => {
  await using mine = await NamedBackend.start('mine');
  const spare = await makeTestCertificate('spare');
  const pem = await makeTestCertificate(host);
  const owner = inNamespace('owner', service('s', mine.port) + tlsSecret('tls', pem));
  const borrow = (name: string): string =>
    inNamespace('thief', ingress(name, { rules: { [host]: [['/', 'Prefix', 'owner/s']] }, tls: [{ hosts: [host], secret: 'owner/tls' }] }));
  const sameNames = inNamespace('thief', ingress('same', { rules: { 'same.example.com': [['/', 'Prefix', 's']] } }));
  await using program = await Program.start(ingressClass + tlsSecret('spare', spare) + owner + borrow('one') + sameNames, [
    '--default-certificate',
    'default/spare',
  ]);
  assert.equal((await program.ask(host, '/', { tls: true })).status, 503);
  assert.equal((await program.ask('same.example.com', '/')).status, 503);
  assert.equal(await fingerprintOf(program, host), new X509Certificate(spare.cert).fingerprint256);
  assert.deepEqual([...program.problems].sort(), ['InvalidBackend', 'SecretNotFound', 'ServiceNotFound']);
  assert.ok(!program.translation.referencedSecrets.some((key) => key.startsWith('owner/')));
  assert.equal(mine.seen.length, 0);
});

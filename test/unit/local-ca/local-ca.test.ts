import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { SmartProxyError } from '../../../src/errors.ts';
import { LocalCa } from '../../../src/local-ca/local-ca.ts';
import type { Certificate } from '../../../src/routes/route-table.ts';

const dayMs = 86_400_000;

async function stateDir(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'state-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'smartproxy-ingress');
}

async function leafFor(ca: LocalCa, host: string): Promise<Certificate> {
  const leaf = (await ca.certificatesFor([host])).find(({ key }) => key === `local-ca/${host}`);
  assert.ok(leaf);
  return leaf;
}

/** Whether a TLS client that trusts the authority alone accepts the certificate for this name. */
async function isAccepted(ca: LocalCa, certificate: Certificate, servername: string): Promise<boolean> {
  const server = createServer({ cert: certificate.chain, key: certificate.privateKey.reveal() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const client = connect({ port, host: '127.0.0.1', servername, ca: ca.authorityCertificate }, () => resolve(client.authorized));
  client.on('error', () => resolve(false));
  server.on('tlsClientError', () => {});
  return promise.finally(() => {
    client.destroy();
    server.close();
  });
}

test('local CA: clients that trust it accept its certificates for the right name only', async () => {
  const ca = await LocalCa.inMemory();
  const leaf = await leafFor(ca, 'shop.localhost');
  assert.equal(await isAccepted(ca, leaf, 'shop.localhost'), true);
  assert.equal(await isAccepted(ca, leaf, 'api.localhost'), false);
  const wildcard = await leafFor(ca, '*.example.localhost');
  assert.equal(await isAccepted(ca, wildcard, 'a.example.localhost'), true);
  assert.equal(await isAccepted(await LocalCa.inMemory(), leaf, 'shop.localhost'), false);
});

test('local CA: a certificate says of itself what the table needs', async () => {
  const ca = await LocalCa.inMemory();
  const leaf = await leafFor(ca, 'shop.localhost');
  const x509 = new X509Certificate(leaf.chain);
  assert.deepEqual([leaf.key, leaf.names, leaf.keyType], ['local-ca/shop.localhost', ['shop.localhost'], 'ec']);
  assert.equal(leaf.fingerprint, x509.fingerprint256.replaceAll(':', '').toLowerCase());
  assert.ok(Math.abs(leaf.notAfterMs - Date.parse(x509.validTo)) < 1000);
  assert.equal(x509.ca, false);
  assert.equal(`${leaf.privateKey}`, '[redacted]');
});

test('local CA: the default certificate comes along', async () => {
  const ca = await LocalCa.inMemory();
  assert.deepEqual(
    (await ca.certificatesFor([])).map(({ key }) => key),
    ['default'],
  );
});

test('local CA: a host name longer than a common name may be still gets a certificate', async () => {
  const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.localhost`;
  const ca = await LocalCa.inMemory();
  assert.equal(await isAccepted(ca, await leafFor(ca, host), host), true);
});

test('local CA: a certificate stays the same until a third of its life is left, then it is renewed', async () => {
  let now = Date.now();
  const ca = await LocalCa.inMemory(() => now);
  const first = await leafFor(ca, 'shop.localhost');
  now += 59 * dayMs;
  assert.equal(await leafFor(ca, 'shop.localhost'), first);
  now += 2 * dayMs;
  const second = await leafFor(ca, 'shop.localhost');
  assert.notEqual(second.fingerprint, first.fingerprint);
  assert.ok(second.notAfterMs > first.notAfterMs);
});

test('local CA: the authority is kept in the state folder, its key readable by the owner alone', async (t) => {
  const folder = await stateDir(t);
  const first = await LocalCa.open(folder);
  const second = await LocalCa.open(folder);
  assert.equal(second.authorityCertificate.trim(), first.authorityCertificate.trim());
  assert.equal(await isAccepted(first, await leafFor(second, 'shop.localhost'), 'shop.localhost'), true);
  assert.equal((await stat(join(folder, 'local-ca.pem'))).mode & 0o777, 0o600);
  assert.ok(!(await readFile(join(folder, 'local-ca.crt'), 'utf8')).includes('PRIVATE'));
  assert.deepEqual((await readdir(folder)).sort(), ['local-ca.crt', 'local-ca.pem']);
});

test('local CA: processes that start together agree on one authority', async (t) => {
  const folder = await stateDir(t);
  const all = await Promise.all(Array.from({ length: 4 }, () => LocalCa.open(folder)));
  assert.equal(new Set(all.map(({ authorityCertificate }) => authorityCertificate.trim())).size, 1);
});

test('local CA: an authority near its end is replaced, files readable by others are closed', async (t) => {
  const folder = await stateDir(t);
  const old = await LocalCa.open(folder, () => Date.now() - 3600 * dayMs);
  await chmod(join(folder, 'local-ca.pem'), 0o644);
  const fresh = await LocalCa.open(folder);
  assert.notEqual(fresh.authorityCertificate, old.authorityCertificate);
  assert.equal((await stat(join(folder, 'local-ca.pem'))).mode & 0o777, 0o600);
});

test('local CA: a state folder that can not be used, or a broken file in it, is an error that names it', async (t) => {
  const folder = await stateDir(t);
  const unusable = (error: unknown) =>
    error instanceof SmartProxyError && error.code === 'STATE_UNUSABLE' && error.message.includes(folder);
  await LocalCa.open(folder);
  await writeFile(join(folder, 'local-ca.pem'), 'not PEM');
  await assert.rejects(LocalCa.open(folder), unusable);
  await assert.rejects(LocalCa.open(join(folder, 'local-ca.crt', 'x')), unusable);
});

import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashSync } from 'bcryptjs';
import { buildBundle } from '../../../tools/build-bundle.ts';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, opaqueSecret, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { RunningCommand, temporaryFolder } from '../../tools/running-command.ts';

test('the bundle alone, without sources and packages, serves HTTP and TLS with workers and a local CA', async (t) => {
  const folder = await temporaryFolder(t);
  await buildBundle(join(folder, 'app/dist'));
  await cp(join(import.meta.dirname, '../../../bin'), join(folder, 'app/bin'), { recursive: true });
  await writeFile(join(folder, 'app/package.json'), JSON.stringify({ type: 'module', version: '0.0.0-test' }));
  await using backend = await NamedBackend.start('bundled');
  await mkdir(join(folder, 'manifests'));
  const rules = { rules: { 'shop.localhost': [['/', 'Prefix', 's'] as const] }, tls: [{ hosts: ['shop.localhost'] }] };
  const guarded = {
    rules: { 'guarded.localhost': [['/', 'Prefix', 's'] as const] },
    annotations: { 'smartproxy.dev/auth-secret': 'users' },
  };
  const objects = [ingress('one', rules), ingress('two', guarded), opaqueSecret('users', { auth: `ada:${hashSync('sesame', 4)}` })];
  await writeFile(join(folder, 'manifests/all.yaml'), ingressClass + service('s', backend.port) + objects.join(''));
  const args = ['run', '--manifests', join(folder, 'manifests'), '--state-dir', join(folder, 'state'), '--address', '127.0.0.1'];
  const ports = ['--http-port', '0', '--https-port', '0', '--status-port', '0', '--admin-port', String(await freePort())];
  const command = new RunningCommand(t, [...args, ...ports], {}, join(folder, 'app/bin/smartproxy-ingress.js'));

  const ca = await readFile(join(folder, 'state/local-ca.crt'), 'utf8').catch(() => undefined);
  assert.equal(ca, undefined, 'the CA is made by the command');
  const https = await command.port('https');
  const answer = await get(https, 'shop.localhost', '/', await readFile(join(folder, 'state/local-ca.crt'), 'utf8'));
  assert.deepEqual([answer.status, answer.body], [200, 'bundled']);
  assert.equal((await get(await command.port('http'), 'shop.localhost', '/')).status, 308);
  // The thread that checks passwords is a file of its own.
  const authorization = `Basic ${Buffer.from('ada:sesame').toString('base64')}`;
  const http = await command.port('http');
  assert.equal((await get(http, 'guarded.localhost', '/')).status, 401);
  assert.deepEqual((await get(http, 'guarded.localhost', '/', undefined, { authorization })).body, 'bundled');
  await t.test('the web UI comes from the bundle, and is small', async () => {
    const admin = await command.port('admin');
    const page = await get(admin, 'localhost', '/');
    assert.match(page.body, /name="program-version" content="\d/);
    const paths = [...page.body.matchAll(/(?:src|href)="(?!#)([^"]+)"/g)].map(([, path]) => `/${path}`);
    const parts = await Promise.all(paths.map((path) => get(admin, 'localhost', path)));
    assert.deepEqual(
      parts.map(({ status }) => status),
      paths.map(() => 200),
    );
    const bytes = [page, ...parts].reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    assert.ok(bytes < 100_000, `${bytes} bytes`);
    assert.ok(
      parts.every(({ body }) => !/\b(?:import|@import)\b[^;]*['"]\.\/|sourceMappingURL/.test(body)),
      'nothing is loaded beside',
    );
  });
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { adminChange, adminTokenFile } from '../../tools/admin-change.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';

interface Connection {
  readonly id: string;
  readonly remotePort: number;
}

function removeConnection(port: number, id: string, token?: string): Promise<number> {
  return adminChange(port, 'DELETE', `/debug/connections?id=${encodeURIComponent(id)}`, token);
}

async function serving(t: TestContext, backend: NamedBackend, ...args: readonly string[]) {
  const folder = await temporaryFolder(t);
  const rules = { rules: { 'shop.localhost': [['/', 'Prefix', 's'] as const] } };
  await writeFile(join(folder, 'all.yaml'), ingressClass + service('s', backend.port) + ingress('one', rules));
  return startRun(t, ['--manifests', folder, ...args]);
}

test('a connection is found on the debug page and ended by hand; the metrics say so and the others live on', async (t) => {
  await using backend = await NamedBackend.start('killed');
  const command = await serving(t, backend, '--admin-token-file', await adminTokenFile(t));
  const [http, admin, status] = [await command.port('http'), await command.port('admin'), await command.port('status')];
  const [victim, bystander] = [connect(http, '127.0.0.1'), connect(http, '127.0.0.1')];
  t.after(() => bystander.destroy());
  for (const socket of [victim, bystander]) {
    socket.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    await once(socket, 'data');
  }
  victim.on('error', () => {});
  const closed = new Promise((resolve) => victim.once('close', resolve));

  const connections = JSON.parse((await get(admin, 'localhost', '/debug/connections')).body) as readonly Connection[];
  const found = connections.find(({ remotePort }) => remotePort === victim.localPort);
  assert.ok(found !== undefined, 'the connection is on the page');
  for (const wrong of ['', 'the-admin-token-of-nobody']) assert.equal(await removeConnection(admin, found.id, wrong), 401);
  assert.equal(await removeConnection(admin, found.id), 200);
  await closed;
  assert.equal(await removeConnection(admin, found.id), 404);

  bystander.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
  assert.match(String((await once(bystander, 'data'))[0]), /^HTTP\/1\.1 200 /);
  const metrics = (await get(status, 'localhost', '/metrics')).body;
  assert.match(metrics, /^smartproxy_connections_closed_total\{side="proxy",reason="killed"\} 1$/m);
});

test('without an admin token, or with one that is too short, nothing is changed, and it is said what to do', async (t) => {
  await using backend = await NamedBackend.start('kept');
  const command = await serving(t, backend);
  const admin = await command.port('admin');
  assert.equal(await removeConnection(admin, 'any'), 403);
  const short = join(await temporaryFolder(t), 'token');
  await writeFile(short, 'short');
  const other = await serving(t, backend, '--admin-token-file', short);
  const port = await other.port('admin');
  assert.equal(await removeConnection(port, 'any', 'short'), 403);
  const warning = other.log.find(({ msg }) => msg === 'the admin port refuses changes');
  assert.match(String(warning?.reason), /no usable token: at least 16/);
  await writeFile(short, 'long enough by now'.replaceAll(' ', '-'));
  assert.equal(await removeConnection(port, 'any', 'long-enough-by-now'), 404, 'the file is read again');
});

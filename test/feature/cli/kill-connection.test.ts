import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';

interface Connection {
  readonly id: string;
  readonly remotePort: number;
}

function removeConnection(port: number, id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `/debug/connections?id=${encodeURIComponent(id)}`;
    const sent = request({ host: '127.0.0.1', port, method: 'DELETE', path, headers: { host: 'localhost' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end();
  });
}

async function serving(t: TestContext, backend: NamedBackend) {
  const folder = await temporaryFolder(t);
  const rules = { rules: { 'shop.localhost': [['/', 'Prefix', 's'] as const] } };
  await writeFile(join(folder, 'all.yaml'), ingressClass + service('s', backend.port) + ingress('one', rules));
  return startRun(t, ['--manifests', folder]);
}

test('a connection is found on the debug page and ended by hand; the metrics say so and the others live on', async (t) => {
  await using backend = await NamedBackend.start('killed');
  const command = await serving(t, backend);
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
  assert.equal(await removeConnection(admin, found.id), 200);
  await closed;
  assert.equal(await removeConnection(admin, found.id), 404);

  bystander.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
  assert.match(String((await once(bystander, 'data'))[0]), /^HTTP\/1\.1 200 /);
  const metrics = (await get(status, 'localhost', '/metrics')).body;
  assert.match(metrics, /^smartproxy_connections_closed_total\{side="proxy",reason="killed"\} 1$/m);
});

import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildBundle } from '../../tools/build-bundle.ts';
import { adminToken, ControlPlane } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { freePort } from '../tools/free-port.ts';
import { get } from '../tools/get.ts';
import { create, hostTo, ingress, service } from '../tools/objects.ts';
import { RunningCommand, temporaryFolder } from '../tools/running-command.ts';

test('the bundle alone follows a real API server', async (t) => {
  const plane = await ControlPlane.start();
  t.after(() => plane.stop());
  const admin = plane.client();
  t.after(() => admin.close());
  const folder = await temporaryFolder(t);
  await buildBundle(join(folder, 'dist'));
  await cp(join(import.meta.dirname, '../../bin'), join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', version: '0.0.0-test' }));
  const listen = ['--address', '127.0.0.1', '--http-port', '0', '--https-port', '0', '--status-port', '0', '--status-address', '127.0.0.1'];
  const rest = ['--admin-port', String(await freePort()), '--state-dir', join(folder, 'state'), '--drain-delay=off', '--workers', '1'];
  const args = ['run', '--kubeconfig', plane.kubeconfig(adminToken), '--pod-namespace', 'default', ...listen, ...rest];
  const command = new RunningCommand(t, args, {}, join(folder, 'bin/smartproxy-ingress.js'));

  await create(admin, service('default', 'web'));
  await create(admin, ingress('default', 'web', { ...hostTo('shop.example.com', 'web'), ingressClassName: 'smartproxy' }));
  const http = await command.port('http');
  // The Service has no endpoints: 503 says that the Ingress came through, 404 that it did not yet.
  await eventually('the Ingress is served', async () => (await get(http, 'shop.example.com', '/')).status === 503);
  assert.equal((await get(await command.port('status'), 'localhost', '/readyz')).status, 200);
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0, command.output);
});

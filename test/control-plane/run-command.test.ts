import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { adminToken, ControlPlane } from '../tools/control-plane.ts';
import { get } from '../tools/get.ts';
import { type AnyObject, create, endpointSlice, hostTo, ingress, namespace, read, service } from '../tools/objects.ts';
import { startRun, temporaryFolder } from '../tools/running-command.ts';

/** An address of this machine that an EndpointSlice may hold: API servers refuse loopback. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

async function backendPort(t: TestContext, address: string): Promise<number> {
  const server = createServer((_request, response) => response.end('hello from a pod'));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

async function kubeconfigOf(t: TestContext, plane: ControlPlane): Promise<string> {
  const cluster = { server: `https://127.0.0.1:${plane.port}`, 'certificate-authority': plane.caFile };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: adminToken } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const file = join(await temporaryFolder(t), 'kubeconfig');
  await writeFile(file, JSON.stringify(config));
  return file;
}

test('run: serves the Ingresses of an API server, publishes addresses, and outlives a killed API server', async (t) => {
  if (ownAddress === undefined) return t.skip('this machine has no IPv4 address besides loopback');
  const plane = await ControlPlane.start();
  t.after(() => plane.stop());
  const admin = plane.client();
  t.after(() => admin.close());
  await create(admin, namespace('default')).catch(() => undefined);
  await create(admin, namespace('shop'));
  await create(admin, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'smartproxy' },
    spec: { controller: 'smartproxy.dev/ingress-controller' },
  } as AnyObject);
  await create(admin, service('shop', 'web'));
  await create(admin, endpointSlice('shop', 'web', [ownAddress], await backendPort(t, ownAddress)));
  const first = ingress('shop', 'first', hostTo('first.test', 'web'));
  await create(admin, first);

  const command = await startRun(t, ['--kubeconfig', await kubeconfigOf(t, plane), '--drain-delay=off', '--publish-address=203.0.113.7']);
  const http = await command.port('http');
  const answerOf = async (host: string) => (await get(http, host, '/')).body;
  assert.equal(await answerOf('first.test'), 'hello from a pod');
  await command.until(async () => JSON.stringify((await read(admin, first)).status).includes('203.0.113.7'));

  await plane.killApiServer();
  assert.equal(await answerOf('first.test'), 'hello from a pod');
  await plane.startApiServer();
  await create(admin, ingress('shop', 'second', hostTo('second.test', 'web')));
  await command.until(async () => (await answerOf('second.test')) === 'hello from a pod');

  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

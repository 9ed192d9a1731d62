import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { manifests } from './manifests.ts';

/** A kubeconfig for an API server that nobody runs. */
async function deadKubeconfig(t: TestContext): Promise<string> {
  const file = join(await temporaryFolder(t), 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${await freePort()}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

test('run: without an answer of the API server the process lives, is not ready, shows no routes, and ends with 0 on SIGTERM', async (t) => {
  const command = await startRun(t, ['--kubeconfig', await deadKubeconfig(t), '--drain-delay=off']);
  const status = await command.boundPort('status');
  assert.equal((await get(status, 'localhost', '/healthz')).status, 200);
  let ready = await get(status, 'localhost', '/readyz');
  await command.until(async () => {
    ready = await get(status, 'localhost', '/readyz');
    return ready.body.includes('unreachable');
  });
  assert.equal(ready.status, 503);
  assert.match(ready.body, /^\[-\]table: waiting: no table is served yet/);
  assert.match(ready.body, /^\[-\]watch\/ingresses: unreachable: Cannot reach the API server: connect ECONNREFUSED 127/m);
  const troubles = () => command.log.filter(({ msg }) => msg === 'not everything works: trying again');
  await command.until(() => troubles().length > 0);
  assert.equal(troubles().length, 1, 'one line for all that ask the API server');
  const admin = await command.boundPort('admin');
  await command.until(async () => (await get(admin, 'localhost', '/debug/problems')).body.includes('ingresses'));
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

test('run: with the API server away, the last-good snapshot of an earlier run serves, on the ports of this one', async (t) => {
  const backend = createHttpServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => backend.close());
  const folder = await temporaryFolder(t);
  const state = ['--snapshot', '--state-dir', join(await temporaryFolder(t), 'state')];
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', (backend.address() as { port: number }).port));
  const first = await startRun(t, ['--manifests', folder, ...state, `--http-port=${await freePort()}`]);
  assert.equal((await get(await first.port('http'), 'a.localhost', '/')).status, 200);
  first.child.kill('SIGTERM');
  assert.equal(await first.exit(), 0);

  const second = await startRun(t, ['--kubeconfig', await deadKubeconfig(t), '--drain-delay=off', ...state]);
  assert.equal((await get(await second.port('http'), 'a.localhost', '/')).body, 'hello');
  assert.equal((await get(await second.port('status'), 'localhost', '/readyz')).status, 200);
  const { hosts } = JSON.parse((await get(await second.boundPort('admin'), 'localhost', '/debug/routes')).body) as { hosts: object };
  assert.deepEqual(Object.keys(hosts), ['a.localhost']);
  const metrics = (await get(await second.port('status'), 'localhost', '/metrics')).body;
  const generations = [...metrics.matchAll(/^smartproxy_(?:worker_)?table_generation\S* (\d+)$/gm)].map(([, value]) => value);
  assert.ok(generations.length > 1);
  assert.deepEqual([...new Set(generations)], ['1']);
  second.child.kill('SIGTERM');
  assert.equal(await second.exit(), 0);
});

test('run: a kubeconfig that can not be read ends the start with 1 and names it', async (t) => {
  const command = await startRun(t, ['--kubeconfig', '/nowhere/kubeconfig']);
  assert.equal(await command.exit(), 1);
  await command.until(() => command.output.includes('Cannot read kubeconfig /nowhere/kubeconfig'));
});

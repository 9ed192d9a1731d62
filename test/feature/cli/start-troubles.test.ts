import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { smartProxyConfig } from '../../tools/manifests.ts';
import { secret } from '../../tools/objects.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { manifests } from './manifests.ts';

const program = fileURLToPath(new URL('../../../bin/smartproxy-ingress.js', import.meta.url));

async function folderWithIngress(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', await freePort()));
  return folder;
}

async function readyz(command: RunningCommand): Promise<{ status: number; body: string }> {
  const { status, body } = await get(await command.boundPort('status'), 'localhost', '/readyz');
  return { status, body };
}

function troubles(command: RunningCommand): readonly unknown[] {
  return command.log
    .filter(({ msg }) => msg === 'not everything works: trying again')
    .map(({ level, reason, parts }) => [level, reason, parts]);
}

test('start: what cannot heal ends with 1 and one line that says what to do', async (t) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  const folder = await folderWithIngress(t);
  for (const flag of ['--http-port', '--https-port', '--status-port', '--admin-port']) {
    const command = await startRun(t, ['--manifests', folder, `${flag}=${port}`]);
    assert.equal(await command.exit(), 1, flag);
    await command.until(() => command.output.includes('another process has it; end that one, or choose another port'));
    assert.equal(command.output.trim().split('\n').length, 1, command.output);
    assert.ok(command.output.includes(String(port)) && command.output.includes(flag), command.output);
  }
});

/** Why this machine can't start a process without the privilege to bind low ports; undefined when it can. */
function obstacle(): string | undefined {
  const probe = spawnSync('unshare', ['-r', '--net', 'setpriv', '--bounding-set=-net_bind_service', 'true'], { encoding: 'utf8' });
  if (probe.error !== undefined) return `unshare cannot be run: ${probe.error.message}`;
  return probe.status === 0 ? undefined : `no namespace in which a capability can be taken away: ${probe.stderr.trim()}`;
}

const reason = obstacle();
test('start: a port below 1024 without the capability for it ends with 1 and the way round', {
  skip: reason !== undefined && process.env.CI !== 'true' ? reason : false,
}, async (t) => {
  const folder = await folderWithIngress(t);
  const args = ['run', '--manifests', folder, '--http-port=80', '--address=127.0.0.1', '--workers=1'];
  const inNamespace = ['-r', '--net', 'sh', '-c', 'ip link set lo up; exec setpriv --bounding-set=-net_bind_service "$@"', 'sh'];
  const { status, stderr } = spawnSync('unshare', [...inNamespace, process.execPath, program, ...args], { encoding: 'utf8' });
  assert.equal(status, 1, stderr);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0] ?? '', /^Cannot listen on 127\.0\.0\.1:80: this user may not bind it; ports below 1024 need CAP_NET_BIND_SERVICE/);
});

for (const [name, prepare] of [
  [
    'a state folder that cannot be made',
    async (folder: string) => {
      await writeFile(join(folder, 'file'), '');
      return ['--state-dir', join(folder, 'file', 'state')];
    },
  ],
  [
    'a snapshot key that is too short',
    async (folder: string) => {
      await writeFile(join(folder, 'key'), 'short');
      return ['--state-dir', join(folder, 'state'), '--snapshot-key-file', join(folder, 'key')];
    },
  ],
  [
    'a snapshot key that is not there',
    async (folder: string) => ['--state-dir', join(folder, 'state'), '--snapshot-key-file', join(folder, 'none')],
  ],
] as const) {
  test(`start: ${name} costs the snapshot alone, and is told in the log, by readiness and in the problems`, async (t) => {
    const flags = await prepare(await temporaryFolder(t));
    const command = await startRun(t, ['--manifests', await folderWithIngress(t), '--snapshot', ...flags]);
    await command.until(async () => (await readyz(command)).status === 200);
    const { body } = await readyz(command);
    assert.match(body, /^\[!\]snapshot: unusable: Cannot .*; the last good table is not kept/m);
    await command.until(() => troubles(command).length > 0);
    assert.deepEqual(troubles(command), [['warn', 'unusable', ['snapshot']]]);
    const problems = await get(await command.boundPort('admin'), 'localhost', '/debug/problems');
    assert.match(problems.body, /"where": "snapshot"/);
    command.child.kill('SIGTERM');
    assert.equal(await command.exit(), 0);
  });
}

test('start: a default certificate that is missing in the folder holds readiness back until it is there', async (t) => {
  const folder = await folderWithIngress(t);
  const command = await startRun(t, ['--manifests', folder, '--default-certificate=test/none', '--default-backend=test/web:80']);
  await command.until(async () => /^\[-\]default-certificate: missing: /m.test((await readyz(command)).body));
  assert.equal((await readyz(command)).status, 503);
  // Traffic that comes all the same is served: readiness is a word to load balancers.
  assert.equal((await get(await command.port('http'), 'a.localhost', '/')).status, 502);
  const yaml = 'apiVersion: v1\nkind: Secret\nmetadata: {name: none, namespace: test}\ntype: kubernetes.io/tls\ndata: {}\n';
  await writeFile(join(folder, 'b.yaml'), yaml);
  await command.until(async () => /^\[-\]default-certificate: invalid: /m.test((await readyz(command)).body));
  await rm(join(folder, 'b.yaml'));
  const { cert, key } = await makeTestCertificate('a.localhost');
  const made = secret('test', 'none', { 'tls.crt': cert, 'tls.key': key }, 'kubernetes.io/tls');
  await writeFile(join(folder, 'c.yaml'), JSON.stringify(made));
  await command.until(async () => (await readyz(command)).body === 'ok\n');
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

test('run: a listener of a SmartProxyConfig whose port is taken is a problem until it is opened, or not asked for any more', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const folder = await temporaryFolder(t);
  const ask = (listeners: readonly object[]) => writeFile(join(folder, 'config.yaml'), smartProxyConfig({ listeners }));
  const http = { name: 'http', port: await freePort(), protocol: 'HTTP' };
  const mail = { name: 'mail', port, protocol: 'TCP' };
  await ask([http, mail]);
  const command = await startRun(t, ['--manifests', folder]);
  const admin = await command.port('admin');
  const sources = async (): Promise<readonly { readonly where: string; readonly message: string }[]> =>
    JSON.parse((await get(admin, 'localhost', '/debug/problems')).body).sources;
  await command.until(async () => (await sources()).length > 0);
  const [problem] = await sources();
  assert.equal(problem?.where, 'listener mail');
  assert.match(problem?.message ?? '', new RegExp(`^Cannot listen on 127.0.0.1:${port}: another process has it`));

  await ask([http]);
  await command.until(async () => (await sources()).length === 0);
  await ask([http, mail]);
  await command.until(async () => (await sources()).length > 0);
  taken.close();
  await command.until(async () => (await sources()).length === 0);
});

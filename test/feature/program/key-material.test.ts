import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, opaqueSecret, tlsSecret } from '../../tools/manifests.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
/** All that Node and this program say when they are asked to say all. */
const loudNode = 'tls,net,http,https,child_process,cluster,stream';

/** Runs the program with a key that it serves, from a folder of its own, with all that can print turned on. */
async function running(t: TestContext, flags: readonly string[] = []) {
  const folder = await temporaryFolder(t);
  const pem = await makeTestCertificate(host);
  const objects =
    ingressClass +
    tlsSecret('tls', pem) +
    // One whose key does not parse, and is talked about for it.
    opaqueSecret('broken', { 'tls.crt': pem.cert, 'tls.key': pem.key.replace('-----END', '-----BROKEN') }) +
    ingress('shop', { rules: { [host]: [['/', 'Prefix', 'nobody']] }, tls: [{ hosts: [host], secret: 'tls' }] }) +
    ingress('other', { rules: { 'b.test': [['/', 'Prefix', 'nobody']] }, tls: [{ hosts: ['b.test'], secret: 'broken' }] });
  await writeFile(join(folder, 'all.yaml'), objects);
  const state = join(folder, 'state');
  const args = ['--manifests', join(folder, 'all.yaml'), '--state-dir', state, '--access-log=all', '--log-level=debug', ...flags];
  const command = await startRun(t, args, 1, { NODE_DEBUG: loudNode });
  return { command, pem, folder, port: await command.port('https') };
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('data', (data) => {
      resolve(String(data).split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

/** A process and all below it. */
function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(familyOf)];
}

/** Pieces of a private key as they might be printed. */
function piecesOf({ key }: TestCertificate): readonly string[] {
  const lines = key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
  const number = Buffer.from(createPrivateKey(key).export({ format: 'jwk' }).d ?? '', 'base64url');
  const inBase64 = Buffer.from(key).toString('base64');
  const bytes = number.subarray(0, 8);
  return [
    ...lines.map((line) => line.slice(-20)),
    inBase64.slice(60, 90),
    bytes.toString('hex'),
    // As util.inspect prints a Buffer and a Uint8Array.
    bytes.toString('hex').replaceAll(/..(?=.)/g, '$& '),
    bytes.join(', '),
  ];
}

async function pagesOf(command: RunningCommand): Promise<readonly string[]> {
  const [status, admin] = [await command.port('status'), await command.port('admin')];
  const pages = ['routes', 'connections', 'problems', 'config', 'certificates', 'endpoints', 'secrets', 'heap', 'report'];
  return Promise.all([
    ...pages.map(async (page) => (await get(admin, 'localhost', `/debug/${page}`)).body),
    ...['/metrics', '/readyz', '/healthz'].map(async (path) => (await get(status, 'localhost', path)).body),
  ]);
}

for (const transport of ['handoff', 'loopback'] as const) {
  test(`${transport}: a private key is in no output, debug output of Node included, no page, and no environment or command line of a process`, async (t) => {
    const { command, pem, folder, port } = await running(t, ['--network-proxy-transport', transport]);
    assert.match(await ask(port), /^HTTP\/1\.1 503/);
    const family = familyOf(command.child.pid as number);
    assert.ok(family.length >= (transport === 'loopback' ? 3 : 2), 'main process and workers');
    const shown = [
      ...family.flatMap((pid) => ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1'))),
      ...(await pagesOf(command)),
    ];
    const isOurs = (name: string) => name.endsWith('all.yaml') || name.endsWith('local-ca.pem');
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      if (!isOurs(name) && (await stat(path)).isFile()) shown.push(await readFile(path, 'latin1'));
    }
    command.child.kill('SIGTERM');
    assert.equal(await command.exit(), 0);
    const everything = [command.output, JSON.stringify(command.log), ...shown].join('\n');
    assert.match(everything, /NET \d+/, 'Node was loud');
    assert.match(everything, /"shop|default\/tls/, 'the certificate was talked about');
    for (const piece of piecesOf(pem)) assert.ok(!everything.includes(piece), `${piece.slice(0, 4)}...`);
    assert.doesNotMatch(everything, /PRIVATE KEY/);
  });
}

test('a signal makes no process open its inspector, or write a heap snapshot or a report', async (t) => {
  const { command, folder, port } = await running(t);
  const family = familyOf(command.child.pid as number);
  const listening = () => family.map(listenersOf);
  const before = listening();
  assert.ok(before.flat().length >= 4, 'clients, status and admin');
  const files = await readdir(folder, { recursive: true });
  for (const pid of family) for (let time = 0; time < 3; time++) process.kill(pid, 'SIGUSR1');
  for (let time = 0; time < 20; time++) assert.match(await ask(port), /^HTTP\/1\.1 503/);
  const status = await command.port('status');
  await eventually('the main process goes on, too', async () => (await get(status, 'localhost', '/readyz')).status === 200);
  assert.deepEqual(listening(), before);
  assert.doesNotMatch(command.output, /Debugger listening/);
  assert.deepEqual(await readdir(folder, { recursive: true }), files);
});

/** The sockets that a process listens on, by inode. */
function listenersOf(pid: number): readonly string[] {
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n'));
  const inodes = new Set(
    rows.map((row) => row.trim().split(/\s+/)).flatMap(([, , , state, , , , , , inode = '']) => (state === '0A' ? [inode] : [])),
  );
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return links
    .map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '')
    .filter((inode) => inodes.has(inode))
    .sort();
}

/** What a descriptor is; '' when it was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

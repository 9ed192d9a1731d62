import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../tools/eventually.ts';
import { freePort } from '../tools/free-port.ts';
import { ingress, ingressClass, tlsSecret } from '../tools/manifests.ts';
import { Program } from '../tools/program.ts';
import { temporaryFolder } from '../tools/running-command.ts';
import { scanTls, sslyzeObstacle } from '../tools/sslyze.ts';
import { makeTestCertificate, type TestCertificate } from '../tools/test-certificate.ts';

const host = 'shop.example.com';
const skip = sslyzeObstacle() ?? false;
/** The table of docs/tls.md: what sslyze looked at, what it found here, and in nginx. */
const table = tableOf(readFileSync(join(import.meta.dirname, '../../docs/tls.md'), 'utf8'));
/** The version that the table is of; another may have other settings. */
const nginxVersion = '1.22.1';

function tableOf(page: string): ReadonlyMap<string, readonly string[]> {
  const section = page.slice(page.indexOf('## Looked at from outside'));
  const rows = [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  return new Map(rows.map(([, name = '', ours = '', nginx = '']) => [name, [ours, nginx]]));
}

function columnOf(index: number): ReadonlyMap<string, string | undefined> {
  return new Map([...table].map(([name, cells]) => [name, cells[index]]));
}

test('sslyze finds of us what docs/tls.md says', { skip }, async () => {
  const yaml = ingressClass + tlsSecret('tls', await makeTestCertificate(host));
  const rules = { [host]: [['/', 'Prefix', 'nobody'] as const] };
  await using program = await Program.start(yaml + ingress('shop', { rules, tls: [{ hosts: [host], secret: 'tls' }] }));
  assert.deepEqual(await scanTls(program.httpsPort, host), columnOf(0));
});

test('sslyze finds of nginx what docs/tls.md says', { skip: skip || nginxObstacle() }, async (t) => {
  assert.deepEqual(await scanTls(await startNginx(t, await makeTestCertificate(host)), host), columnOf(1));
});

function nginxObstacle(): string | false {
  const { stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return stderr?.includes(`nginx/${nginxVersion}`) ? false : `no nginx ${nginxVersion} on this machine`;
}

/** nginx with its default suites and groups; the port that it serves TLS on. */
async function startNginx(t: TestContext, { cert, key }: TestCertificate): Promise<number> {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key, { mode: 0o600 });
  mkdirSync(join(folder, 'logs'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  const server = `listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/tls.crt; ssl_certificate_key ${folder}/tls.key;`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/logs/error.log;
events {}
http { access_log off; ${temporary} ssl_protocols TLSv1.2 TLSv1.3; server { ${server} location / { return 200; } } }
`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  t.after(() => child.kill('SIGTERM'));
  await eventually('nginx listens', () => isListening(port));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { ingress, ingressClass } from '../../tools/manifests.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';

const host = 'shop.example.com';
const script = join(import.meta.dirname, '../../../bin/smartproxy-ingress.js');
/** What curl ends with when it does not trust a certificate. */
const notTrusted = 60;

/** The command; `sudo` is what sudo leaves in the environment. */
function trust(args: readonly string[], sudo = false) {
  const { SUDO_UID: _, SMARTPROXY_STATE_DIR: __, ...env } = process.env;
  const node = ['--disable-warning=ExperimentalWarning', script, 'trust', ...args];
  return spawnSync(process.execPath, node, { encoding: 'utf8', env: { ...env, ...(sudo && { SUDO_UID: '1000' }) } });
}

/** Changes to the store of this machine are seen by this mount namespace alone. */
function privateStore(folder: string): void {
  for (const [index, store] of ['/etc/ssl/certs', '/usr/local/share/ca-certificates'].entries()) {
    const copy = join(folder, `store-${index}`);
    cpSync(store, copy, { recursive: true, verbatimSymlinks: true });
    execFileSync('mount', ['--bind', copy, store]);
  }
}

insideNamespace(
  import.meta.filename,
  [],
  () => {
    test('trust: curl believes the local CA from when it is installed until it is taken away, and the store is as before', async (t) => {
      const folder = await temporaryFolder(t);
      privateStore(folder);
      t.after(() => execFileSync('umount', ['/etc/ssl/certs', '/usr/local/share/ca-certificates']));
      execFileSync('update-ca-certificates', ['--fresh']);
      const before = execFileSync('ls', ['/etc/ssl/certs'], { encoding: 'utf8' });
      const bundle = readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8');
      const state = join(folder, 'state');
      await writeFile(
        join(folder, 'all.yaml'),
        ingressClass + ingress('shop', { rules: { [host]: [['/', 'Prefix', 'nobody']] }, tls: [{ hosts: [host] }] }),
      );
      const command = await startRun(t, ['--manifests', join(folder, 'all.yaml'), '--state-dir', state]);
      const port = await command.port('https');
      const curl = () => {
        const resolved = ['--noproxy', '*', '--resolve', `${host}:${port}:127.0.0.1`];
        return spawnSync('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...resolved, `https://${host}:${port}/`], {
          encoding: 'utf8',
        });
      };
      assert.equal(curl().status, notTrusted);

      const printed = trust(['--print', '--state-dir', state]);
      assert.equal(printed.status, 0, printed.stderr);
      assert.match(printed.stdout, /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
      assert.equal(await answerOf(port, printed.stdout), 503, 'a client that is given what was printed');
      assert.equal(curl().status, notTrusted, 'printing installs nothing');

      const installed = trust(['--state-dir', state]);
      assert.equal(installed.status, 0, installed.stderr);
      assert.equal(curl().status, 0);
      assert.equal(curl().stdout, '503');
      assert.match(trust(['--state-dir', state]).stdout, /already/);
      assert.doesNotMatch(printed.stdout + installed.stdout + installed.stderr, /PRIVATE/);

      const taken = trust(['--uninstall', '--state-dir', state]);
      assert.equal(taken.status, 0, taken.stderr);
      assert.equal(curl().status, notTrusted);
      assert.match(trust(['--uninstall', '--state-dir', state]).stdout, /is not trusted/);
      assert.equal(execFileSync('ls', ['/etc/ssl/certs'], { encoding: 'utf8' }), before);
      assert.equal(readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8'), bundle);
    });
  },
  ['ca-certificates', 'curl'],
);

test('trust: what it does not understand ends with status 2 and changes nothing', async (t) => {
  const state = join(await temporaryFolder(t), 'state');
  for (const args of [['--print', '--uninstall'], ['--nothing'], ['now'], ['--state-dir']]) {
    const { status, stderr } = trust([...args, ...(args.includes('--state-dir') ? [] : ['--state-dir', state])]);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, /^Cannot /);
  }
  const { status, stderr } = trust(['--uninstall'], true);
  assert.equal(status, 2);
  assert.match(stderr, /--state-dir/);
  assert.match(trust(['--uninstall', '--state-dir', state], true).stdout, /no local CA/);
});

/** The status that a client gets which trusts `ca` alone. */
function answerOf(port: number, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: host, headers: { host }, ca, agent: false as const };
    const sent = request(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject);
    sent.end();
  });
}

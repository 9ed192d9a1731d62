import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { makeExpiredCertificate, makeTestCertificate } from '../../tools/test-certificate.ts';

const hosts = { 'shop.example': [['/', 'Prefix', 'web'] as const] };

async function folderWith(t: TestContext, yaml: string): Promise<string> {
  const folder = await temporaryFolder(t);
  const route = ingress('shop', { rules: hosts, tls: [{ hosts: ['shop.example'], secret: 'shop-tls' }] });
  await writeFile(join(folder, 'all.yaml'), ingressClass + service('web', 1) + route + yaml);
  return folder;
}

async function certs(t: TestContext, ...args: readonly string[]): Promise<readonly [status: number | null, output: string]> {
  const command = new RunningCommand(t, ['certs', ...args]);
  return [await command.exit(), command.output];
}

test('certs shows those of a program that runs, and of a folder, and all is well with a good one', async (t) => {
  const folder = await folderWith(t, tlsSecret('shop-tls', await makeTestCertificate('shop.example')));
  const command = await startRun(t, ['--manifests', folder]);
  await command.port('https');
  for (const args of [[`--admin=127.0.0.1:${await command.port('admin')}`], ['--manifests', folder]]) {
    const [status, output] = await certs(t, ...args);
    assert.equal(status, 0, output);
    assert.match(output, /^default\/shop-tls +shop\.example +valid +20\S+ \S+Z +- +shop\.example +- +-$/m);
  }
});

test('certs of a folder tells of one that is over, and of one that is not there', async (t) => {
  const over = await folderWith(t, tlsSecret('shop-tls', await makeExpiredCertificate('shop.example')));
  const [status, output] = await certs(t, '--json', '--manifests', over);
  assert.equal(status, 3);
  const report = JSON.parse(output) as {
    certificates: readonly { state: string }[];
    problems: readonly { reason: string }[];
    more: number;
  };
  assert.deepEqual(
    report.certificates.map(({ state }) => state),
    ['expired'],
  );
  assert.deepEqual(
    report.problems.map(({ reason }) => reason),
    ['CertificateExpired'],
  );
  assert.equal(report.more, 0);
  const [missing, text] = await certs(t, '--manifests', await folderWith(t, ''));
  assert.equal(missing, 3);
  assert.match(text, /^No certificates\. Hosts have one by tls of their Ingress or SmartRoute: /m);
  assert.match(text, /^ {2}SecretNotFound: Ingress default\/shop, spec\.tls\[0\]\.secretName: Secret/m);
});

test('certs that can ask nobody fails with 4, a folder that is not there with 1, and what it does not know with 2', async (t) => {
  const [away, why] = await certs(t, '--admin=127.0.0.1:1');
  assert.equal(away, 4);
  assert.match(why, /^Cannot ask the program at 127\.0\.0\.1:1: .*ECONNREFUSED/m);
  assert.equal((await certs(t, '--manifests', '/nonexistent'))[0], 1);
  const wrong: readonly (readonly [args: readonly string[], why: RegExp])[] = [
    [['--http-port=8080'], /--http-port with certs: it goes with --manifests only/],
    [['--manifests=-'], /--manifests names no folder/],
    [['--nonsense'], /nonsense/],
    [['shop'], /argument 'shop'/],
  ];
  for (const [args, message] of wrong) {
    const [status, output] = await certs(t, ...args);
    assert.equal(status, 2, args.join());
    assert.match(output, message);
  }
});

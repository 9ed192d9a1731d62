import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { adminTokenFile } from '../../tools/admin-change.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { closedPort, ran } from '../../tools/ran-command.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.localhost';
const hash = '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=';

test('a bug report has what a running program knows, and none of the secrets that were planted', async (t) => {
  await using backend = await NamedBackend.start('a', { 'set-cookie': 'sid=planted-answer-cookie' });
  const pem = await makeTestCertificate(host);
  const folder = await temporaryFolder(t);
  const token = await adminTokenFile(t);
  const policy = {
    auth: { basic: { secretRef: { name: 'users' } } },
    headers: { request: { set: [{ name: 'X-Upstream-Key', value: 'planted-set-header' }] } },
  };
  const rules = [
    {
      name: 'keyed',
      matches: [{ headers: [{ name: 'x-api-key', value: 'planted-match' }] }],
      policy: { auth: { none: {} } },
      action: forwardTo('web'),
    },
    { name: 'all', action: forwardTo('web') },
  ];
  await writeFile(
    join(folder, 'all.yaml'),
    ingressClass +
      service('web', backend.port) +
      tlsSecret('shop-tls', pem) +
      opaqueSecret('users', { auth: `planted-user:${hash}\n` }) +
      smartRoute('shop', {
        hosts: [host],
        tls: { mode: 'Terminate', certificate: { secretRef: { name: 'shop-tls' } } },
        policy,
        http: { rules },
      }),
  );
  const command = await startRun(t, ['--manifests', folder, '--admin-token-file', token, '--no-https-redirect']);
  const [http, admin] = [await command.port('http'), await command.port('admin')];
  const headers = { 'x-api-key': 'planted-match', cookie: 'sid=planted-cookie', authorization: 'Basic planted-credentials' };
  await get(http, host, '/a?token=planted-query', undefined, headers);
  await get(http, host, '/b', undefined, { authorization: 'Basic cGxhbnRlZDpwbGFudGVk' });
  const out = join(folder, 'report.json');
  const ask = (...args: readonly string[]) => ran('bugreport', ...args, '--admin', `127.0.0.1:${admin}`);
  const { code, output } = await eventually('both requests have ended', async () => {
    const made = await ask('--out', '-');
    return JSON.parse(made.output).endings.length > 1 && made;
  });
  assert.equal(code, 0);

  const report = JSON.parse(output);
  assert.deepEqual(report.problems.objects, []);
  const names = [
    'status',
    'config',
    'table',
    'routes',
    'backends',
    'problems',
    'certificates',
    'drains',
    'connections',
    'endings',
    'metrics',
  ];
  for (const name of names) assert.ok(report[name] !== undefined, `${name} is there: ${JSON.stringify(report.missing)}`);
  assert.deepEqual([report.missing, report.status.ready], [{}, true]);
  assert.equal(report.routes.routes[0].route, 'shop');
  assert.match(report.metrics.text, /^smartproxy_connections_accepted_total \d+$/m);
  assert.equal(report.endings[0].remoteAddress, 'client-1');
  const adminToken = (await readFile(token, 'utf8')).trim();
  const keyLine = pem.key.split('\n')[1] ?? '';
  assert.ok(keyLine.length > 20);
  for (const secret of ['planted', 'cGxhbnRl', hash, keyLine, adminToken, token])
    assert.ok(!output.includes(secret), `${secret} is in the report`);
  assert.ok(/x-upstream-key/i.test(output), 'names of headers stay');

  const written = await ask('--out', out);
  assert.equal(written.code, 0, written.complaint);
  assert.match(written.output, /^Wrote .*report\.json \(\d.*read it before you send it\.$/);
  assert.equal((await stat(out)).mode & 0o777, 0o600);
  assert.equal(JSON.parse(await readFile(out, 'utf8')).status.ready, true);
  const again = await ask('--out', out);
  assert.deepEqual([again.code, /Cannot write the report: EEXIST.*--out/.test(again.complaint)], [1, true], again.complaint);
  assert.equal((await ran('bugreport', '--admin', `127.0.0.1:${await closedPort()}`)).code, 4);
});

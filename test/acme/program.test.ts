import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  config,
  ingress,
  ingressClass,
  issued,
  pebbleCa,
  pebbleIssuer,
  secret,
  shown,
  smartRoute,
  startPebble,
  written,
} from '../tools/acme/program-kit.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { startRun, temporaryFolder } from '../tools/running-command.ts';

const macKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
test('issuers give certificates to Ingress and SmartRoute, behind redirects, lists and passwords, as the issuer says, and a restart keeps them', async (t) => {
  // Slow to look, and it refuses every seventh nonce.
  const { pebble, httpPort } = await startPebble(t, { isSlow: true, externalAccounts: { 'kid-1': macKey } });
  const other = new X509Certificate(await pebble.root(1));
  const folder = await temporaryFolder(t);
  const issuer = pebbleIssuer(pebble, {
    email: 'ops@example.com',
    externalAccountBinding: { keyId: 'kid-1', secretRef: { name: 'pebble-eab' } },
    preferredChain: /CN=(.*)/.exec(other.subject)?.[1],
    profile: 'shortlived',
    keyType: 'RSA',
  });
  const secrets = [pebbleCa(pebble), secret('pebble-eab', { 'hmac-key': macKey })];
  const guarded = { 'smartproxy.dev/allowlist-source-range': '192.0.2.0/24', 'smartproxy.dev/auth-secret': 'nobody' };
  await written(
    folder,
    ingressClass,
    config(issuer),
    ...secrets,
    ingress('shop.test', 'pebble', guarded),
    smartRoute('route.test', 'pebble'),
  );
  const state = join(await temporaryFolder(t), 'state');
  const flags = ['--manifests', folder, '--acme', `--http-port=${httpPort}`, '--state-dir', state];
  const command = await startRun(t, flags, 2);
  const https = await command.port('https');

  for (const host of ['shop.test', 'route.test']) {
    const [leaf, intermediate] = await issued(command, https, host);
    assert.equal(leaf?.subjectAltName, `DNS:${host}`);
    assert.equal(leaf.publicKey.asymmetricKeyType, 'rsa');
    assert.ok(leaf.validToDate.getTime() < Date.now() + 7 * 86_400_000, 'the profile says six days');
    assert.equal(intermediate?.issuer, other.subject, 'the chain that is preferred');
  }
  assert.equal((await get(https, 'route.test', '/', await pebble.root(1))).body, 'served');
  assert.equal(pebble.issued, 2);

  const status = await command.port('status');
  const metrics = await eventually('the metrics', async () => {
    const { body } = await get(status, 'localhost', '/metrics');
    return body.includes('smartproxy_acme_attempts_total{result="issued"} 2') && body;
  });
  assert.match(metrics, /smartproxy_acme_next_attempt_timestamp_seconds\{certificate="shop\/route-tls"\} 1/);
  assert.doesNotMatch(JSON.stringify(command.log), /PRIVATE KEY|zWNDZM/);

  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
  for (const name of await readdir(join(state, 'acme'))) assert.equal((await stat(join(state, 'acme', name))).mode & 0o777, 0o600);
  const again = await startRun(t, flags, 1);
  const before = await again.port('https');
  assert.match((await shown(before, 'shop.test'))[0]?.issuer ?? '', /Pebble/, 'from the first connection on');
  assert.equal(pebble.issued, 2);
});

test('renewals under load swap the certificate and lose no request', async (t) => {
  const { pebble, httpPort } = await startPebble(t, { validitySeconds: 20 });
  const folder = await temporaryFolder(t);
  // Without a profile Pebble takes any of its own.
  const issuer = pebbleIssuer(pebble, { profile: 'default' });
  await written(folder, ingressClass, config(issuer), pebbleCa(pebble), smartRoute('short.test', 'pebble'));
  const command = await startRun(t, ['--manifests', folder, '--acme', `--http-port=${httpPort}`], 2);
  const https = await command.port('https');
  await issued(command, https, 'short.test');

  const kept = new Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => kept.destroy());
  const answers = { good: 0, bad: 0 };
  const seen = new Set<string>();
  const stop = new AbortController();
  t.after(() => stop.abort());
  const client = async (agent: Agent | false) => {
    while (!stop.signal.aborted) {
      const body = await ask(https, 'short.test', agent).catch((error) => String(error));
      answers[body === 'served' ? 'good' : 'bad']++;
      await delay(20);
    }
  };
  const clients = [client(kept), client(kept), client(false)];
  await eventually(
    'three certificates, one after the other',
    async () => {
      seen.add((await shown(https, 'short.test'))[0]?.fingerprint256 ?? '');
      return seen.size >= 3;
    },
    120_000,
  );
  stop.abort();
  await Promise.all(clients);
  assert.equal(answers.bad, 0);
  assert.ok(answers.good > 100);
});

test("what can not be ordered is told on the object, and a certificate of somebody else's is left as it is", async (t) => {
  const { pebble, httpPort } = await startPebble(t, { blocked: ['blocked.test'] });
  const folder = await temporaryFolder(t);
  const issuer = pebbleIssuer(pebble);
  const theirs = secret('theirs-test-tls', { 'tls.crt': 'x', 'tls.key': 'y' });
  const objects = [
    ...[ingressClass, config(issuer), pebbleCa(pebble), theirs],
    ...[
      ingress('blocked.test', 'pebble'),
      ingress('theirs.test', 'pebble'),
      ingress('lost.test', 'nowhere'),
      ingress('*.wild.test', 'pebble'),
    ],
    ingress('good.test', 'pebble'),
  ];
  await written(folder, ...objects);
  const command = await startRun(t, ['--manifests', folder, '--acme', `--http-port=${httpPort}`], 1);
  await issued(command, await command.port('https'), 'good.test');
  const admin = await command.port('admin');
  interface Told {
    readonly object: { readonly name: string };
    readonly reason: string;
    readonly message: string;
  }
  const told = await eventually('the refusal of the CA', async () => {
    const { objects: problems } = JSON.parse((await get(admin, 'localhost', '/debug/problems')).body) as { objects: readonly Told[] };
    return problems.some(({ reason }) => reason === 'CertificateNotIssued') && problems;
  });
  const of = (name: string) => told.filter(({ object, reason }) => object.name === name && reason !== 'ServiceNotFound');
  assert.deepEqual(
    of('blocked-test').map(({ reason }) => reason),
    ['CertificateNotIssued'],
  );
  assert.match(
    of('blocked-test')[0]?.message ?? '',
    /no certificate from issuer "pebble": .*\(rejectedIdentifier\); this CA does not .*; the next try is at 20/,
  );
  assert.ok(of('theirs-test').some(({ reason }) => reason === 'SecretNotOwned'));
  assert.match(
    of('lost-test').find(({ reason }) => reason === 'IssuerNotFound')?.message ?? '',
    /issuer "nowhere" is not among the issuers/,
  );
  assert.ok(told.some(({ object, reason }) => object.name.includes('wild') && reason === 'Unsupported'));

  const { body: metrics } = await get(await command.port('status'), 'localhost', '/metrics');
  const gauge = (name: string, of: string) =>
    Number(new RegExp(`^${name}\\{certificate="shop/${of}-tls"\\} (\\S+)$`, 'm').exec(metrics)?.[1]);
  const nowSeconds = Date.now() / 1000;
  const [next, last] = ['next', 'last'].map((which) => gauge(`smartproxy_acme_${which}_attempt_timestamp_seconds`, 'blocked-test'));
  assert.ok(next !== undefined && next > nowSeconds && next < nowSeconds + 120, `the next attempt is at ${next}`);
  assert.ok(last !== undefined && last <= nowSeconds && last > nowSeconds - 120, `the last attempt was at ${last}`);
  assert.equal(gauge('smartproxy_acme_failures', 'blocked-test'), 1);
  assert.equal(gauge('smartproxy_acme_failures', 'good-test'), 0);
});

/** One request over TLS that is not verified: the certificate changes while it runs. */
function ask(port: number, host: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: host, headers: { host }, agent, rejectUnauthorized: false };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve(text));
    });
    sent.once('error', reject);
    sent.end();
  });
}

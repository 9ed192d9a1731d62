import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startAlteringProxy } from '../tools/acme/altering-proxy.ts';
import { ingress, ingressClass, issued, pebbleCa, pebbleIssuer, secret, shown, startPebble, written } from '../tools/acme/program-kit.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { Pebble } from '../tools/pebble.ts';
import { RunningCommand, startRun, temporaryFolder } from '../tools/running-command.ts';
import { makeExpiredCertificate, makeTestCertificate, type TestCertificate } from '../tools/test-certificate.ts';

interface Told {
  readonly object: { readonly name: string };
  readonly reason: string;
  readonly message: string;
}

/** Host, issuer, and what is told of it: reason, cause and fix. */
type Row = readonly [host: string, issuer: string, reason: string, message: RegExp];

const rows: readonly Row[] = [
  ['away.test', 'away', 'CertificateNotIssued', /the CA can not be reached, .*; look at directory and caRef of the issuer/],
  ['unbound.test', 'unbound', 'CertificateNotIssued', /the CA refuses the account, .*; compare email and externalAccountBinding/],
  ['stranger.test', 'stranger', 'CertificateNotIssued', /the CA refuses the account, .*; compare email and externalAccountBinding/],
  ['wrong-mac.test', 'wrong-mac', 'CertificateNotIssued', /the CA refuses the account, .*; compare email and externalAccountBinding/],
  [
    'caa.test',
    'caa',
    'CertificateNotIssued',
    /caa\.test: CAA record .* prevents issuance \(caa\); let a CAA record of the domain name this CA/,
  ],
  ['profile.test', 'odd-profile', 'CertificateNotIssued', /\(invalidProfile\); correct profile of the issuer/],
  ['blocked.test', 'pebble', 'CertificateNotIssued', /\(rejectedIdentifier\); this CA does not issue for the name/],
  [
    'elsewhere.test',
    'pebble',
    'CertificateNotIssued',
    /elsewhere\.test leads to 127\.0\.0\.9, where port \d+ is not ours: .*404; make it lead here/,
  ],
  ['claimed.test', 'pebble', 'HostNotPermitted', /claimed\.test/],
  ['expired.test', 'pebble', 'CertificateExpired', /expired/],
  ['mismatched.test', 'pebble', 'SecretInvalid', /has a tls\.key that does not belong/],
];
/** Whose Secrets are of others. */
const foreign = ['expired.test', 'mismatched.test'];
const macKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';

test('each bad input is told with cause and fix, keeps the certificate that is there, and is of nobody else', async (t) => {
  const { pebble, httpPort } = await startPebble(t, { blocked: ['blocked.test'] });
  const bound = await Pebble.start({ httpPort, externalAccounts: { 'kid-1': macKey } });
  t.after(() => bound.stop());
  const caa = await startAlteringProxy(t, pebble.directory, refusedByCaa);
  // A server of somebody else, where elsewhere.test leads.
  const parked = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => parked.listen(httpPort, '127.0.0.9', resolve));
  t.after(() => parked.close());
  await pebble.resolve('elsewhere.test', '127.0.0.9');

  const eab = (keyId: string, name: string) => ({ externalAccountBinding: { keyId, secretRef: { name } } });
  const ofBound = (name: string, more: object) => ({ ...pebbleIssuer(bound, more), name, caRef: { name: 'bound-ca' } });
  const issuers = [
    pebbleIssuer(pebble),
    { ...pebbleIssuer(pebble), name: 'away', directory: 'https://127.0.0.1:1/dir' },
    { ...pebbleIssuer(pebble), name: 'caa', directory: caa.directory, caRef: { name: 'caa-ca' } },
    { ...pebbleIssuer(pebble), name: 'odd-profile', profile: 'nowhere' },
    ofBound('unbound', {}),
    ofBound('stranger', eab('kid-2', 'right-mac')),
    ofBound('wrong-mac', eab('kid-1', 'other-mac')),
  ];
  const spec = { acme: { issuers }, hostClaims: [{ hosts: ['claimed.test'], namespaces: ['core'] }] };
  const configObject = {
    apiVersion: 'smartproxy.dev/v1alpha1',
    kind: 'SmartProxyConfig',
    metadata: { name: 'edge', namespace: 'shop' },
    spec,
  };
  const old = new Map<string, TestCertificate>();
  for (const [host] of rows) old.set(host, await (host === 'expired.test' ? makeExpiredCertificate(host) : makeTestCertificate(host)));
  const other = await makeTestCertificate('other.test');
  const secrets = [...old].map(([host, pair]) =>
    tls(host, host === 'mismatched.test' ? { ...pair, key: other.key } : pair, !foreign.includes(host)),
  );
  const folder = await temporaryFolder(t);
  const state = await temporaryFolder(t);
  const objects = [
    ...[
      ingressClass,
      configObject,
      pebbleCa(pebble),
      secret('bound-ca', { 'ca.crt': bound.trusted }),
      secret('caa-ca', { 'ca.crt': caa.trusted }),
    ],
    ...[secret('right-mac', { 'hmac-key': macKey }), secret('other-mac', { 'hmac-key': macKey.replace('z', 'y') })],
    ...rows.map(([host, issuer]) => ingress(host, issuer)),
    ingress('good.test', 'pebble'),
    ...secrets,
  ];
  await written(folder, ...objects);
  const command = await startRun(t, ['--manifests', folder, '--acme', `--http-port=${httpPort}`, `--state-dir=${state}`], 1);
  const [https, admin] = [await command.port('https'), await command.port('admin')];
  const told = async (): Promise<readonly Told[]> => {
    const { body } = await get(admin, 'localhost', '/debug/problems');
    return (JSON.parse(body) as { readonly objects: readonly Told[] }).objects;
  };
  await issued(command, https, 'good.test');
  for (const [host, , reason, message] of rows) {
    const name = host.replaceAll('.', '-');
    const found = await eventually(
      `${reason} of ${host}`,
      async () => (await told()).find(({ object, reason: given }) => object.name === name && given === reason),
      60_000,
    ).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify((await told()).filter(({ object }) => object.name === name))}`);
    });
    assert.match(found.message, message, host);
    if (host === 'mismatched.test' || host === 'claimed.test') continue;
    const [leaf] = await shown(https, host);
    assert.equal(leaf?.fingerprint256, new X509Certificate(old.get(host)?.cert ?? '').fingerprint256, `${host} keeps what it has`);
  }
  const owned = (await told()).filter(({ reason }) => reason === 'SecretNotOwned').map(({ object }) => object.name);
  assert.deepEqual([...owned].sort(), ['expired-test', 'mismatched-test']);
  assert.equal(pebble.issued, 1);

  await t.test('certs shows all of it and says by its status that somebody should look', async (st) => {
    const text = new RunningCommand(st, ['certs', `--admin=127.0.0.1:${admin}`]);
    assert.equal(await text.exit(), 3);
    assert.match(text.output, /^SECRET +NAMES +STATE +EXPIRES +ISSUER +ISSUED BY +LAST ATTEMPT +NEXT ATTEMPT$/m);
    assert.match(text.output, /^shop\/good-test-tls +good\.test +valid +20\S+ \S+Z +pebble +Pebble Intermediate CA \S+ +20.*Z +20.*Z$/m);
    assert.match(text.output, /^shop\/caa-test-tls +caa\.test +valid, \d+ failed +.* caa +caa\.test /m);
    assert.match(text.output, /^ {2}Ingress shop\/claimed-test: HostNotPermitted|^ {2}shop\/away-test-tls: the CA can not be reached/m);
    const asJson = new RunningCommand(st, ['certs', '--json', `--admin=127.0.0.1:${admin}`]);
    assert.equal(await asJson.exit(), 3);
    const { certificates, problems } = JSON.parse(asJson.output) as {
      certificates: readonly { secret: string; state: string; problem?: string; nextAttempt?: string }[];
      problems: readonly { object: string; reason: string }[];
    };
    const of = (key: string) => certificates.find((each) => each.secret === key);
    assert.equal(of('shop/expired-test-tls')?.state, 'expired');
    assert.match(of('shop/blocked-test-tls')?.problem ?? '', /rejectedIdentifier/);
    assert.ok(Date.parse(of('shop/blocked-test-tls')?.nextAttempt ?? '') > Date.now());
    assert.ok(problems.some(({ object, reason }) => object === 'Ingress shop/mismatched-test' && reason === 'SecretInvalid'));
    const offline = new RunningCommand(st, ['certs', '--json', '--manifests', folder, '--acme', `--state-dir=${state}`]);
    assert.equal(await offline.exit(), 3);
    const { certificates: kept } = JSON.parse(offline.output) as { certificates: typeof certificates };
    assert.match(kept.find((each) => each.secret === 'shop/blocked-test-tls')?.problem ?? '', /rejectedIdentifier/);
  });
});

/** A Secret with this pair; one that was ordered here is marked as such. */
function tls(host: string, { cert, key }: TestCertificate, isOurs: boolean): object {
  const name = `${host.replaceAll('.', '-')}-tls`;
  const annotations = isOurs ? { 'smartproxy.dev/acme-directory': '' } : {};
  return {
    ...secret(name, { 'tls.crt': cert, 'tls.key': key }),
    type: 'kubernetes.io/tls',
    metadata: { name, namespace: 'shop', annotations },
  };
}

/** An authorization as a CA that may not issue for the name makes it. */
function refusedByCaa(document: Record<string, unknown>): unknown {
  const { identifier, challenges } = document as { identifier?: { value: string }; challenges?: readonly object[] };
  if (identifier === undefined || challenges === undefined) return document;
  const error = { type: 'urn:ietf:params:acme:error:caa', detail: `CAA record for ${identifier.value} prevents issuance` };
  return { ...document, status: 'invalid', challenges: challenges.map((challenge) => ({ ...challenge, status: 'invalid', error })) };
}

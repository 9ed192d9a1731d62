import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ingress, opaqueSecret, service, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const directory = 'https://ca.test/dir';

/** Objects with these issuers, and a SmartRoute for each that asks it for the certificate of a wildcard. */
function asking(...issuers: readonly { readonly name: string; readonly [field: string]: unknown }[]): string {
  const routes = issuers.map(({ name }) =>
    smartRoute(name, {
      hosts: [`*.${name}.test`],
      tls: { mode: 'Terminate', certificate: { secretRef: { name: `${name}-tls` }, acme: { issuer: name } } },
      http: { rules: [{ name: 'all', action: { respond: { status: 200 } } }] },
    }),
  );
  return smartProxyConfig({ acme: { issuers } }) + routes.join('');
}

test('providers of DNS get the credentials of the Secrets that they name', async () => {
  const { cert } = await makeTestCertificate('ca');
  const objects =
    asking(
      { name: 'updates', directory, dns: { rfc2136: { server: 'ns.shop.test', tsig: { keyName: 'Key.', secretRef: { name: 'tsig' } } } } },
      { name: 'hook', directory, dns: { webhook: { url: 'https://dns.test/api/', secretRef: { name: 'user' }, caRef: { name: 'ca' } } } },
      { name: 'cloud', directory, dns: { cloudflare: { secretRef: { name: 'token' } } } },
      { name: 'route', directory, dns: { route53: { secretRef: { name: 'aws' }, hostedZoneId: 'Z1' } } },
      { name: 'role', directory, dns: { route53: {} } },
    ) +
    opaqueSecret('tsig', { 'tsig-secret': 'c2VjcmV0\n' }) +
    opaqueSecret('user', { username: 'ada', password: 'x' }) +
    opaqueSecret('ca', { 'ca.crt': cert }) +
    opaqueSecret('token', { 'api-token': 't0ken' }) +
    opaqueSecret('aws', { 'access-key-id': 'AKID', 'secret-access-key': 's3cret', 'session-token': 'session' });
  await using program = await Program.start(objects, ['--acme']);
  assert.deepEqual(
    program.problems.filter((reason) => reason !== 'SecretNotFound'),
    [],
  );
  const read = new Map(program.translation.acme.map(({ issuer }) => [issuer.name, issuer]));
  const revealed = (name: string): unknown => {
    const entries = Object.entries(read.get(name)?.dns ?? {}).map(([field, value]) => [
      field,
      typeof value === 'object' && 'reveal' in value ? value.reveal() : value,
    ]);
    return Object.fromEntries(entries);
  };
  const updates = read.get('updates')?.dns;
  assert.ok(updates?.kind === 'rfc2136');
  assert.deepEqual([updates.host, updates.port, updates.tsig.name, updates.tsig.algorithm], ['ns.shop.test', 53, 'key', 'hmac-sha256']);
  assert.equal(updates.tsig.secret.reveal(), 'c2VjcmV0');
  const basic = `Basic ${Buffer.from('ada:x').toString('base64')}`;
  assert.deepEqual(revealed('hook'), { kind: 'webhook', url: 'https://dns.test/api', authorization: basic, ca: `${cert.trim()}\n` });
  assert.deepEqual(revealed('cloud'), { kind: 'cloudflare', token: 't0ken' });
  assert.deepEqual(revealed('route'), {
    kind: 'route53',
    accessKeyId: 'AKID',
    secretAccessKey: 's3cret',
    sessionToken: 'session',
    hostedZoneId: 'Z1',
  });
  assert.deepEqual(revealed('role'), { kind: 'route53-by-role', hostedZoneId: undefined });
  assert.equal(read.get('cloud')?.challenge, 'dns-01', 'what can prove everything is used for everything');
  assert.doesNotMatch(JSON.stringify([...read.values()]), /c2VjcmV0|s3cret|t0ken|session"/);
});

test('what an issuer names and does not find is told where it is named, and orders nothing', async () => {
  const issuers: readonly (readonly [dns: object, objects: string, reason: string, message: RegExp])[] = [
    [{ cloudflare: { secretRef: { name: 'none' } } }, '', 'SecretNotFound', /Secret default\/none does not exist/],
    [
      { cloudflare: { secretRef: { name: 'empty' } } },
      opaqueSecret('empty', { other: 'x' }),
      'SecretInvalid',
      /has no api-token; put it there/,
    ],
    [
      { route53: { secretRef: { name: 'half' } } },
      opaqueSecret('half', { 'access-key-id': 'x' }),
      'SecretInvalid',
      /has no secret-access-key; put it there/,
    ],
    [
      { rfc2136: { server: 'ns.test', tsig: { keyName: 'k', secretRef: { name: 'odd' } } } },
      opaqueSecret('odd', { 'tsig-secret': '%%' }),
      'SecretInvalid',
      /is not in base64/,
    ],
    [
      { webhook: { url: 'https://dns.test', secretRef: { name: 'bare' } } },
      opaqueSecret('bare', { user: 'x' }),
      'SecretInvalid',
      /has neither a token nor a username with a password/,
    ],
  ];
  for (const [dns, objects, reason, message] of issuers) {
    await using program = await Program.start(asking({ name: 'one', directory, dns }) + objects, ['--acme']);
    const told = program.translation.problems.filter(({ object }) => object.kind === 'SmartProxyConfig');
    assert.deepEqual(
      told.map((problem) => problem.reason),
      [reason],
    );
    assert.match(told[0]?.message ?? '', message);
    assert.ok(program.problems.includes('IssuerNotFound'));
    assert.deepEqual(program.translation.acme, []);
  }
});

test('the default issuer orders for who names a Secret and no issuer, and leaves what is there, or is of cert-manager, alone', async () => {
  const own = await makeTestCertificate('own.test');
  const rules = (host: string) => ({ [host]: [['/', 'Prefix', 'web'] as const] });
  const tls = (host: string, name: string) => [{ hosts: [host], secret: name }];
  const objects = (acme: object) =>
    smartProxyConfig({
      acme: {
        issuers: [
          { name: 'usual', directory },
          { name: 'other', directory },
        ],
        ...acme,
      },
    }) +
    service('web', 1) +
    ingress('plain', { rules: rules('plain.test'), tls: tls('plain.test', 'plain-tls') }) +
    ingress('asking', {
      annotations: { 'smartproxy.dev/acme-issuer': 'other' },
      rules: rules('asking.test'),
      tls: tls('asking.test', 'asking-tls'),
    }) +
    ingress('own', { rules: rules('own.test'), tls: tls('own.test', 'own-tls') }) +
    ingress('theirs', {
      annotations: { 'cert-manager.io/cluster-issuer': 'le' },
      rules: rules('theirs.test'),
      tls: tls('theirs.test', 'theirs-tls'),
    }) +
    ingress('nameless', { rules: rules('nameless.test'), tls: [{ hosts: ['nameless.test'] }] }) +
    smartRoute('route', {
      hosts: ['route.test'],
      tls: { mode: 'Terminate', certificate: { secretRef: { name: 'route-tls' } } },
      http: { rules: [{ name: 'all', action: { respond: { status: 200 } } }] },
    }) +
    // It says which issuer, the older Ingress with the same Secret does not.
    ingress('first', { created: '2020-01-01T00:00:00Z', rules: rules('first.test'), tls: tls('first.test', 'both-tls') }) +
    ingress('second', {
      created: '2021-01-01T00:00:00Z',
      annotations: { 'smartproxy.dev/acme-issuer': 'other' },
      rules: rules('second.test'),
      tls: tls('second.test', 'both-tls'),
    }) +
    // Who names an issuer by no name of one does not want another.
    ingress('misnaming', {
      annotations: { 'smartproxy.dev/acme-issuer': 'default/other' },
      rules: rules('misnaming.test'),
      tls: tls('misnaming.test', 'misnaming-tls'),
    }) +
    tlsSecret('own-tls', own);
  await using program = await Program.start(objects({ defaultIssuer: 'usual' }), ['--acme']);
  const ordered = () =>
    Object.fromEntries(program.translation.acme.map(({ secret, issuer, names }) => [secret, `${issuer.name}: ${names.join()}`]));
  assert.deepEqual(ordered(), {
    'default/plain-tls': 'usual: plain.test',
    'default/asking-tls': 'other: asking.test',
    'default/route-tls': 'usual: route.test',
    'default/both-tls': 'other: first.test,second.test',
  });
  assert.deepEqual(
    program.problems.filter((reason) => /Owned|Conflict|Issuer/.test(reason)),
    [],
  );
  await program.replace(objects({}));
  assert.deepEqual(ordered(), { 'default/asking-tls': 'other: asking.test', 'default/both-tls': 'other: second.test' });
});

test('reclaimPolicy Delete has no effect from a folder of manifests, where certificates stay, and that is told', async () => {
  const issuer = { directory, dns: { route53: {} } };
  const objects = asking({ ...issuer, name: 'keeping', reclaimPolicy: 'Retain' }, { ...issuer, name: 'deleting', reclaimPolicy: 'Delete' });
  await using program = await Program.start(objects, ['--acme']);
  const told = program.translation.problems.filter(({ reason }) => reason === 'NoEffect');
  assert.deepEqual(
    told.map(({ field }) => field),
    ['spec.acme.issuers[1].reclaimPolicy'],
  );
  assert.match(told[0]?.message ?? '', /certificates always stay with --manifests; remove the field, and delete what nobody wants/);
  assert.deepEqual(
    program.translation.acme.map(({ owners }) => owners),
    [[], []],
  );
});

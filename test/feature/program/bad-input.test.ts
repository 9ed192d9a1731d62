import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { makeExpiredCertificate, makeTestCertificate } from '../../tools/test-certificate.ts';

/** One bad object: what is wrong is said with this reason, of this field, with these words of what to do. */
interface Bad {
  readonly name: string;
  readonly manifest: string;
  readonly reason: string;
  readonly field: RegExp;
  readonly fix: RegExp;
  /** What its host answers meanwhile, over plain HTTP; 404: nothing of it is served. */
  readonly status: number;
}

const rawIngress = (name: string, spec: unknown, annotations: object = {}): string =>
  `\n${JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, namespace: 'default', annotations }, spec })}\n---`;
const rawSecret = (name: string, data: Record<string, string>): string =>
  `\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name, namespace: 'default' }, data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])) })}\n---`;

const to = { service: { name: 's', port: { name: 'web' } } };
const hostOf = (name: string): string => `${name}.example.com`;
/** An Ingress with one path, parts of which are replaced. */
function withPath(name: string, path: object, rest: object = {}, annotations: object = {}): string {
  const rule = { host: hostOf(name), http: { paths: [{ path: '/', pathType: 'Prefix', backend: to, ...path }] } };
  return rawIngress(name, { ingressClassName: 'smartproxy', rules: [rule], ...rest }, annotations);
}
const withSecret = (name: string): string => withPath(name, {}, { tls: [{ hosts: [hostOf(name)], secretName: name }] }, noRedirect);
const noRedirect = { 'smartproxy.dev/ssl-redirect': 'false' };

async function badObjects(): Promise<readonly Bad[]> {
  const [one, two] = [await makeTestCertificate('secret-mismatch.example.com'), await makeTestCertificate('secret-mismatch.example.com')];
  const port = { service: { name: 's', port: {} } };
  const tlsField = /^spec\.tls\[0\]/;
  return [
    {
      name: 'no-class',
      manifest: withPath('no-class', {}, { ingressClassName: 'nobodys' }),
      reason: 'ClassNotFound',
      field: /ingressClassName/,
      fix: /nobodys/,
      status: 404,
    },
    {
      name: 'bad-host',
      manifest: rawIngress('bad-host', { ingressClassName: 'smartproxy', rules: [{ host: 'Not A Host', http: { paths: [] } }] }),
      reason: 'InvalidHost',
      field: /^spec\.rules\[0\]\.host/,
      fix: /write a DNS name/,
      status: 404,
    },
    {
      name: 'host-number',
      manifest: rawIngress('host-number', { ingressClassName: 'smartproxy', rules: [{ host: 7 }] }),
      reason: 'InvalidHost',
      field: /^spec\.rules\[0\]\.host/,
      fix: /is no text/,
      status: 404,
    },
    {
      name: 'rule-text',
      manifest: rawIngress('rule-text', { ingressClassName: 'smartproxy', rules: ['shop'] }),
      reason: 'InvalidHost',
      field: /^spec\.rules\[0\]/,
      fix: /write host and http\.paths/,
      status: 404,
    },
    {
      name: 'path-slash',
      manifest: withPath('path-slash', { path: 'cart' }),
      reason: 'InvalidPath',
      field: /paths\[0\]\.path$/,
      fix: /start with "\/"/,
      status: 404,
    },
    {
      name: 'path-type',
      manifest: withPath('path-type', { pathType: 'Regex' }),
      reason: 'InvalidPath',
      field: /pathType$/,
      fix: /use "Exact", "Prefix"/,
      status: 503,
    },
    {
      name: 'path-query',
      manifest: withPath('path-query', { path: '/a?b=c' }),
      reason: 'InvalidPath',
      field: /\.path$/,
      fix: /leave it out/,
      status: 404,
    },
    {
      name: 'path-long',
      manifest: withPath('path-long', { path: `/${'a'.repeat(100_000)}` }),
      reason: 'InvalidPath',
      field: /\.path$/,
      fix: /longer than/,
      status: 404,
    },
    {
      name: 'regex-bomb',
      manifest: withPath('regex-bomb', { path: '/(a+)+$', pathType: 'ImplementationSpecific' }),
      reason: 'Unsupported',
      field: /\.path$/,
      fix: /taken as it stands/,
      status: 404,
    },
    {
      name: 'backend-none',
      manifest: withPath('backend-none', { backend: undefined }),
      reason: 'InvalidBackend',
      field: /service\.name$/,
      fix: /set service\.name/,
      status: 503,
    },
    {
      name: 'backend-port',
      manifest: withPath('backend-port', { backend: port }),
      reason: 'InvalidBackend',
      field: /service\.port$/,
      fix: /set port\.number/,
      status: 503,
    },
    {
      name: 'backend-resource',
      manifest: withPath('backend-resource', { backend: { resource: { kind: 'Bucket', name: 'b' } } }),
      reason: 'ResourceBackend',
      field: /resource$/,
      fix: /use .*service/,
      status: 503,
    },
    {
      name: 'service-gone',
      manifest: withPath('service-gone', { backend: { service: { name: 'gone', port: { number: 80 } } } }),
      reason: 'ServiceNotFound',
      field: /backend/,
      fix: /gone/,
      status: 503,
    },
    {
      name: 'service-portless',
      manifest: `\n{"apiVersion":"v1","kind":"Service","metadata":{"name":"portless","namespace":"default"},"spec":{}}\n---${withPath('service-portless', { backend: { service: { name: 'portless', port: { number: 80 } } } })}`,
      reason: 'ServicePortNotFound',
      field: /backend/,
      fix: /portless/,
      status: 503,
    },
    {
      name: 'duplicate',
      manifest: rawIngress('duplicate', {
        ingressClassName: 'smartproxy',
        rules: [
          {
            host: hostOf('duplicate'),
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: to },
                { path: '/', pathType: 'Prefix', backend: to },
              ],
            },
          },
        ],
      }),
      reason: 'DuplicatePath',
      field: /paths\[1\]/,
      fix: /remove|first/i,
      status: 200,
    },
    {
      name: 'annotation-value',
      manifest: withPath('annotation-value', {}, {}, { 'smartproxy.dev/read-timeout': 'soon' }),
      reason: 'InvalidAnnotation',
      field: /read-timeout/,
      fix: /soon/,
      status: 200,
    },
    {
      name: 'annotation-unknown',
      manifest: withPath('annotation-unknown', {}, {}, { 'smartproxy.dev/reed-timeout': '5s' }),
      reason: 'UnknownAnnotation',
      field: /reed-timeout/,
      fix: /read-timeout/,
      status: 200,
    },
    {
      name: 'annotation-huge',
      manifest: withPath('annotation-huge', {}, {}, { 'smartproxy.dev/read-timeout': 'x'.repeat(1_048_576) }),
      reason: 'InvalidAnnotation',
      field: /read-timeout/,
      fix: /xxx/,
      status: 200,
    },
    {
      name: 'secret-text',
      manifest: rawSecret('secret-text', { 'tls.crt': 'not PEM', 'tls.key': 'not PEM' }) + withSecret('secret-text'),
      reason: 'SecretInvalid',
      field: tlsField,
      fix: /store it as PEM/,
      status: 200,
    },
    {
      name: 'secret-mismatch',
      manifest: rawSecret('secret-mismatch', { 'tls.crt': one.cert, 'tls.key': two.key }) + withSecret('secret-mismatch'),
      reason: 'SecretInvalid',
      field: tlsField,
      fix: /does not belong/,
      status: 200,
    },
    {
      name: 'secret-expired',
      manifest: tlsSecret('secret-expired', await makeExpiredCertificate('secret-expired.example.com')) + withSecret('secret-expired'),
      reason: 'CertificateExpired',
      field: tlsField,
      fix: /expired/,
      status: 200,
    },
    {
      name: 'secret-empty',
      manifest: rawSecret('secret-empty', {}) + withSecret('secret-empty'),
      reason: 'SecretInvalid',
      field: tlsField,
      fix: /has no tls\.crt/,
      status: 200,
    },
    {
      name: 'secret-gone',
      manifest: withSecret('secret-gone'),
      reason: 'SecretNotFound',
      field: tlsField,
      fix: /secret-gone/,
      status: 200,
    },
  ];
}

/** An entry of /debug/problems. */
interface SaidProblem {
  readonly object: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly field: string;
  readonly message: string;
  readonly location: string;
}

/** Files that are no manifests, with what is said of them; undefined: nothing needs to be. */
const badFiles: Readonly<Record<string, readonly [content: string | Buffer, said: RegExp | undefined]>> = {
  'latin1.yaml': [Buffer.from('apiVersion: v1\nkind: S\xe9cret\n', 'latin1'), /latin1\.yaml:2.*not UTF-8/],
  'open.yaml': ['kind: [Ingress\n', /open\.yaml:\d+/],
  'bomb.yaml': [
    `a: &a [x,x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefghi', (name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[i]}`)}]`).join('\n')}\n`,
    /bomb\.yaml/,
  ],
  'deep.json': ['['.repeat(100_000), /deep\.json:1.*nested too deeply/],
  'nul.yaml': ['kind: Ingress\0\n', /nul\.yaml/],
  'nameless.yaml': ['apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {}\nspec: {}\n', /nameless\.yaml:1.*name/],
  'scalar.yaml': ['just text\n', /scalar\.yaml:1/],
  'empty.yaml': ['', undefined],
  'other-kinds.yaml': ['apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n', undefined],
};

async function debug(command: RunningCommand, page: string): Promise<string> {
  return (await get(await command.port('admin'), 'localhost', `/debug/${page}`)).body;
}

async function startWith(t: TestContext, files: Readonly<Record<string, string | Buffer>>, flags: readonly string[] = []) {
  const folder = await temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return { folder, command: await startRun(t, ['--manifests', folder, ...flags]) };
}

test('run: every kind of bad object and file is reported with object, field and fix, and costs nothing but itself', async (t) => {
  const backend = await HeldBackend.start(t);
  const bad = await badObjects();
  const hosts = Array.from({ length: 3000 }, (_, index) => `host-${index}.many.example.com`);
  const good =
    ingressClass +
    service('s', backend.port) +
    ingress('good', { rules: { 'good.example.com': [['/', 'Prefix', 's']] } }) +
    ingress('many', { rules: Object.fromEntries(hosts.map((host) => [host, [['/', 'Prefix', 's'] as const]])) });
  const files = Object.fromEntries(bad.map(({ name, manifest }) => [`${name}.yaml`, manifest]));
  const { folder, command } = await startWith(t, { ...files, 'good.yaml': good });
  const http = await command.port('http');
  const ask = async (host: string, path = '/') => (await get(http, host, path)).status;
  await eventually('the good one serves', async () => (await ask('good.example.com')) === 200);

  // The worst comes at run time, when there is more to lose.
  for (const [name, [content]] of Object.entries(badFiles)) await writeFile(join(folder, name), content);
  await mkdir(join(folder, 'directory.yaml'));
  await symlink(folder, join(folder, 'loop'));
  await symlink('/nowhere/at/all', join(folder, 'dangling.yaml'));
  const problems = await eventually('all is reported', async () => {
    const found = JSON.parse(await debug(command, 'problems')) as {
      readonly sources: readonly { readonly where: string; readonly message: string }[];
      readonly objects: readonly SaidProblem[];
    };
    const said = found.sources.map(({ where, message }) => `${where}: ${message}`);
    for (const [name, [, pattern]] of Object.entries(badFiles)) {
      if (pattern === undefined) assert.ok(!said.some((line) => line.startsWith(name)), name);
      else
        assert.ok(
          said.some((line) => pattern.test(line)),
          `${name}: ${said.join('\n')}`,
        );
    }
    return found;
  });

  for (const { name, reason, field, fix } of bad) {
    const mine = problems.objects.filter(({ object }) => object.name === name);
    const problem = mine.find((candidate) => candidate.reason === reason);
    assert.ok(problem !== undefined, `${name}: ${JSON.stringify(mine)}`);
    assert.equal(problem.object.kind, 'Ingress');
    assert.match(problem.field, field, name);
    assert.match(problem.message, fix, name);
    assert.ok(problem.message.includes(`default/${name}`), `the message names the object: ${problem.message}`);
    assert.ok(problem.message.length <= 1000, name);
    assert.ok(problem.location.startsWith(`${name}.yaml:`), problem.location);
  }
  for (const { name, status } of bad) assert.equal(await ask(hostOf(name)), status, name);
  assert.equal(await ask(hostOf('regex-bomb'), `/${'a'.repeat(2000)}!`), 404);
  assert.equal(await ask(hostOf('regex-bomb'), '/(a+)+$/x'), 200, 'a path is never a pattern');
  for (const [name, path] of [
    ['path-slash', '/cart/x'],
    ['path-query', '/a'],
  ] as const)
    assert.equal(await ask(hostOf(name), path), 503, 'what a broken path may mean is refused');
  for (const host of ['good.example.com', hosts[0]!, hosts[2999]!]) assert.equal(await ask(host), 200, host);

  // One that was bad is repaired, the others stay as they are.
  await writeFile(join(folder, 'path-slash.yaml'), withPath('path-slash', { path: '/cart' }));
  await eventually('the repair counts', async () => (await ask(hostOf('path-slash'), '/cart')) === 200);
  assert.equal(await ask('good.example.com'), 200);
  const isError = ({ level }: Record<string, unknown>) => level === 'error';
  assert.deepEqual(command.log.filter(isError), []);
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type Answer, type AskOptions, Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const folder = 'examples/smartroute';

let web: NamedBackend;
let next: NamedBackend;
let secure: Server;
let objects: string;

before(async () => {
  web = await NamedBackend.start('web');
  next = await NamedBackend.start('web-next');
  const [own, front] = [await makeTestCertificate('backend.internal'), await makeTestCertificate('*.example.com')];
  secure = createServer(own, (_request, response) => response.end('tls-server'));
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const ca = { 'ca.crt': Buffer.from(own.cert).toString('base64') };
  objects =
    ingressClass +
    service('web', web.port) +
    service('web-next', next.port) +
    service('tls-server', (secure.address() as AddressInfo).port) +
    tlsSecret('secure-tls', front) +
    `\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'backend-ca', namespace: 'default' }, data: ca })}\n---\n`;
});

after(async () => {
  secure.closeAllConnections();
  secure.close();
  await web[Symbol.asyncDispose]();
  await next[Symbol.asyncDispose]();
});

type Check = readonly [host: string, path: string, expected: (answer: Answer) => void, options?: AskOptions];

const body = (text: string) => (answer: Answer) => assert.equal(answer.body, text);
const status = (code: number) => (answer: Answer) => assert.equal(answer.status, code);
const location = (url: string) => (answer: Answer) => assert.equal(answer.headers.location, url);
const from = (client: string, more: AskOptions = {}): AskOptions => ({ ...more, headers: { 'x-forwarded-for': client } });
const seen = (url: string, host: string) => () => {
  const last = web.seen.at(-1);
  assert.deepEqual([last?.url, last?.headers.host, last?.headers['x-tenant']], [url, host, 'blue']);
};

/** What each example does, by requests. */
const checks: Readonly<Record<string, readonly Check[]>> = {
  canary: [['canary.example.com', '/', ({ body: name }) => assert.ok(name === 'web' || name === 'web-next')]],
  matching: [
    ['matching.example.com', '/api', body('web')],
    ['matching.example.com', '/api', body('web-next'), { method: 'PUT' }],
    ['matching.example.com', '/x', body('web-next'), { headers: { 'x-beta': '1' } }],
    ['matching.example.com', '/x?beta=yes', body('web-next')],
    ['matching.example.com', '/users/7', body('a user')],
  ],
  redirect: [
    ['old.example.com', '/docs/a?b', location('https://docs.example.com/a?b')],
    ['old.example.com', '/x', location('https://new.example.com/x')],
  ],
  maintenance: [
    ['shop.example.com', '/', status(503)],
    ['shop.example.com', '/any', body('<h1>Back in ten minutes</h1>')],
  ],
  rewrite: [
    ['rewrite.example.com', '/api/x', seen('/v2/x', 'api.internal')],
    ['rewrite.example.com', '/users/7/y?z', seen('/u/7/y?z', 'rewrite.example.com')],
    ['rewrite.example.com', '/api', ({ headers }) => assert.equal(headers['cache-control'], 'no-store')],
  ],
  cors: [
    [
      'api.example.com',
      '/',
      ({ headers }) => assert.equal(headers['access-control-allow-origin'], 'https://x.preview.example.com'),
      { headers: { origin: 'https://x.preview.example.com' } },
    ],
  ],
  internal: [
    ['internal.example.com', '/admin', body('web'), from('10.1.2.3')],
    ['internal.example.com', '/admin', status(403), from('10.0.0.13')],
    ['internal.example.com', '/admin', status(403), from('192.0.2.1')],
    ['internal.example.com', '/metrics', status(403), from('10.1.2.3')],
    ['internal.example.com', '/', body('web'), from('192.0.2.1')],
  ],
  policy: [
    ['policy.example.com', '/', status(413), { method: 'POST', body: 'x'.repeat(2000) }],
    ['policy.example.com', '/upload', body('web'), { method: 'POST', body: 'x'.repeat(2000) }],
  ],
  tls: [
    ['secure.example.com', '/', body('web'), { tls: true }],
    ['secure.example.com', '/', status(308)],
    ['secure.example.com', '/status', body('fine')],
  ],
  reencrypt: [['reencrypt.example.com', '/', body('tls-server'), { tls: true }]],
  passthrough: [['passthrough.example.com', '/', body('tls-server'), { tls: true }]],
};

test('every example of SmartRoute is exercised here', () => {
  const names = globSync(`${folder}/*.yaml`).map((path) => basename(path, '.yaml'));
  assert.deepEqual(names.sort(), Object.keys(checks).sort());
});

for (const [name, requests] of Object.entries(checks)) {
  test(`example ${name}.yaml does what it says`, async () => {
    await using program = await Program.start(objects + readFileSync(`${folder}/${name}.yaml`, 'utf8'), [
      '--trusted-proxies',
      '127.0.0.0/8',
    ]);
    assert.deepEqual(program.problems, []);
    for (const [host, path, expected, options] of requests) expected(await program.ask(host, path, options));
  });
}

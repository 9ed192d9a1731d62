import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { explain } from '../../../src/ask/explain/explain.ts';
import { type Echo, EchoingBackend } from '../../tools/echoing-backend.ts';
import { forwardTo, ingress, ingressClass, service, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { question } from '../../unit/ask/explained.ts';

interface Row {
  readonly url: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

const rows: readonly Row[] = [
  { url: 'http://shop.example/' },
  { url: 'http://shop.example/cart' },
  { url: 'http://shop.example/cart/%61?x=%2F' },
  { url: 'http://shop.example//cart/../cart/' },
  { url: 'http://shop.example/cartoon' },
  { url: 'http://shop.example/status' },
  { url: 'http://shop.example/status/' },
  { url: 'http://shop.example/api/v1/x', method: 'POST' },
  { url: 'http://shop.example/api/v1/x' },
  { url: 'http://shop.example/users/17' },
  { url: 'http://shop.example/users/me' },
  { url: 'http://shop.example/', headers: [['X-Beta', 'yes']] },
  { url: 'http://shop.example/', headers: [['X-Real-IP', '10.0.0.1']] },
  {
    url: 'http://shop.example/',
    headers: [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ],
  },
  { url: 'http://shop.example/', headers: [['Host', 'shop.example:81']] },
  { url: 'http://shop.example/?beta=yes' },
  { url: 'http://shop.example/?beta=no' },
  { url: 'http://any.wild.example/deep' },
  { url: 'http://a.b.wild.example/deep' },
  { url: 'http://unknown.example/' },
  { url: 'http://empty.example/' },
  { url: 'http://closed.example/' },
  { url: 'http://moved.example/old/page' },
  { url: 'http://secure.example/' },
  { url: 'https://secure.example/a' },
  { url: 'https://shop.example/cart' },
  { url: 'http://shop.example/a%2Fb' },
  { url: 'http://shop.example/../up' },
];

const rule = (name: string, matches: readonly object[], action: object) => ({ name, matches, action });

async function objects(web: number, next: number): Promise<string> {
  const cert = await makeTestCertificate('secure.example');
  return (
    ingressClass +
    service('web', web) +
    service('next', next) +
    service('empty') +
    tlsSecret('cert', cert) +
    ingress('shop', {
      rules: {
        'shop.example': [
          ['/', 'Prefix', 'web'],
          ['/cart', 'Prefix', 'next'],
          ['/status', 'Exact', 'next'],
        ],
        '*.wild.example': [['/', 'Prefix', 'web']],
        'empty.example': [['/', 'Prefix', 'empty']],
        'broken.example': [['/', 'Prefix', 'gone']],
      },
    }) +
    ingress('secure', { rules: { 'secure.example': [['/', 'Prefix', 'web']] }, tls: [{ hosts: ['secure.example'], secret: 'cert' }] }) +
    smartRoute('more', {
      hosts: ['shop.example'],
      http: {
        rules: [
          rule('writes', [{ path: { type: 'Prefix', value: '/api' }, methods: ['POST'] }], forwardTo('next')),
          rule(
            'beta',
            [{ headers: [{ name: 'X-Beta', type: 'Present' }] }, { query: [{ name: 'beta', value: 'yes' }] }],
            forwardTo('next'),
          ),
          rule('inside', [{ headers: [{ name: 'X-Real-IP', value: '10.0.0.1' }] }], { respond: { status: 204 } }),
          rule('socket', [{ headers: [{ name: 'Upgrade', value: 'websocket' }] }], { respond: { status: 202, body: 'a socket' } }),
          rule('named', [{ headers: [{ name: 'Host', value: 'shop.example:81' }] }], { respond: { status: 206, body: 'a port' } }),
          rule('user', [{ path: { type: 'Regex', value: '/users/[0-9]+' } }], { respond: { status: 203, body: 'a user' } }),
        ],
      },
    }) +
    smartRoute('closed', {
      hosts: ['closed.example'],
      policy: { clients: { allow: ['192.0.2.0/24'] } },
      http: { rules: [{ name: 'all', action: forwardTo('web') }] },
    }) +
    smartRoute('moved', {
      hosts: ['moved.example'],
      http: {
        rules: [
          rule('old', [{ path: { type: 'Prefix', value: '/old' } }], {
            redirect: { host: 'new.example', path: { type: 'ReplacePrefix', value: '/new' } },
          }),
        ],
      },
    })
  );
}

suite('explain and the program that serves', () => {
  test('they agree on every request: status, location, and what which backend is asked', async () => {
    await using web = await EchoingBackend.start('web');
    await using next = await EchoingBackend.start('next');
    await using program = await Program.start(await objects(web.port, next.port));
    const { routeTable: table, problems } = program.translation;
    const context = {
      table,
      config: program.config,
      problems,
      locationOf: () => undefined,
      fieldOf: () => '',
      out: [],
      drained: [],
      hostsWithoutCertificate: undefined,
    };
    let forwarded = 0;
    let refused = 0;
    for (const { url, method = 'GET', headers = [] } of rows) {
      const [, scheme = '', host = '', target = ''] = /^(https?):\/\/([^/]*)(.*)$/.exec(url) ?? [];
      const asked = headers.map(([name, value]) => `${name}: ${value}`);
      const explanation = explain(question(url, { method, headers: asked, client: '127.0.0.1' }), context);
      if ('kind' in explanation) throw new Error(explanation.message);
      if (explanation.tls?.kind === 'refused') {
        await assert.rejects(program.ask(host, target, { tls: true }), { code: 'EPROTO' }, url);
        refused++;
        continue;
      }
      const real = await program.ask(host, target, { method, headers: Object.fromEntries(headers), tls: scheme === 'https' });
      const said = explanation.answer;
      if (said !== undefined) {
        assert.equal(real.status, said.status, `${url}: ${explanation.summary}`);
        if (said.location !== undefined) assert.equal(real.headers.location, said.location, url);
        continue;
      }
      const [backend] = explanation.backends;
      const [endpoint] = backend?.endpoints ?? [];
      if (endpoint === undefined) {
        assert.equal(real.status, 503, `${url}: ${explanation.summary}`);
        continue;
      }
      forwarded++;
      assert.equal(real.status, 200, url);
      const echo = JSON.parse(real.body) as Echo;
      const { port, pathname, search } = new URL(endpoint.url);
      assert.equal(echo.backend, Number(port) === web.port ? 'web' : 'next', `${url}: ${explanation.summary}`);
      assert.equal(echo.url, pathname + search, url);
      assert.equal(echo.host, backend?.host, url);
    }
    assert.equal(refused, 1, 'there is no default certificate');
    assert.ok(forwarded > 10, `only ${forwarded} requests were forwarded`);
  });
});

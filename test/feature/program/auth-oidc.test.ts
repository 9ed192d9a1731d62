import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { TestBrowser } from '../../tools/oidc/test-browser.ts';
import { TestProvider } from '../../tools/oidc/test-provider.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const home = `http://${host}`;
const local = ['--allow-local-external-names'];

describe('login at an OpenID provider, objects in and real sockets out', () => {
  let backend: NamedBackend;
  let provider: TestProvider;
  let base: string;

  before(async () => {
    backend = await NamedBackend.start('a');
    provider = await TestProvider.start({ redirectUris: [`${home}/in`, `${home}/oauth2/callback`], afterLogout: [`${home}/bye`] });
    const secret = opaqueSecret('login', { 'cookie-key': 'k'.repeat(43), 'client-secret': provider.clientSecret });
    base = ingressClass + service('a', backend.port) + secret;
  });

  after(async () => {
    await backend[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });

  beforeEach(() => provider.change({ account: 'ada', refuses: false, isDown: false }));

  const oidc = (more: object = {}): object => ({ issuer: provider.issuer, clientId: 'short', secretRef: { name: 'login' }, ...more });
  const route = (more: object = {}, rules: readonly object[] = []): string =>
    smartRoute('shop', {
      hosts: [host],
      policy: { auth: { oidc: oidc(more) } },
      http: { rules: [...rules, { name: 'all', action: forwardTo('a') }] },
    });
  const browserFor = (program: Program): TestBrowser => new TestBrowser({ [host]: () => program.httpPort });
  const seen = (): Readonly<Record<string, unknown>> => backend.seen.at(-1)?.headers ?? {};

  it('says so where nobody can come back, because no rule with the login matches its callbackPath', async () => {
    const shop = (more: object, ...rules: readonly (readonly [name: string, match: object, login?: object])[]): string =>
      smartRoute('shop', {
        hosts: [host],
        policy: { auth: { oidc: oidc(more) } },
        http: {
          rules: rules.map(([name, match, login]) => ({
            name,
            matches: [match],
            ...(login && { policy: { auth: { oidc: oidc(login) } } }),
            action: forwardTo('a'),
          })),
        },
      });
    const path = (value: string, type = 'Prefix'): object => ({ path: { type, value } });
    await using program = await Program.start(base + shop({}, ['app', path('/app')]), local);
    assert.deepEqual(program.problems, ['CallbackNotMatched']);
    assert.match(program.translation.problems[0]?.message ?? '', /spec\.policy\.auth\.oidc\.callbackPath.*"\/oauth2\/callback"/);
    assert.equal((await browserFor(program).go(`${home}/app`)).status, 404, 'he is not let in, and comes back to nothing');
    const wrong: readonly string[] = [
      shop({ callbackPath: '/in' }, ['app', { ...path('/in', 'Exact'), methods: ['POST'] }]),
      shop({ callbackPath: '/in' }, ['app', { ...path('/in'), headers: [{ name: 'x-team', value: 'blue' }] }]),
      shop({ callbackPath: '/app2' }, ['app', path('/app')]),
      shop({}, ['app', path('/app')], ['all', path('/'), { cookieName: 'another' }]),
    ];
    for (const yaml of wrong) {
      await program.apply(yaml);
      assert.ok(program.problems.includes('CallbackNotMatched'), yaml);
    }
    const right: readonly string[] = [
      shop({ callbackPath: '/in' }, ['app', path('/app')], ['in', path('/in', 'Exact')]),
      shop({ callbackPath: '/app/in' }, ['app', path('/app/')]),
      shop({}, ['app', path('/app')], ['login', path('/oauth2/(callback|logout)', 'Regex')]),
    ];
    for (const yaml of right) {
      await program.apply(yaml);
      assert.deepEqual(program.problems, [], yaml);
    }
    await program.apply(right[1] ?? '');
    // The provider of the test knows neither of these paths, so a whole login is the business of the others.
    const asked = await browserFor(program).go(`${home}/app`, 0);
    assert.match(new URL(asked.headers.location ?? '').searchParams.get('redirect_uri') ?? '', /\/app\/in$/);
  });

  it('sends browsers to log in and back, by the paths, names and claims of the route', async () => {
    const settings = {
      ...{ callbackPath: '/in', logoutPath: '/out', afterLogout: '/bye', cookieName: 'login', session: '1h', scopes: ['profile'] },
      claimHeaders: [{ claim: 'groups', header: 'X-Groups' }],
    };
    const admin = {
      name: 'admin',
      matches: [{ path: { type: 'Prefix', value: '/admin' } }],
      policy: { auth: { oidc: oidc({ ...settings, requiredClaims: [{ claim: 'groups', values: ['admins'] }] }) } },
      action: forwardTo('a'),
    };
    await using program = await Program.start(base + route(settings, [admin]), local);
    assert.deepEqual(program.problems, []);
    const asked = await browserFor(program).go(`${home}/`, 0);
    assert.equal(new URL(asked.headers.location ?? '').searchParams.get('scope'), 'openid profile');
    const browser = browserFor(program);
    const page = await browser.go(`${home}/x?y=z`);
    assert.deepEqual([page.url, page.body], [`${home}/x?y=z`, 'a']);
    assert.deepEqual([seen()['x-groups'], seen().cookie], ['staff', undefined]);
    const cookies = browser.cookiesOf(host).map(({ name, maxAgeSeconds = 0 }) => [name, maxAgeSeconds > 3500 && maxAgeSeconds <= 3600]);
    assert.deepEqual(cookies, [['login', true]], 'for an hour');
    assert.equal((await browser.go(`${home}/admin`)).status, 403);
    const left = await browser.go(`${home}/out`, 0);
    assert.equal(new URL(left.headers.location ?? '').searchParams.get('post_logout_redirect_uri'), `${home}/bye`);
    await provider.change({ account: 'root' });
    assert.equal((await browserFor(program).go(`${home}/admin`)).body, 'a');
    const lines = await program.finish();
    assert.ok(lines.some(({ user, status }) => user === 'ada' && status === 200));
    assert.ok(lines.some(({ flag, status }) => flag === 'auth_login' && status === 302));
    assert.doesNotMatch(JSON.stringify(lines), /code=|state=|client-secret|kkkkkkkk/);
  });

  it('gives the cookies of sessions to no server: of other rules, objects and hosts that cover this one, copies, error pages and who decides', async () => {
    const path = (value: string) => [{ path: { type: 'Prefix', value } }];
    const open = { auth: { none: {} } };
    const to = { backend: { name: 'a', port: { name: 'web' } } };
    const rules = [
      { name: 'open', matches: path('/open'), policy: open, action: forwardTo('a') },
      {
        name: 'other',
        matches: [...path('/other'), ...path('/in')],
        policy: { auth: { oidc: oidc({ cookieName: 'second', callbackPath: '/in' }) } },
        action: forwardTo('a'),
      },
      { name: 'asks', matches: path('/asks'), policy: { auth: { external: to } }, action: forwardTo('a') },
      { name: 'copies', matches: path('/copies'), policy: { ...open, mirror: to }, action: forwardTo('a') },
      { name: 'pages', matches: path('/pages'), policy: { ...open, errorPages: [{ statuses: [403], ...to }] }, action: { block: {} } },
    ];
    const own = { name: 'own', matches: [...path('/app'), ...path('/oauth2')], action: forwardTo('a') };
    const shop = smartRoute('shop', { hosts: [host], policy: { auth: { oidc: oidc() } }, http: { rules: [...rules, own] } });
    const elsewhere = service('a', backend.port).replaceAll('namespace: default', 'namespace: other');
    const name = (own: string, hosts: readonly string[], at: string) =>
      smartRoute(`other/${own}`, { hosts, http: { rules: [{ name: 'all', matches: path(at), action: forwardTo('a') }] } });
    const others = [name('same', [host], '/same'), name('wild', ['*.example.com'], '/wild'), name('any', [], '/any')];
    await using program = await Program.start(base + elsewhere + shop + others.join(''), local);
    assert.deepEqual(program.problems, []);
    const session = ['smartproxy-session=2.abc', 'smartproxy-session-1=def', '__Host-smartproxy-session=1.x', 'second=1.y'];
    const cookie = ['a=b', ...session, 'smartproxy-session-login-aB3=z', 'smartproxy-sessions=mine', 'second-hand=mine'].join('; ');
    for (const [at, count] of [
      ['open', 1],
      ['asks', 2],
      ['copies', 2],
      ['pages', 1],
      ['same', 1],
      ['wild', 1],
      ['any', 1],
    ] as const) {
      backend.seen.length = 0;
      await program.ask(host, `/${at}/x`, { headers: { cookie } });
      await eventually(`${count} requests for ${at}`, () => backend.seen.length === count);
      for (const { headers } of backend.seen) assert.equal(headers.cookie, 'a=b; smartproxy-sessions=mine; second-hand=mine', at);
    }
    await program.ask('quiet.example.org', '/any', { headers: { cookie: 'a=b; smartproxy-session=1.x' } });
    assert.equal(seen().cookie, 'a=b; smartproxy-session=1.x', 'a host without a login');
    const browser = browserFor(program);
    for (const at of ['/app', '/other']) assert.equal((await browser.go(home + at)).body, 'a');
    assert.equal(browser.cookiesOf(host).length, 2);
    for (const at of ['/app', '/other', '/open']) {
      assert.equal((await browser.go(home + at, 0)).body, 'a');
      assert.equal(seen().cookie, undefined, at);
    }
  });

  it('hands on the access token where that is asked for', async () => {
    await using program = await Program.start(base + route({ forwardAccessToken: true }), local);
    assert.equal((await browserFor(program).go(`${home}/`)).body, 'a');
    assert.match(String(seen().authorization), /^Bearer \S{20,}$/);
  });

  it('asks a provider over TLS only by a certificate of its CA', async (t) => {
    const certificate = await makeTestCertificate('localhost');
    let issuer = '';
    const server = createServer(certificate, (_, response) => {
      const endpoints = { authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, response_types_supported: ['code'] };
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, ...endpoints }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
    const ca = opaqueSecret('ca', { 'ca.crt': certificate.cert });
    await using program = await Program.start(base + ca + route({ issuer, caRef: { name: 'ca' } }), local);
    const page = await browserFor(program).go(`${home}/`, 0);
    assert.ok(String(page.headers.location).startsWith(`${issuer}/auth?`), String(page.headers.location));
    await program.apply(route({ issuer }));
    assert.equal((await browserFor(program).go(`${home}/`, 0)).status, 503);
  });

  it('lets nobody in while its secrets are missing or too short, and nobody with a cookie of a key before', async () => {
    await using program = await Program.start(base + route(), local);
    const browser = browserFor(program);
    assert.equal((await browser.go(`${home}/`)).body, 'a');
    await program.apply(opaqueSecret('login', { 'cookie-key': 'short' }));
    assert.deepEqual(program.problems, ['SecretInvalid']);
    assert.equal((await browser.go(`${home}/`)).status, 503);
    const path = [{ path: { type: 'Prefix', value: '/open' } }];
    await program.apply(route({}, [{ name: 'open', matches: path, policy: { auth: { none: {} } }, action: forwardTo('a') }]));
    assert.equal((await browser.go(`${home}/open`)).body, 'a');
    assert.equal(seen().cookie, undefined, "sessions that may hold again are no backend's meanwhile");
    await program.remove('Secret', 'default/login');
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.equal((await browser.go(`${home}/`)).status, 503);
    await program.apply(opaqueSecret('login', { 'cookie-key': 'o'.repeat(43), 'client-secret': provider.clientSecret }));
    assert.equal((await browser.go(`${home}/`, 0)).status, 302);
    assert.equal((await browser.go(`${home}/`)).body, 'a');
  });
});

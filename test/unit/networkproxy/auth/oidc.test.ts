import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, test } from 'node:test';
import { CookieJar } from '../../../../src/networkproxy/auth/oidc/cookie-jar.ts';
import { SealedText } from '../../../../src/networkproxy/auth/oidc/sealed-text.ts';
import { withoutSessionCookies } from '../../../../src/networkproxy/auth/oidc/session-cookies.ts';
import type { RequestHead } from '../../../../src/networkproxy/http1/message-handler.ts';
import { Redacted } from '../../../../src/redacted.ts';
import type { OidcAuth } from '../../../../src/routes/auth-policy.ts';
import { Backend, hello } from '../../../feature/networkproxy/backend.ts';
import { Harness } from '../../../feature/networkproxy/harness.ts';
import { get } from '../../../feature/networkproxy/raw-client.ts';
import { eventually } from '../../../tools/eventually.ts';
import { TestBrowser } from '../../../tools/oidc/test-browser.ts';
import { TestProvider } from '../../../tools/oidc/test-provider.ts';

const host = 'shop.example';
const home = `http://${host}`;
const cookieKey = 'k'.repeat(43);

describe('login at an OpenID provider', () => {
  let provider: TestProvider;
  let backend: Backend;
  let harness: Harness;
  let browser: TestBrowser;
  const hosts = { [host]: () => harness.port };

  before(async () => {
    const redirectUris = [`${home}/oauth2/callback`];
    // Of which 15 are too late: a session is refreshed after a second.
    provider = await TestProvider.start({ redirectUris, afterLogout: [`${home}/bye`], accessSeconds: 16 });
    backend = await Backend.answering(hello);
  });

  after(async () => {
    await backend[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    await provider.change({ account: 'ada', refuses: false, isDown: false });
    backend.received.fill('');
    browser = new TestBrowser(hosts);
  });

  const policy = (more: Partial<OidcAuth> = {}): OidcAuth => ({
    ...{ kind: 'oidc', issuer: provider.issuer, ca: undefined, clientId: 'short', secrets: 'oidc test/login' },
    ...{ scopes: ['openid', 'profile', 'email'], callbackPath: '/oauth2/callback', logoutPath: '/oauth2/logout', afterLogout: '/bye' },
    ...{ cookieName: 'session', sessionSeconds: 3600, forwardAccessToken: false, requiredClaims: [] },
    claimHeaders: [
      { claim: 'sub', header: 'x-user' },
      { claim: 'groups', header: 'x-groups' },
    ],
    ...more,
  });
  const start = async (more: Partial<OidcAuth> = {}, key = cookieKey): Promise<Harness> => {
    const value = new Redacted(JSON.stringify({ cookieKey: key, clientSecret: provider.clientSecret }));
    const secrets = [{ key: 'oidc test/login', value }];
    harness = await Harness.start({ routes: [{ host, endpoints: [backend.port], policy: { auth: policy(more) } }], secrets });
    return harness;
  };
  const received = (): string => backend.received.join('');

  it('sends a browser there and back to the page that it wanted, and the backend is told who it is', async () => {
    await using _ = await start();
    const page = await browser.go(`${home}/a/b?c=d&e`);
    assert.deepEqual([page.status, page.url, page.body], [200, `${home}/a/b?c=d&e`, 'hello']);
    assert.match(received(), /\r\nx-user: ada\r\nx-groups: staff\r\n/);
    assert.doesNotMatch(received(), /cookie|authorization/);
    const [session, ...rest] = browser.cookiesOf(host);
    assert.deepEqual([session?.name, rest], ['session', []], 'the cookie of the login is gone');
    assert.doesNotMatch(session?.value ?? '', /ada/);
    backend.received.fill('');
    assert.equal((await browser.go(`${home}/`, 0, { cookie: `a=b; session=${session?.value}; c=d`, 'x-user': 'root' })).status, 200);
    assert.match(received(), /\r\nx-user: ada\r\n/);
    assert.match(received(), /\r\ncookie: a=b; c=d\r\n/);
    assert.equal(harness.requests.at(-1)?.user, 'ada');
  });

  it('asks with PKCE, state and nonce, and for the scopes of the route', async () => {
    await using _ = await start();
    const { status, headers } = await browser.go(`${home}/`, 0);
    assert.equal(status, 302);
    const { searchParams } = new URL(headers.location ?? '');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(searchParams.get('scope'), 'openid profile email');
    assert.equal(searchParams.get('redirect_uri'), `${home}/oauth2/callback`);
    for (const name of ['state', 'nonce', 'code_challenge']) assert.match(searchParams.get(name) ?? '', /^[\w-]{43}$/, name);
    assert.match(String(headers['set-cookie']), /; HttpOnly; SameSite=Lax; Max-Age=600$/);
    assert.equal(headers['cache-control'], 'no-store');
  });

  it('is for pages: what is no navigation gets 401, and neither reaches the backend', async () => {
    await using _ = await start();
    const statuses: number[] = [];
    const kinds: readonly Readonly<Record<string, string>>[] = [
      { accept: 'application/json' },
      { 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-mode': 'navigate', accept: 'application/json' },
    ];
    for (const headers of kinds) statuses.push((await browser.go(`${home}/`, 0, headers)).status);
    assert.deepEqual(statuses, [401, 401, 302]);
    assert.match(await get(harness.port, '/', host, 'Content-Length: 0\r\n'), /^HTTP\/1\.1 302/);
    assert.equal(received(), '');
  });

  it('takes no session that is not ours, was changed, or belongs to another key or client', async () => {
    await using _ = await start();
    await browser.go(`${home}/`);
    const value = browser.cookiesOf(host)[0]?.value ?? '';
    const statusOf = async (cookie: string): Promise<number> => (await browser.go(`${home}/`, 0, { cookie: `session=${cookie}` })).status;
    assert.equal(await statusOf(value), 200);
    const middle = Math.floor(value.length / 2);
    for (const changed of [
      '',
      '1.',
      'x',
      value.slice(0, -2),
      `2.${value.slice(2)}`,
      value.slice(0, middle) + (value[middle] === 'A' ? 'B' : 'A') + value.slice(middle + 1),
    ])
      assert.equal(await statusOf(changed), 302, changed.slice(0, 10));
    await using otherKey = await start({}, 'o'.repeat(43));
    assert.equal(await statusOf(value), 302);
    await using otherClient = await start({ clientId: 'shop' });
    assert.equal(await statusOf(value), 302);
    assert.ok(otherKey !== otherClient);
  });

  it('ends a session after its time', async () => {
    await using _ = await start({ sessionSeconds: 1 });
    await browser.go(`${home}/`);
    const cookie = browser.cookiesOf(host)[0]?.value ?? '';
    const isGone = async (): Promise<boolean> => (await browser.go(`${home}/`, 0, { cookie: `session=${cookie}` })).status !== 200;
    await eventually('the session is over', isGone);
  });

  it('takes a code only from the browser that began, once, and with its state', async () => {
    await using _ = await start();
    const begun = await browser.go(`${home}/`, 0);
    const back = await browser.go(begun.headers.location ?? '', 2);
    const callback = new URL(back.headers.location ?? '');
    assert.equal(callback.pathname, '/oauth2/callback');
    const stranger = new TestBrowser(hosts);
    const refused = await stranger.go(callback.href, 0);
    assert.equal(refused.status, 400);
    assert.match(refused.body, /expired, or was begun elsewhere/);
    const forged = new URL(callback);
    forged.searchParams.set('state', `${callback.searchParams.get('state')?.slice(0, 8)}${'x'.repeat(35)}`);
    assert.equal((await browser.go(forged.href, 0)).status, 400);
    const wrongCode = new URL(callback);
    wrongCode.searchParams.set('code', 'x'.repeat(43));
    assert.equal((await browser.go(wrongCode.href, 0)).status, 403);
    const attempt = browser.cookiesOf(host).map(({ name, value }) => `${name}=${value}`);
    assert.equal((await browser.go(callback.href, 0)).status, 302);
    assert.equal((await browser.go(callback.href, 0, { cookie: attempt.join('; ') })).status, 403, 'the code is used up');
  });

  it('keeps no more logins under way than a browser has tabs', async () => {
    await using _ = await start();
    for (let i = 0; i < 20; i++) {
      assert.equal((await browser.go(`${home}/${i}`, 0)).status, 302);
      assert.ok(browser.cookiesOf(host).length <= 9, `${browser.cookiesOf(host).length}`);
    }
    assert.equal((await browser.go(`${home}/last`)).url, `${home}/last`);
  });

  it('bounds logins under way by half of what the header of a request has left beside a session', async () => {
    await using _ = await start();
    for (let i = 0; i < 12; i++) {
      const page = await browser.go(`${home}/${i}?q=${'x'.repeat(1200)}`, 0);
      assert.equal(page.status, 302);
      const sent = browser.cookiesOf(host).reduce((sum, { name, value }) => sum + name.length + value.length + 3, 0);
      assert.ok(sent <= 4096 + 4096, `${sent}`);
    }
    assert.equal((await browser.go(`${home}/?q=${'x'.repeat(3500)}`, 0)).status, 414);
    assert.equal((await browser.go(`${home}/last`)).url, `${home}/last`);
  });

  it('refuses a login whose session would crowd out every request, and says what to do', async () => {
    await using _ = await start();
    await provider.change({ account: 'many-4000' });
    const page = await browser.go(`${home}/`);
    assert.equal(page.body, 'hello');
    const others = `${browser
      .cookiesOf(host)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')}; a=${'x'.repeat(4000)}`;
    for (const [path, status] of [
      ['/', 200],
      ['/oauth2/logout', 302],
    ] as const)
      assert.equal((await browser.go(home + path, 0, { cookie: others })).status, status, 'with room for others');
    await provider.change({ account: 'many-7000' });
    const other = new TestBrowser(hosts);
    const refused = await other.go(`${home}/`);
    assert.equal(refused.status, 503);
    assert.match(refused.body, /more about you than fits into cookies/);
    assert.match(
      harness.requests.at(-1)?.detail ?? '',
      /takes 96\d\d bytes of cookies, and may take 8192: .*claimHeaders.*--max-header-size/,
    );
    assert.ok(
      other.cookiesOf(host).every(({ name }) => /^session-login-/.test(name)),
      'nothing of it stays',
    );
  });

  it('is refused where the provider refuses, or a claim is missing: 403', async () => {
    await using _ = await start({ requiredClaims: [{ claim: 'groups', values: ['admins'] }] });
    assert.equal((await browser.go(`${home}/`)).status, 403);
    assert.deepEqual(
      browser.cookiesOf(host).filter(({ name }) => name === 'session'),
      [],
    );
    await provider.change({ account: 'root' });
    assert.equal((await new TestBrowser(hosts).go(`${home}/`)).body, 'hello');
    await provider.change({ refuses: true });
    assert.equal((await new TestBrowser(hosts).go(`${home}/`)).status, 403);
  });

  it('lets nobody new in while the provider is away; who has a session goes on', async () => {
    await using _ = await start();
    await browser.go(`${home}/`);
    await provider.change({ isDown: true });
    assert.equal((await browser.go(`${home}/`)).body, 'hello');
    await using another = await start();
    const page = await new TestBrowser(hosts).go(`${home}/`);
    assert.equal(page.status, 503);
    assert.equal(another.flag('auth_unavailable'), 1);
  });

  it('refreshes a session in time, once for all requests that bring it, and hands on the access token where that is asked for', async () => {
    await using _ = await start({ clientId: 'shop', scopes: ['openid', 'offline_access'], forwardAccessToken: true });
    await browser.go(`${home}/`);
    const first = /authorization: Bearer (\S+)/.exec(received())?.[1];
    assert.ok(first);
    const before = await provider.change({});
    backend.received.fill('');
    // The token is good for a second: it has changed when a request brings another.
    const tokens = (): ReadonlySet<string | undefined> =>
      new Set([...received().matchAll(/authorization: Bearer (\S+)/g)].map(([, token]) => token));
    const stale = browser.cookiesOf(host)[0]?.value ?? '';
    await eventually('another token', async () => {
      const pages = await Promise.all([1, 2, 3, 4].map(() => browser.go(`${home}/`, 0, { cookie: `session=${stale}` })));
      for (const { status } of pages) assert.equal(status, 200);
      return tokens().size > 1;
    });
    assert.ok((await provider.change({})) - before === 1, 'one refresh for all');
    assert.equal((await browser.go(`${home}/`, 0)).status, 200);
  });

  it('logs out here and there', async () => {
    await using _ = await start();
    await browser.go(`${home}/`);
    const { status, headers } = await browser.go(`${home}/oauth2/logout`, 0);
    assert.equal(status, 302);
    const url = new URL(headers.location ?? '');
    assert.ok(url.href.startsWith(`${provider.issuer}/session/end?`), url.href);
    assert.equal(url.searchParams.get('post_logout_redirect_uri'), `${home}/bye`);
    assert.equal(url.searchParams.get('client_id'), 'short');
    assert.deepEqual(browser.cookiesOf(host), []);
    assert.equal((await browser.go(`${home}/`, 0)).status, 302);
  });
});

test('SealedText: opens what it sealed, and nothing else', () => {
  const [one, two] = [new SealedText(cookieKey, 'a'), new SealedText(cookieKey, 'b')];
  const sealed = one.seal('text');
  assert.equal(one.open(sealed), 'text');
  assert.notEqual(one.seal('text'), sealed);
  for (const other of [two.seal('text'), sealed.slice(1), '', 'x', `${sealed}A`]) assert.equal(one.open(other), undefined);
});

test('CookieJar: a long value is a few cookies, and one that is too long is none', () => {
  const jar = new CookieJar('s', true);
  const value = 'x'.repeat(9000);
  const fields = jar.write(value, 60, 16_384) ?? [];
  const pairs = fields.filter((_, index) => index % 2 === 1).map((field) => field.split(';')[0] ?? '');
  assert.deepEqual(
    pairs.map((pair) => pair.split('=')[0]),
    ['__Host-s', '__Host-s-1', '__Host-s-2'],
  );
  for (const field of fields) assert.ok(field.length <= 4096);
  for (const field of fields.filter((_, index) => index % 2 === 1))
    assert.match(field, /; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=60$/);
  const headers = ['cookie', `a=b; ${pairs.join('; ')}`];
  assert.equal(jar.read(headers), value);
  const head = { headers: [...headers, 'cookie', '__Host-s-login-aB3=x; s=plain; __Host-s-id=y', 'x', 'y'] } as unknown as RequestHead;
  assert.deepEqual(withoutSessionCookies(head, ['t', 's']).headers, ['x', 'y', 'cookie', 'a=b; __Host-s-id=y']);
  assert.equal(withoutSessionCookies(head, ['t']), head);
  assert.equal(jar.read(['cookie', pairs.slice(0, 2).join('; ')]), undefined);
  assert.deepEqual(jar.sent(headers, ''), ['__Host-s', '__Host-s-1', '__Host-s-2']);
  assert.deepEqual(jar.remove(['__Host-s']), ['set-cookie', '__Host-s=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0']);
  assert.equal(jar.write('x'.repeat(20_000), 60, 65_536), undefined);
  const sent = pairs.reduce((sum, pair) => sum + pair.length + '; '.length, 0);
  assert.ok(jar.bytesOf(value) >= sent && jar.bytesOf(value) < sent + 8);
  assert.equal(jar.bytesSent(['cookie', `a=b; ${pairs.join('; ')}`], ''), sent);
  assert.notEqual(jar.write(value, 60, jar.bytesOf(value)), undefined);
  assert.equal(jar.write(value, 60, jar.bytesOf(value) - 1), undefined);
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type Answer, type AskOptions, Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const prefix = (value: string): readonly object[] => [{ path: { type: 'Prefix', value } }];
const rewriting = (rewrite: object): object => ({ forward: { ...(forwardTo('a') as { forward: object }).forward, rewrite } });

describe('SmartRoute rewriting, objects in and real sockets out', () => {
  let a: NamedBackend;
  let services: string;

  before(async () => {
    a = await NamedBackend.start('a', { 'x-hint': 'secret', 'x-kind': 'backend', 'cache-control': 'public' });
    services = ingressClass + service('a', a.port);
  });

  after(() => a[Symbol.asyncDispose]());

  const start = (spec: object, flags: readonly string[] = []): Promise<Program> =>
    Program.start(services + smartRoute('shop', { hosts: [host], ...spec }), flags);
  const all = (part: object): object => ({ http: { rules: [{ name: 'all', action: forwardTo('a'), ...part }] } });

  it('rewrites the path as a whole, by prefix and by pattern; the query stays, and a path that does not come out whole is a 500 that names the rewrite', async () => {
    const rule = (name: string, path: object) => ({ name, matches: prefix(`/${name}`), action: rewriting({ path }) });
    const rules = [
      rule('full', { type: 'ReplaceFull', value: '/x/y' }),
      rule('prefix', { type: 'ReplacePrefix', value: '/new/' }),
      rule('root', { type: 'ReplacePrefix', value: '/' }),
      rule('regex', { type: 'ReplaceRegex', pattern: '^/regex/([^/]+)/([0-9]+)', value: '/$2/$1' }),
      rule('dots', { type: 'ReplaceRegex', pattern: '^/dots/(.*)', value: '/a/./$1' }),
      rule('broken', { type: 'ReplaceRegex', pattern: '^/broken/', value: '' }),
    ];
    await using program = await start({ http: { rules } });
    assert.deepEqual(program.problems, []);
    const cases: readonly (readonly [path: string, seen: string | number])[] = [
      ['/full/a?b=c', '/x/y?b=c'],
      ['/prefix', '/new'],
      ['/prefix/a/b?c', '/new/a/b?c'],
      ['/root', '/'],
      ['/root/a', '/a'],
      ['/regex/user/7/more?x', '/7/user/more?x'],
      ['/regex/other', '/regex/other'],
      ['/dots/b', '/a/b'],
      ['/broken/a', 500],
    ];
    for (const [path, seen] of cases) {
      const answer = await program.ask(host, path);
      assert.equal(typeof seen === 'number' ? answer.status : a.seen.at(-1)?.url, seen, path);
    }
    const failed = (await program.finish()).find(({ status }) => status === 500);
    assert.deepEqual([failed?.flag, failed?.detail], ['rewrite_failed', 'target-not-absolute']);
  });

  it('rewrites the host, and tells the backend what was asked', async () => {
    await using program = await start(all({ action: rewriting({ host: 'inner.example.com:8080' }) }));
    assert.equal((await program.ask(host, '/')).body, 'a');
    const headers = a.seen.at(-1)?.headers;
    assert.deepEqual([headers?.host, headers?.['x-forwarded-host']], ['inner.example.com:8080', host]);
  });

  it('a pattern that can not be used costs its rule, not the others', async () => {
    const rules = [
      { name: 'bad', matches: prefix('/bad'), action: rewriting({ path: { type: 'ReplaceRegex', pattern: '(', value: '/' } }) },
      { name: 'groups', matches: prefix('/groups'), action: rewriting({ path: { type: 'ReplaceRegex', pattern: '(a)', value: '/$2' } }) },
      { name: 'fine', action: forwardTo('a') },
    ];
    await using program = await start({ http: { rules } });
    assert.deepEqual(program.problems, ['InvalidRegex', 'InvalidRegex']);
    for (const path of ['/bad', '/groups']) assert.equal((await program.ask(host, path)).status, 503);
    assert.equal((await program.ask(host, '/')).body, 'a');
  });

  it('a substitution without a slash at the beginning is told where no request can come out right, and costs those that the pattern fits', async () => {
    const rule = (name: string, pattern: string, value: string) => ({
      name,
      matches: prefix(`/${name}`),
      action: rewriting({ path: { type: 'ReplaceRegex', pattern, value } }),
    });
    const rules = [rule('sure', '^/sure/(x.*)', 'new/$1'), rule('perhaps', '^/perhaps(.*)', '$1'), rule('later', 'ter/.*', 'st')];
    await using program = await start({ http: { rules } });
    assert.deepEqual(
      program.translation.problems.map(({ reason, field }) => [reason, field]),
      [['InvalidRegex', 'spec.http.rules[0].action.forward.rewrite.path.value']],
    );
    assert.match(program.translation.problems[0]?.message ?? '', /write \/new\/\$1; until then .* answered 500/);
    assert.equal((await program.ask(host, '/sure/x')).status, 500);
    for (const [path, seen] of [
      ['/sure/y', '/sure/y'],
      ['/perhaps/a', '/a'],
      ['/later/a', '/last'],
    ] as const) {
      await program.ask(host, path);
      assert.equal(a.seen.at(-1)?.url, seen);
    }
  });

  it('removes, sets and adds headers of requests and of answers; a rule takes the place of the object', async () => {
    const request = {
      remove: ['Cookie'],
      set: [{ name: 'X-Team', value: 'blue' }],
      add: [
        { name: 'X-Tag', value: 'one' },
        { name: 'X-Tag', value: 'two' },
      ],
    };
    const response = {
      remove: ['X-Hint'],
      set: [{ name: 'Cache-Control', value: 'no-store' }],
      add: [{ name: 'X-Kind', value: 'proxied' }],
    };
    const rules = [
      {
        name: 'inner',
        matches: prefix('/inner'),
        policy: { headers: { request: { set: [{ name: 'X-Inner', value: '1' }] } } },
        action: forwardTo('a'),
      },
      { name: 'all', action: forwardTo('a') },
    ];
    await using program = await start({ policy: { headers: { request, response } }, http: { rules } });
    assert.deepEqual(program.problems, []);
    const options: AskOptions = { headers: { cookie: 'a=b', 'x-team': 'red', 'x-tag': 'zero' } };
    const answer = await program.ask(host, '/', options);
    const seen = a.seen.at(-1)?.headers ?? {};
    assert.deepEqual([seen.cookie, seen['x-team'], seen['x-tag']], [undefined, 'blue', 'zero, one, two']);
    const answered = ({ headers }: Answer) => [headers['x-hint'], headers['cache-control'], headers['x-kind']];
    assert.deepEqual(answered(answer), [undefined, 'no-store', 'backend, proxied']);
    const innerAnswer = await program.ask(host, '/inner', options);
    const inner = a.seen.at(-1)?.headers ?? {};
    assert.deepEqual([inner.cookie, inner['x-team'], inner['x-inner']], ['a=b', 'red', '1']);
    assert.deepEqual(answered(innerAnswer), [undefined, 'no-store', 'backend, proxied'], 'it says nothing of answers');
  });

  it('cors answers preflights and marks answers for the origins that may ask', async () => {
    const cors = {
      allowOrigins: ['https://app.example.com', 'https://*.dev.example.com'],
      allowMethods: ['GET', 'PUT'],
      allowHeaders: ['X-Team'],
      exposeHeaders: ['X-Total'],
      allowCredentials: true,
      maxAge: '10m',
    };
    await using program = await start(all({ policy: { cors } }));
    const ask = (origin: string, more: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> =>
      program.ask(host, '/', { method, headers: { origin, ...more } });
    const of = ({ headers }: Answer, ...names: readonly string[]) => names.map((name) => headers[`access-control-${name}`]);
    const preflight = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-team' };
    const before = a.seen.length;
    const permitted = await ask('https://app.example.com', preflight, 'OPTIONS');
    assert.equal(permitted.status, 204);
    assert.deepEqual(of(permitted, 'allow-origin', 'allow-methods', 'allow-headers', 'allow-credentials', 'max-age'), [
      'https://app.example.com',
      'GET, PUT',
      'X-Team',
      'true',
      '600',
    ]);
    const refused = await ask('https://evil.example.com', preflight, 'OPTIONS');
    assert.deepEqual([refused.status, ...of(refused, 'allow-origin', 'allow-methods')], [204, undefined, undefined]);
    assert.equal(a.seen.length, before);
    for (const [origin, allowed] of [
      ['https://app.example.com', true],
      ['https://x.y.dev.example.com', true],
      ['https://dev.example.com', false],
      ['https://evil.com/.dev.example.com', false],
      ['http://app.example.com', false],
    ] as const) {
      const answer = await ask(origin);
      assert.deepEqual(
        [answer.body, ...of(answer, 'allow-origin', 'expose-headers')],
        ['a', ...(allowed ? [origin, 'X-Total'] : [undefined, undefined])],
        origin,
      );
      assert.equal(answer.headers.vary, 'Origin');
    }
    const plain = await program.ask(host, '/', { method: 'OPTIONS' });
    assert.equal(plain.body, 'a');
    await program.remove('EndpointSlice', 'default/a-0');
    const failed = await ask('https://app.example.com');
    assert.deepEqual([failed.status, ...of(failed, 'allow-origin')], [503, 'https://app.example.com']);
  });

  it('cors answers preflights for the rule that takes the method they ask for, whatever other rules do', async () => {
    const cors = { allowOrigins: ['https://app.example.com'], allowMethods: ['PUT', 'DELETE'] };
    const rules = [
      { name: 'write', matches: [{ methods: ['PUT', 'POST'] }], policy: { cors }, action: forwardTo('a') },
      { name: 'quiet', matches: [{ methods: ['DELETE'] }], action: forwardTo('a') },
      { name: 'rest', matches: [{ methods: ['GET', 'OPTIONS'] }], action: { respond: { status: 202, body: 'rest' } } },
    ];
    await using program = await start({ http: { rules } });
    assert.deepEqual(program.problems, []);
    const origin = { origin: 'https://app.example.com' };
    const ask = async (headers: Record<string, string>, method = 'OPTIONS'): Promise<readonly unknown[]> => {
      const answer = await program.ask(host, '/', { method, headers });
      return [answer.status, answer.headers['access-control-allow-origin']];
    };
    assert.deepEqual(await ask({ ...origin, 'access-control-request-method': 'PUT' }), [204, origin.origin]);
    assert.deepEqual(await ask({ ...origin, 'access-control-request-method': 'DELETE' }), [202, undefined], 'a rule without cors');
    assert.deepEqual(await ask({ ...origin, 'access-control-request-method': 'PATCH' }), [202, undefined]);
    assert.deepEqual(await ask({ 'access-control-request-method': 'PUT' }), [202, undefined], 'without an origin it is none');
    assert.deepEqual(await ask(origin), [202, undefined], 'nor without a method');
    assert.deepEqual(await ask({ ...origin, 'access-control-request-method': 'PUT' }, 'GET'), [202, undefined]);
    assert.deepEqual(await ask(origin, 'PUT'), [200, origin.origin]);
  });

  it('headers.response changes what redirect and respond answer too, and no refusal', async () => {
    const response = {
      set: [{ name: 'Strict-Transport-Security', value: 'max-age=31536000' }],
      add: [{ name: 'X-Kind', value: 'proxied' }],
      remove: ['X-Internal'],
    };
    const headers = [
      { name: 'X-Internal', value: '1' },
      { name: 'X-Kind', value: 'own' },
    ];
    const path = (value: string): readonly object[] => [{ path: { type: 'Prefix', value } }];
    const rules = [
      { name: 'moved', matches: path('/old'), action: { redirect: { host: 'new.example.com' } } },
      { name: 'said', matches: path('/said'), action: { respond: { status: 200, headers, body: 'said' } } },
      { name: 'closed', matches: path('/closed'), action: { block: {} } },
      {
        name: 'later',
        matches: path('/later'),
        policy: { maintenance: { enabled: true } },
        action: { respond: { status: 200, body: 'said' } },
      },
    ];
    await using program = await start({ policy: { headers: { response } }, http: { rules } });
    assert.deepEqual(program.problems, []);
    const ask = async (path: string, method = 'GET'): Promise<readonly unknown[]> => {
      const { status, headers: got } = await program.ask(host, path, { method });
      return [status, got['strict-transport-security'], got['x-kind'], got['x-internal']];
    };
    assert.deepEqual(await ask('/old'), [302, 'max-age=31536000', 'proxied', undefined]);
    assert.deepEqual(await ask('/said'), [200, 'max-age=31536000', 'own, proxied', undefined]);
    assert.deepEqual(await ask('/said', 'HEAD'), [200, 'max-age=31536000', 'own, proxied', undefined]);
    assert.deepEqual(await ask('/closed'), [403, undefined, undefined, undefined]);
    assert.deepEqual(await ask('/later'), [503, undefined, undefined, undefined]);
  });

  it('cors for every origin says so, and allows the methods and headers of its defaults', async () => {
    await using program = await start(all({ policy: { cors: { allowOrigins: ['*'] } } }));
    const headers = { origin: 'https://any.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-a, x-b' };
    const { headers: answered } = await program.ask(host, '/', { method: 'OPTIONS', headers });
    const names = ['allow-origin', 'allow-methods', 'allow-headers', 'max-age'];
    assert.deepEqual(
      names.map((name) => answered[`access-control-${name}`]),
      ['*', 'GET, HEAD, POST', 'x-a, x-b', undefined],
    );
  });

  it('clients lets in whom it allows and nobody whom it denies, by the address that trusted proxies vouch for', async () => {
    const rules = [
      { name: 'denied', matches: prefix('/denied'), policy: { clients: { deny: ['203.0.113.7'] } }, action: forwardTo('a') },
      {
        name: 'both',
        matches: prefix('/both'),
        policy: { clients: { allow: ['2001:db8::/32', '203.0.113.0/24'], deny: ['203.0.113.7'] } },
        action: forwardTo('a'),
      },
      { name: 'broken', matches: prefix('/broken'), policy: { clients: { allow: ['203.0.113.0/33'] } }, action: forwardTo('a') },
      { name: 'rest', policy: { clients: { allow: ['203.0.113.0/24'] } }, action: forwardTo('a') },
    ];
    await using program = await start({ http: { rules } }, ['--trusted-proxies', '127.0.0.0/8']);
    assert.deepEqual(program.problems, ['InvalidAddress']);
    const cases: readonly (readonly [path: string, client: string, status: number])[] = [
      ['/denied', '203.0.113.7', 403],
      ['/denied', '198.51.100.1', 200],
      ['/both', '203.0.113.7', 403],
      ['/both', '203.0.113.8', 200],
      ['/both', '2001:db8::1', 200],
      ['/both', '198.51.100.1', 403],
      ['/', '203.0.113.7', 200],
      ['/', '198.51.100.1', 403],
      ['/broken', '203.0.113.7', 503],
    ];
    for (const [path, client, status] of cases) {
      const answer = await program.ask(host, path, { headers: { 'x-forwarded-for': client } });
      assert.equal(answer.status, status, `${client} at ${path}`);
    }
    assert.equal((await program.finish())[0]?.flag, 'client_refused');
  });

  it('clients ends connections that are passed through', async () => {
    const route = (clients: object) => ({
      tls: { mode: 'Passthrough' },
      policy: { clients },
      tcp: { backends: [{ name: 'a', port: { name: 'web' } }] },
    });
    await using program = await start(route({ deny: ['127.0.0.1'] }));
    // The backend speaks no TLS: what counts is whether the hello reaches it, which it answers as a bad request.
    const answered = async (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: program.httpsPort, servername: host, rejectUnauthorized: false });
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code?.startsWith('ERR_SSL') === true));
      });
    assert.equal(await answered(), false);
    await program.apply(smartRoute('shop', { hosts: [host], ...route({ allow: ['127.0.0.0/8'] }) }));
    assert.equal(await answered(), true);
  });
});

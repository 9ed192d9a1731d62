import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type Answer, Program } from '../../tools/program.ts';

const host = 'shop.example.com';
const prefix = (value: string): readonly object[] => [{ path: { type: 'Prefix', value } }];
/** No token comes back while the test runs. */
const hourly = (requests: number, more: object = {}): object => ({ requests, per: 'Hour', ...more });

describe('rate limits, objects in and real sockets out', () => {
  let a: NamedBackend;
  let services: string;

  before(async () => {
    a = await NamedBackend.start('a');
    services = ingressClass + service('a', a.port);
  });

  after(() => a[Symbol.asyncDispose]());

  const start = (spec: object): Promise<Program> =>
    Program.start(services + smartRoute('shop', { hosts: [host], ...spec }), ['--trusted-proxies', '127.0.0.0/8']);
  const from = (client: string, more: object = {}): { readonly headers: Record<string, string> } => ({
    headers: { 'x-forwarded-for': client, ...more },
  });
  const statuses = async (count: number, ask: () => Promise<Answer>): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let i = 0; i < count; i++) found.push((await ask()).status);
    return found;
  };

  it('rateLimits answer 429 when the burst is used up, with what is left and when to come again; a rule counts by itself', async () => {
    const rules = [
      { name: 'inner', matches: prefix('/inner'), policy: { rateLimits: [hourly(60, { burst: 1 })] }, action: forwardTo('a') },
      { name: 'free', matches: prefix('/free'), policy: { rateLimits: [] }, action: forwardTo('a') },
      { name: 'one', matches: prefix('/one'), action: forwardTo('a') },
      { name: 'two', action: forwardTo('a') },
    ];
    await using program = await start({ policy: { rateLimits: [{ requests: 3600, per: 'Hour', burst: 2 }] }, http: { rules } });
    assert.deepEqual(program.problems, []);
    const before = a.seen.length;
    // The object's rules count together, and its tokens come back in a second: three requests on one connection each are faster.
    const inner = await statuses(3, () => program.ask(host, '/inner'));
    assert.deepEqual(inner, [200, 429, 429]);
    assert.equal(a.seen.length, before + 1);
    const refused = await program.ask(host, '/inner');
    assert.equal(refused.body, '429 Too many requests\n');
    const wait = Number(refused.headers['retry-after']);
    assert.ok(wait > 30 && wait <= 60, String(wait));
    assert.equal(refused.headers['ratelimit-policy'], '"default";q=60;w=3600');
    assert.equal(refused.headers.ratelimit, `"default";r=0;t=${wait}`);
    assert.deepEqual(await statuses(6, () => program.ask(host, '/free')), [200, 200, 200, 200, 200, 200]);
    assert.equal((await program.finish()).filter(({ flag }) => flag === 'rate_limited').length, 3);
  });

  it('rateLimits of an object count all of its rules together, and a change of it forgets nothing', async () => {
    const rules = [
      { name: 'one', matches: prefix('/one'), action: forwardTo('a') },
      { name: 'two', action: forwardTo('a') },
    ];
    const spec = { policy: { rateLimits: [hourly(2)] }, http: { rules } };
    await using program = await start(spec);
    assert.equal((await program.ask(host, '/one')).status, 200);
    await program.apply(smartRoute('shop', { hosts: [host], priority: 1, ...spec }));
    assert.equal((await program.ask(host, '/two')).status, 200);
    assert.equal((await program.ask(host, '/one')).status, 429);
  });

  it('rateLimits that are changed hold at once, and begin anew; those beside them forget nothing, wherever they stand then', async () => {
    const shop = (rateLimits: readonly object[]): object => ({
      policy: { rateLimits },
      http: { rules: [{ name: 'all', action: forwardTo('a') }] },
    });
    const everybody = hourly(4, { key: { type: 'Everybody' } });
    await using program = await start(shop([hourly(2), everybody]));
    const change = (rateLimits: readonly object[]): Promise<void> =>
      program.apply(smartRoute('shop', { hosts: [host], ...shop(rateLimits) }));
    assert.deepEqual(await statuses(3, () => program.ask(host, '/')), [200, 200, 429]);
    await change([{ requests: 1000, per: 'Second' }, everybody]);
    assert.equal((await program.ask(host, '/')).status, 200, 'what it may do in an hour is nothing to it any more');
    await change([hourly(2), everybody]);
    assert.equal((await program.ask(host, '/')).status, 429, 'the limit that it was has not forgotten');
    await change([everybody]);
    assert.equal((await program.ask(host, '/')).status, 200, 'what the first of the list owed is not taken over');
    assert.equal((await program.ask(host, '/')).status, 429, 'that was the fourth');
    const twice = hourly(3);
    await change([twice, twice]);
    assert.deepEqual(await statuses(4, () => program.ask(host, '/')), [200, 200, 200, 429]);
  });

  it('rateLimits count by client address, by header or all together, and exempt whom they exempt', async () => {
    const rules = [
      { name: 'header', matches: prefix('/header'), policy: { rateLimits: [hourly(1, { key: { type: 'Header', header: 'X-Key' } })] } },
      { name: 'all', matches: prefix('/all'), policy: { rateLimits: [hourly(1, { key: { type: 'Everybody' } })] } },
      { name: 'two', matches: prefix('/two'), policy: { rateLimits: [hourly(5), hourly(1, { key: { type: 'Everybody' } })] } },
      { name: 'exempt', policy: { rateLimits: [hourly(1, { exempt: ['198.51.100.0/24', '203.0.113.0/33'] })] } },
    ].map((rule) => ({ ...rule, action: forwardTo('a') }));
    await using program = await start({ http: { rules } });
    assert.deepEqual(program.problems, ['InvalidAddress']);
    const cases: readonly (readonly [path: string, client: string, key: string | undefined, status: number])[] = [
      ['/header', '192.0.2.1', 'one', 200],
      ['/header', '192.0.2.2', 'one', 429],
      ['/header', '192.0.2.1', 'two', 200],
      ['/header', '192.0.2.1', undefined, 200],
      ['/header', '192.0.2.1', undefined, 429],
      ['/all', '192.0.2.1', undefined, 200],
      ['/all', '192.0.2.2', undefined, 429],
      ['/two', '192.0.2.1', undefined, 200],
      ['/two', '192.0.2.1', undefined, 429],
      ['/', '192.0.2.1', undefined, 200],
      ['/', '192.0.2.1', undefined, 429],
      ['/', '192.0.2.2', undefined, 200],
      ['/', '2001:db8::1', undefined, 200],
      ['/', '2001:db8::2', undefined, 429],
      ['/', '198.51.100.1', undefined, 200],
      ['/', '198.51.100.1', undefined, 200],
    ];
    for (const [path, client, key, status] of cases) {
      const answer = await program.ask(host, path, from(client, key === undefined ? {} : { 'x-key': key }));
      assert.equal(answer.status, status, `${client} at ${path} with ${key}`);
    }
  });

  it('rateLimits by a header that tells of the client go by what we say in it, and by what trusted proxies do', async () => {
    const key = { type: 'Header', header: 'X-Real-IP' };
    const http = { rules: [{ name: 'all', action: forwardTo('a') }] };
    const shop = services + smartRoute('shop', { hosts: [host], policy: { rateLimits: [hourly(1, { key })] }, http });
    await using program = await Program.start(shop);
    const ask = async (headers: Record<string, string>): Promise<number> => (await program.ask(host, '/', { headers })).status;
    assert.deepEqual([await ask({ 'x-real-ip': '192.0.2.1' }), await ask({ 'x-real-ip': '192.0.2.2' })], [200, 429]);
    await program.apply(smartProxyConfig({ trustedProxies: ['127.0.0.0/8'] }));
    assert.deepEqual([await ask({ 'x-forwarded-for': '192.0.2.1' }), await ask({ 'x-forwarded-for': '192.0.2.2' })], [200, 200]);
    assert.equal(await ask({ 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.3' }), 429);
  });

  it('limit-rps, limit-rpm, limit-burst-multiplier and limit-allowlist of an Ingress do what ingress-nginx users know', async () => {
    const annotations = {
      'smartproxy.dev/limit-rpm': '1',
      'smartproxy.dev/limit-burst-multiplier': '2',
      'smartproxy.dev/limit-allowlist': '198.51.100.0/24, 2001:db8::/32',
    };
    const shop = ingress('shop', {
      rules: {
        [host]: [
          ['/', 'Prefix', 'a'],
          ['/b', 'Prefix', 'a'],
        ],
      },
      annotations,
    });
    await using program = await Program.start(services + shop, ['--trusted-proxies', '127.0.0.0/8']);
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/', from('192.0.2.1'))).status, 200);
    assert.equal((await program.ask(host, '/b', from('192.0.2.1'))).status, 200);
    assert.equal((await program.ask(host, '/', from('192.0.2.1'))).status, 429);
    for (const client of ['198.51.100.1', '2001:db8::1'])
      assert.deepEqual(await statuses(4, () => program.ask(host, '/', from(client))), [200, 200, 200, 200]);
    const [policy] = [...program.controller.routeTable.policies.values()];
    assert.deepEqual(
      policy?.rateLimits?.map(({ requests, windowMs, burst }) => [requests, windowMs, burst]),
      [[1, 60_000, 2]],
    );
    await program.apply(ingress('shop', { rules: { [host]: [['/', 'Prefix', 'a']] }, annotations: { 'smartproxy.dev/limit-rps': '7' } }));
    assert.equal((await program.ask(host, '/', from('192.0.2.1'))).status, 200);
    const next = [...program.controller.routeTable.policies.values()][0]?.rateLimits;
    assert.deepEqual([next?.[0]?.requests, next?.[0]?.windowMs, next?.[0]?.burst], [7, 1000, 35]);
  });

  it('rateLimits count connections that are passed through', async () => {
    const route = {
      tls: { mode: 'Passthrough' },
      policy: { rateLimits: [hourly(2)] },
      tcp: { backends: [{ name: 'a', port: { name: 'web' } }] },
    };
    await using program = await start(route);
    // The backend speaks no TLS: what counts is whether the hello reaches it, which it answers as a bad request.
    const answered = async (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: program.httpsPort, servername: host, rejectUnauthorized: false });
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code?.startsWith('ERR_SSL') === true));
      });
    assert.deepEqual([await answered(), await answered(), await answered()], [true, true, false]);
    const lines = await program.finish();
    assert.equal(lines.filter(({ reason }) => reason === 'rate_limited').length, 1);
  });
});

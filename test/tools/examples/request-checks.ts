import assert from 'node:assert/strict';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { eventually } from '../eventually.ts';
import type { ExampleAnswer, ExampleAsk, ExampleWorld } from './example-world.ts';

/** What an example does, by requests to it alone. */
export type ExampleCheck = (world: ExampleWorld) => Promise<void>;

export const from = (client: string, more: Readonly<Record<string, string>> = {}): ExampleAsk => ({
  headers: { 'x-forwarded-for': client, ...more },
});

const text = ({ body }: ExampleAnswer): string => String(body);

/** Asks so often, and tells who answered how often. */
async function whoAnswers(
  world: ExampleWorld,
  host: string,
  times: number,
  options?: ExampleAsk,
  path = '/',
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let n = 0; n < times; n++) {
    const { headers } = await world.ask(host, path, options);
    const pod = String(headers['x-pod']);
    found.set(pod, (found.get(pod) ?? 0) + 1);
  }
  return found;
}

/** Asks until each pod of `web` has answered: none is out, and none has errors in a row any more. */
async function bothAnswer(world: ExampleWorld, host: string, path: string): Promise<void> {
  await eventually('both pods answer', async () => {
    await world.ask(host, path);
    return world.web.every(({ seen }) => seen.some(({ url }) => url === path));
  });
}

const podOf = ({ port }: { readonly port: number }): string => String(port);

/** Examples that choose what becomes of a request. */
export const requestChecks: Readonly<Record<string, ExampleCheck>> = {
  canary: async (world) => {
    const found = await whoAnswers(world, 'canary.example.com', 200);
    // 20 expected; outside of these lies less than one run in a hundred thousand.
    const share = found.get(podOf(world.next)) ?? 0;
    assert.ok(share > 2 && share < 45, `${share} of 200`);
  },
  matching: async (world) => {
    const bodyOf = async (path: string, options?: ExampleAsk): Promise<string> =>
      text(await world.ask('matching.example.com', path, options));
    assert.equal(await bodyOf('/api'), 'web');
    for (const method of ['POST', 'PUT', 'DELETE']) assert.equal(await bodyOf('/api/x', { method }), 'web-next', method);
    assert.equal(await bodyOf('/x', { method: 'POST' }), 'web');
    assert.equal(await bodyOf('/x', { headers: { 'x-beta': '' } }), 'web-next');
    assert.equal(await bodyOf('/x?beta=yes'), 'web-next');
    assert.equal(await bodyOf('/x?beta=no'), 'web');
    assert.equal(await bodyOf('/users/7'), 'a user');
    assert.equal(await bodyOf('/users/ada'), 'web');
  },
  redirect: async (world) => {
    const to = async (path: string) => {
      const { status, headers } = await world.ask('old.example.com', path);
      return [status, headers.location];
    };
    assert.deepEqual(await to('/docs/a?b'), [301, 'https://docs.example.com/a?b']);
    assert.deepEqual(await to('/x'), [308, 'https://new.example.com/x']);
  },
  maintenance: async (world) => {
    const answer = await world.ask('shop.example.com', '/any');
    assert.deepEqual([answer.status, text(answer)], [503, '<h1>Back in ten minutes</h1>']);
    assert.deepEqual([answer.headers['retry-after'], answer.headers['content-type']], ['600', 'text/html; charset=utf-8']);
  },
  rewrite: async (world) => {
    const seen = async (path: string) => {
      const marked = `${path}${path.includes('?') ? '&' : '?'}rewritten`;
      const { headers } = await world.ask('rewrite.example.com', marked, { headers: { cookie: 'a=b', 'x-tenant': 'red' } });
      assert.equal(headers['cache-control'], 'no-store');
      const found = world.seenByWeb.findLast(({ url }) => url.endsWith('rewritten'));
      for (const pod of world.web) pod.seen.splice(0);
      return [found?.url, found?.headers.host, found?.headers['x-tenant'], found?.headers.cookie];
    };
    assert.deepEqual(await seen('/api/x'), ['/v2/x?rewritten', 'api.internal', 'blue', undefined]);
    assert.deepEqual(await seen('/users/7/y?z'), ['/u/7/y?z&rewritten', 'rewrite.example.com', 'blue', undefined]);
  },
  cors: async (world) => {
    const marks = async (origin: string, method: string) => {
      const asking = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' };
      const { headers } = await world.ask('api.example.com', '/', { method, headers: { origin, ...(method === 'OPTIONS' && asking) } });
      return Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) => (name.startsWith('access-control-') ? [[name.slice(15), value]] : [])),
      );
    };
    for (const origin of ['https://app.example.com', 'https://x.preview.example.com']) {
      const both = { 'allow-origin': origin, 'allow-credentials': 'true' };
      assert.deepEqual(await marks(origin, 'GET'), { ...both, 'expose-headers': 'X-Total-Count' });
      const preflight = { 'allow-methods': 'GET, POST, PUT, DELETE', 'allow-headers': 'Content-Type, X-Requested-With', 'max-age': '3600' };
      assert.deepEqual(await marks(origin, 'OPTIONS'), { ...both, ...preflight });
    }
    assert.deepEqual(await marks('https://evil.example.com', 'GET'), {});
  },
  internal: async (world) => {
    const statusOf = async (path: string, client: string) => (await world.ask('internal.example.com', path, from(client))).status;
    assert.deepEqual(
      [await statusOf('/admin', '10.1.2.3'), await statusOf('/admin', 'fd00::7'), await statusOf('/', '192.0.2.1')],
      [200, 200, 200],
    );
    assert.deepEqual([await statusOf('/admin', '10.0.0.13'), await statusOf('/admin', '192.0.2.1')], [403, 403]);
    assert.equal(await statusOf('/metrics', '10.1.2.3'), 403);
  },
  sticky: async (world) => {
    const { headers } = await world.ask('sticky.example.com', '/');
    const [cookie = ''] = headers['set-cookie'] ?? [];
    assert.match(cookie, /^session=.+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/);
    const [value = ''] = cookie.split(';');
    const found = await whoAnswers(world, 'sticky.example.com', 16, { headers: { cookie: value } });
    assert.deepEqual([...found.keys()], [headers['x-pod']]);
  },
  hashed: async (world) => {
    for (const [path, byOne] of [
      ['/', (n: number) => ({ headers: { 'x-tenant': `tenant-${n}` } })],
      ['/users', (n: number) => ({ headers: { cookie: `user=user-${n}` } })],
      ['/files', (n: number) => from(`192.0.2.${n}`)],
    ] as const) {
      const pods = new Set<string>();
      for (let n = 0; n < 24; n++) {
        const found = await whoAnswers(world, 'hashed.example.com', 3, byOne(n), path);
        assert.equal(found.size, 1, `${path} ${n}`);
        pods.add([...found.keys()].join());
      }
      assert.ok(pods.size > 1, path);
    }
  },
  policy: async (world) => {
    const post = async (path: string): Promise<number> =>
      (await world.ask('policy.example.com', path, { method: 'POST', body: 'x'.repeat(2000) })).status;
    assert.deepEqual([await post('/'), await post('/upload')], [413, 200]);
  },
  'rate-limit': async (world) => {
    const login = async (client: string) => (await world.ask('limited.example.com', '/login', from(client))).status;
    assert.deepEqual([await login('192.0.2.1'), await login('192.0.2.1'), await login('192.0.2.1')], [200, 200, 429]);
    assert.equal(await login('192.0.2.2'), 200, 'each address by itself');
    const statusOf = async (client: string, key: string) =>
      (await world.ask('limited.example.com', '/', from(client, { 'x-api-key': key }))).status;
    const statuses = await Promise.all(Array.from({ length: 150 }, () => statusOf('192.0.2.1', 'one')));
    // Fifty at once, and ten for each second that it takes.
    assert.ok(statuses.filter((status) => status === 200).length >= 50);
    assert.ok(statuses.includes(429));
    assert.deepEqual([await statusOf('192.0.2.1', 'two'), await statusOf('10.1.2.3', 'one')], [200, 200]);
  },
  'request-limit': async (world) => {
    const held: { end(): unknown }[] = [];
    world.webOtherwise = ({ url }, response) => (url === '/report' ? held.push(response) : undefined);
    const ask = (path: string, client: string) => world.ask('exports.example.com', path, from(client));
    const reports = [ask('/report', '192.0.2.1'), ask('/report', '192.0.2.1')];
    await eventually('both are under way', () => held.length === 2);
    assert.deepEqual([(await ask('/', '192.0.2.1')).status, (await ask('/', '192.0.2.2')).status], [503, 200]);
    for (const response of held) response.end();
    await Promise.all(reports);
    await eventually('there is room', async () => (await ask('/', '192.0.2.1')).status === 200);
    world.webOtherwise = () => undefined;
  },
  compression: async (world) => {
    const page = '<p>again and again</p>'.repeat(200);
    world.webOtherwise = ({ url }, response) => {
      if (url !== '/page' && url !== '/account/page' && url !== '/picture') return undefined;
      return response.setHeader('content-type', url === '/picture' ? 'image/svg+xml' : 'text/html').end(page);
    };
    const ask = (path: string, accept: string) => world.ask('compressed.example.com', path, { headers: { 'accept-encoding': accept } });
    const [best, gzip] = [await ask('/page', 'gzip, br, zstd'), await ask('/page', 'gzip')];
    assert.deepEqual([best.headers['content-encoding'], gzip.headers['content-encoding']], ['zstd', 'gzip']);
    assert.deepEqual([String(zstdDecompressSync(best.body)), String(gunzipSync(gzip.body))], [page, page]);
    assert.equal((await ask('/page', 'br')).headers['content-encoding'], 'br');
    for (const path of ['/account/page', '/picture', '/'])
      assert.equal((await ask(path, 'gzip')).headers['content-encoding'], undefined, path);
    world.webOtherwise = () => undefined;
  },
  mirror: async (world) => {
    const copies = () => world.next.seen.filter(({ url, headers }) => url === '/copied' && headers['x-smartproxy-mirror'] === '1').length;
    const post = (bytes: number) => world.ask('mirrored.example.com', '/copied', { method: 'POST', body: 'x'.repeat(bytes) });
    for (let n = 0; n < 8; n++) assert.equal(text(await post(16 * 1024)), 'web');
    await eventually('half of them are copied', () => copies() === 4);
    for (let n = 0; n < 8; n++) await post(16 * 1024 + 1);
    for (let n = 0; n < 8; n++) await post(1);
    await eventually('half of those that are not too large', () => copies() === 8);
  },
  buffering: async (world) => {
    const ask = async (options: ExampleAsk) => (await world.ask('buffered.example.com', '/', options)).status;
    assert.equal(await ask({ method: 'POST', body: 'x'.repeat(1024) }), 200);
    assert.equal(await ask({ method: 'POST', body: 'x'.repeat(1025) }), 413);
    assert.equal(await ask({ headers: { 'x-long': 'x'.repeat(2048) } }), 431);
    const held = world.open('buffered.example.com', '/held', { method: 'PUT', headers: { 'content-length': '10' } });
    held.write('12345');
    for (let n = 0; n < 10; n++) await ask({});
    assert.equal(
      world.seenByWeb.some(({ url }) => url === '/held'),
      false,
    );
    const answered = new Promise((resolve) => held.once('response', resolve));
    held.end('67890');
    await answered;
    assert.equal(
      world.seenByWeb.some(({ url }) => url === '/held'),
      true,
    );
    held.destroy();
  },
  'error-pages': async (world) => {
    world.webOtherwise = ({ url }, response) =>
      /^\/\d{3}$/.test(url) ? response.writeHead(Number(url.slice(1))).end('an error') : undefined;
    const page = async (path: string) => {
      const answer = await world.ask('errors.example.com', path);
      return [answer.status, text(answer)];
    };
    assert.deepEqual(await page('/404'), [404, '<h1>Nothing here</h1>']);
    assert.deepEqual(await page('/410'), [410, '<h1>Nothing here</h1>']);
    assert.deepEqual(await page('/500'), [500, 'an error'], 'what backends say stays');
    assert.deepEqual(await page('/internal'), [200, 'web-next']);
    assert.equal(world.next.last?.headers['x-code'], '403');
    world.webOtherwise = () => undefined;
  },
  resilience: async (world) => {
    const host = 'resilience.example.com';
    const [first] = world.web;
    let failures: readonly (number | 'reset')[] = [];
    world.webOtherwise = ({ url }, response) => {
      if (url === '/healthz') return undefined;
      const [failure, ...rest] = failures;
      failures = rest;
      if (failure === undefined) return undefined;
      return failure === 'reset' ? response.destroy() : response.writeHead(failure).end();
    };
    for (const failure of [502, 503, 'reset'] as const) {
      failures = [failure, failure];
      assert.equal((await world.ask(host, '/')).status, 200, String(failure));
      // A connection that was kept and is gone has an attempt for itself.
      failures = failure === 'reset' ? [] : [failure, failure, failure];
      assert.equal((await world.ask(host, '/')).status, failure === 'reset' ? 200 : failure, `twice is enough: ${failure}`);
      failures = [];
      await bothAnswer(world, host, `/after-${failure}`);
    }
    await eventually('both are asked whether they are well', () =>
      world.web.every(({ seen }) => seen.some(({ url }) => url === '/healthz')),
    );
    // Five errors in a row, and it is out for ten seconds.
    world.webOtherwise = () => undefined;
    first.otherwise = ({ url }, response) => (url === '/bad' ? response.writeHead(500).end() : undefined);
    const statuses: number[] = [];
    for (let n = 0; n < 60; n++) statuses.push((await world.ask(host, '/bad')).status);
    assert.equal(statuses.filter((status) => status === 500).length, 5);
    world.webOtherwise = () => undefined;
  },
};

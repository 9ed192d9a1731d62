import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { AdminServer, type DebugPage, PageStream } from '../../../src/observability/admin-server.ts';
import { AdminToken } from '../../../src/observability/admin-token.ts';
import { debugConfig } from '../../../src/observability/debug-config.ts';
import { Exposition } from '../../../src/observability/exposition.ts';
import type { MetricSource } from '../../../src/observability/metric-source.ts';
import type { ReadinessCheck } from '../../../src/observability/readiness.ts';
import { StatusServer } from '../../../src/observability/status-server.ts';
import { parseExposition } from '../../tools/exposition-parser.ts';
import { fleetOf, metricSource, someTraffic } from '../../tools/metric-source.ts';
import { parseOpenMetrics } from '../../tools/openmetrics-parser.ts';
import { tinyConfig } from '../../tools/tiny-table.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function ask(port: number, path: string, { method = 'GET', host = `localhost:${port}`, accept = '*/*', site = '' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers: { host, accept, ...(site !== '' && { 'sec-fetch-site': site }) }, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function statusServer(
  context: TestContext,
  changes: { readiness?: () => readonly ReadinessCheck[]; gather?: () => Promise<MetricSource> } = {},
) {
  const errors: unknown[] = [];
  const server = new StatusServer({
    address: '127.0.0.1',
    port: 0,
    readiness: changes.readiness ?? (() => []),
    exposition: new Exposition(changes.gather ?? (async () => metricSource(fleetOf(someTraffic)))),
    onError: (error) => errors.push(error),
  });
  context.after(() => server.close());
  return { port: (await server.start()).port, errors };
}

const noToken = new AdminToken(undefined);

async function adminServer(context: TestContext, pages: Readonly<Record<string, DebugPage>>) {
  const errors: unknown[] = [];
  const server = new AdminServer({ address: '127.0.0.1', port: 0, pages, token: noToken, onError: (error) => errors.push(error) });
  context.after(() => server.close());
  return { port: (await server.start()).port, errors };
}

test('StatusServer: healthy at once, ready only when nothing speaks against it', async (context) => {
  let state: ReadinessCheck['state'] = 'failed';
  const { port } = await statusServer(context, { readiness: () => [{ name: 'table', state, reason: 'waiting', message: 'no table yet' }] });
  assert.deepEqual(await ask(port, '/healthz'), { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' });
  assert.deepEqual(await ask(port, '/readyz'), {
    status: 503,
    type: 'text/plain; charset=utf-8',
    body: '[-]table: waiting: no table yet\nreadyz check failed\n',
  });
  state = 'ok';
  assert.equal((await ask(port, '/readyz')).body, 'ok\n');
  assert.equal((await ask(port, '/readyz?verbose')).body, '[+]table: ok\nreadyz check passed\n');
});

test('StatusServer: metrics parse and carry the content type of the text format', async (context) => {
  const { port } = await statusServer(context);
  const { status, type, body } = await ask(port, '/metrics');
  assert.equal(status, 200);
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(parseExposition(body).get('smartproxy_connections_accepted_total')?.samples[0]?.value, 3);
});

test('StatusServer: a scraper that asks for OpenMetrics gets it', async (context) => {
  const { port } = await statusServer(context);
  const { type, body } = await ask(port, '/metrics', { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' });
  assert.equal(type, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.equal(parseOpenMetrics(body).get('smartproxy_connections_accepted')?.samples[0]?.value, 3);
});

test('StatusServer: a scrape that fails is a 500 without its reason, which is told to the owner', async (context) => {
  const { port, errors } = await statusServer(context, { gather: () => Promise.reject(new Error('inner detail')) });
  const { status, body } = await ask(port, '/metrics');
  assert.equal(status, 500);
  assert.ok(!body.includes('inner detail'));
  assert.equal((errors[0] as Error).message, 'inner detail');
});

test('StatusServer: other paths and methods are refused', async (context) => {
  const { port } = await statusServer(context);
  assert.equal((await ask(port, '/debug/routes')).status, 404);
  assert.equal((await ask(port, '/healthz', { method: 'POST' })).status, 405);
});

test('AdminServer: pages are JSON and get their query', async (context) => {
  const { port } = await adminServer(context, { '/debug/connections': (query) => ({ limit: query.get('limit') }) });
  const { status, type, body } = await ask(port, '/debug/connections?limit=5');
  assert.deepEqual([status, type, JSON.parse(body)], [200, 'application/json', { limit: '5' }]);
});

test('AdminServer: DELETE and PUT change what their query names, where that is offered, and nothing else', async (context) => {
  const asked: (string | null)[] = [];
  const change = async (query: URLSearchParams) => {
    asked.push(query.get('id'));
    return query.get('id') === 'a-1' ? 1 : query.get('id') === null ? 'say which' : 0;
  };
  const [removals, additions] = [{ '/debug/connections': change }, { '/debug/config': change }];
  const pages = { '/debug/connections': () => [], '/debug/config': () => ({}) };
  const server = new AdminServer({
    address: '127.0.0.1',
    port: 0,
    pages,
    removals,
    additions,
    token: { refusalOf: async () => undefined },
    onError: (error) => assert.fail(String(error)),
  });
  context.after(() => server.close());
  const { port } = await server.start();
  assert.equal((await ask(port, '/debug/connections?id=a-1', { method: 'DELETE' })).status, 200);
  assert.equal((await ask(port, '/debug/connections?id=gone', { method: 'DELETE' })).status, 404);
  assert.equal((await ask(port, '/debug/config', { method: 'DELETE' })).status, 405);
  assert.equal((await ask(port, '/debug/connections?id=a-1', { method: 'POST' })).status, 405);
  assert.equal((await ask(port, '/debug/connections', { method: 'OPTIONS' })).status, 405);
  assert.equal((await ask(port, '/debug/connections?id=a-1', { method: 'PUT' })).status, 405);
  assert.equal((await ask(port, '/debug/config?id=a-1', { method: 'POST' })).status, 405);
  assert.deepEqual(asked, ['a-1', 'gone']);
  assert.equal((await ask(port, '/debug/connections', { method: 'DELETE' })).status, 400);
  assert.equal((await ask(port, '/debug/config?id=a-1', { method: 'PUT' })).status, 200);
});

test('AdminServer: refuses every address but loopback', () => {
  for (const address of ['0.0.0.0', '::', '10.0.0.1', 'localhost', '']) {
    assert.throws(
      () => new AdminServer({ address, port: 0, pages: {}, token: noToken, onError: () => {} }),
      { code: 'CONFIG_INVALID' },
      address,
    );
  }
  for (const address of ['127.0.0.1', '127.1.2.3', '::1'])
    new AdminServer({ address, port: 0, pages: {}, token: noToken, onError: () => {} });
});

test('AdminServer: a Host that is not this machine is refused (DNS rebinding)', async (context) => {
  const { port } = await adminServer(context, { '/debug/routes': () => 'secret enough' });
  for (const host of ['rebind.example.com', `rebind.example.com:${port}`, '127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1']) {
    const { status, body } = await ask(port, '/debug/routes', { host });
    assert.equal(status, 403, host);
    assert.ok(!body.includes('secret enough'));
  }
  for (const host of ['localhost', `LOCALHOST:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    assert.equal((await ask(port, '/debug/routes', { host })).status, 200, host);
  }
});

test('AdminServer: a page of another site, or of another port of this machine, has nothing made for it', async (context) => {
  let made = 0;
  const { port } = await adminServer(context, { '/debug/tap': () => ++made });
  for (const site of ['cross-site', 'same-site', 'whatever-comes']) {
    const { status, body } = await ask(port, '/debug/tap?seconds=3600', { site });
    assert.equal(status, 403, site);
    assert.match(body, /a page of another site asked for this; type the address, or start at the web UI/);
  }
  assert.equal(made, 0);
  for (const site of ['same-origin', 'none', '']) assert.equal((await ask(port, '/debug/tap', { site })).status, 200, site);
});

test('AdminServer: a question mark within the query belongs to it', async (context) => {
  const { port } = await adminServer(context, { '/debug/explain': (query) => ({ url: query.get('url') }) });
  const { body } = await ask(port, '/debug/explain?url=http://shop.localhost/a?b=c?d');
  assert.deepEqual(JSON.parse(body), { url: 'http://shop.localhost/a?b=c?d' });
});

test('AdminServer: whoever reads a long answer slowly is waited for without a listener for each wait', async (context) => {
  const waits = 50;
  let listeners = 0;
  const { port } = await adminServer(context, {
    '/debug/tap': () =>
      new PageStream(async function* (signal) {
        for (let line = 0; line < waits; line++) {
          yield 'x'.repeat(1024 ** 2);
          listeners = Math.max(listeners, getEventListeners(signal, 'abort').length);
        }
      }),
  });
  const { body } = await ask(port, '/debug/tap');
  assert.equal(body.split('\n').length, waits + 1);
  assert.ok(listeners <= 1, `${listeners} listeners`);
});

test('AdminServer: only GET, only known pages, and no way into the object prototype', async (context) => {
  const { port } = await adminServer(context, { '/debug/routes': () => [] });
  assert.equal((await ask(port, '/debug/routes', { method: 'POST' })).status, 405);
  assert.equal((await ask(port, 'constructor')).status >= 400, true);
  assert.equal((await ask(port, '/nothing')).status, 404);
});

test('AdminServer: a page that throws is a 500 without its reason', async (context) => {
  const { port, errors } = await adminServer(context, {
    '/debug/routes': () => {
      throw new Error('inner detail');
    },
  });
  const { status, body } = await ask(port, '/debug/routes');
  assert.equal(status, 500);
  assert.ok(!body.includes('inner detail'));
  assert.equal(errors.length, 1);
});

test('AdminServer: a port that is taken is ADDRESS_IN_USE', async (context) => {
  const { port } = await adminServer(context, {});
  const second = new AdminServer({ address: '127.0.0.1', port, pages: {}, token: noToken, onError: () => {} });
  await assert.rejects(second.start(), { code: 'ADDRESS_IN_USE' });
});

test('debugConfig: shows every field, and only whether secrets have a place', () => {
  const config = tinyConfig({ snapshotKeyFile: '/run/keys/snapshot' });
  const shown = debugConfig(config);
  assert.deepEqual(Object.keys(shown), Object.keys(config));
  assert.equal(shown.snapshotKeyFile, '[redacted]');
  assert.equal(shown.kubeconfig, null);
  assert.equal(shown.accessLog, 'off');
});

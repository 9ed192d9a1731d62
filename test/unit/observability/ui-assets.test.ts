import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { AdminServer } from '../../../src/observability/admin-server.ts';
import { keptOnceMade } from '../../../src/observability/kept-once-made.ts';
import { loadUiAssets } from '../../../src/observability/ui/load-ui-assets.ts';
import { strippedModules } from '../../../src/observability/ui/stripped-modules.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(port: number, path: string, { method = 'GET', headers = {} }: Asked = {}) {
  const sent = request({ host: '127.0.0.1', port, path, method, headers: { host: 'localhost', ...headers }, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += chunk;
  return { status: answer.statusCode, headers: answer.headers, body };
}

async function adminServer(t: TestContext, assets = () => loadUiAssets('1.2.3')) {
  const errors: unknown[] = [];
  const token = { refusalOf: async () => undefined };
  const server = new AdminServer({ address: '127.0.0.1', port: 0, pages: {}, token, assets, onError: (error) => errors.push(error) });
  t.after(() => server.close());
  return { port: (await server.start()).port, errors };
}

test('web UI: the page and all that it loads come from here, and nothing else may run or be loaded', async (t) => {
  const { port } = await adminServer(t);
  const page = await ask(port, '/');
  assert.equal(page.status, 200);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  const policy = String(page.headers['content-security-policy']).split('; ');
  assert.deepEqual(policy.toSorted(), [
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "script-src 'self'",
    "style-src 'self'",
  ]);
  assert.match(page.body, /name="program-version" content="1\.2\.3"/);
  assert.doesNotMatch(page.body, /<script>|<style|\son\w+=|style=|https?:/);
  const found = [...page.body.matchAll(/(?:src|href)="(?!#)([^"]+)"/g)].map(([, path = '']) => path);
  assert.ok(found.length >= 3);
  for (const path of found) {
    assert.doesNotMatch(path, /^\/|:/, 'relative, for whatever port it is reached by');
    const { status, headers } = await ask(port, `/${path}`);
    assert.equal(status, 200, path);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('web UI: a browser that has a file is not sent it again, and asks each time', async (t) => {
  const { port } = await adminServer(t);
  const { headers } = await ask(port, '/ui/style.css');
  const etag = String(headers.etag);
  assert.equal(headers['cache-control'], 'no-cache');
  for (const known of [etag, `"other", W/${etag}`]) {
    const again = await ask(port, '/ui/style.css', { headers: { 'if-none-match': known } });
    assert.deepEqual([again.status, again.body, again.headers.etag], [304, '', etag]);
  }
  assert.equal((await ask(port, '/ui/style.css', { headers: { 'if-none-match': '"other"' } })).status, 200);
  const head = await ask(port, '/ui/style.css', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', headers['content-length']]);
});

test('web UI: other paths, methods and hosts get nothing', async (t) => {
  const { port } = await adminServer(t);
  for (const path of ['/ui', '/ui/', '/ui/../package.json', '/ui/..%2fpackage.json', '/ui/browser/app.ts', '/ui/constructor', '//']) {
    assert.equal((await ask(port, path)).status, 404, path);
  }
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await ask(port, '/', { method })).status, 405, method);
  assert.equal((await ask(port, '/', { headers: { host: 'rebind.example.com' } })).status, 403);
});

test('web UI: files that cannot be read are a 500 without its reason, which is told to the owner', async (t) => {
  const { port, errors } = await adminServer(t, () => Promise.reject(new Error('inner detail')));
  const { status, body } = await ask(port, '/');
  assert.equal(status, 500);
  assert.ok(!body.includes('inner detail'));
  assert.equal((errors[0] as Error).message, 'inner detail');
});

test('web UI: files that could not be read are read again when they are asked for the next time, and then no more', async (t) => {
  let reads = 0;
  const assets = keptOnceMade(() => (reads++ === 0 ? Promise.reject(new Error('no descriptors left')) : loadUiAssets('1.2.3')));
  const { port } = await adminServer(t, assets);
  assert.equal((await ask(port, '/')).status, 500);
  assert.equal((await ask(port, '/')).status, 200);
  assert.equal((await ask(port, '/ui/style.css')).status, 200);
  assert.equal(reads, 2);
});

test('web UI: pages of other sites may link to it, and take none of its files', async (t) => {
  const { port } = await adminServer(t);
  const from = (path: string, site: string) => ask(port, path, { headers: { 'sec-fetch-site': site } });
  for (const site of ['same-origin', 'none']) assert.equal((await from('/ui/style.css', site)).status, 200, site);
  for (const site of ['cross-site', 'same-site']) {
    assert.equal((await from('/', site)).status, 200, site);
    assert.equal((await from('/ui/style.css', site)).status, 403, site);
  }
});

test('web UI: from sources its modules lose their types and find each other; what browsers cannot have is refused', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'smartproxy-ui-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const root = pathToFileURL(`${folder}/`);
  await writeFile(
    join(folder, 'entry.ts'),
    "import type { A } from 'node:fs';\nimport {\n  b,\n} from './b.ts';\nexport const from: A = b;\n",
  );
  await writeFile(join(folder, 'b.ts'), "export const b: string = 'c.ts';\nexport { d } from './d.ts';\nimport './entry.ts';\n");
  await writeFile(join(folder, 'd.ts'), 'export const d = 1;\n');
  const modules = await strippedModules(new URL('entry.ts', root), root);
  assert.deepEqual([...modules.keys()].toSorted(), ['app.js', 'b.js', 'd.js', 'entry.js']);
  assert.equal(modules.get('app.js'), "import './entry.js';\n");
  assert.match(modules.get('entry.js') ?? '', /from '\.\/b\.js';\nexport const from\s+= b;/);
  assert.match(modules.get('b.js') ?? '', /'c\.ts';\nexport \{ d \} from '\.\/d\.js';\nimport '\.\/entry\.js';/);

  await writeFile(join(folder, 'd.ts'), "import { readFile } from 'node:fs';\nexport const d = readFile;\n");
  await assert.rejects(strippedModules(new URL('entry.ts', root), root), /Cannot give .*d\.ts to browsers: it imports node:fs/);
});

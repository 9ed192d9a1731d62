import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KubernetesSource } from '../../../src/sources/kubernetes/kubernetes-source.ts';
import { eventually } from '../../tools/eventually.ts';
import { RecordedLog } from '../../tools/recorded-log.ts';
import { ScriptedApi, sendJson } from '../../tools/scripted-api.ts';

const pages = { metadata: { name: 'pages', namespace: 'shop', resourceVersion: '1' }, data: { '404.html': 'x' } };

/** A source on an API server that has nothing but one ConfigMap. @param mayRead whether the account may list ConfigMaps */
async function opened(context: TestContext, mayRead: () => boolean) {
  const api = await ScriptedApi.start((_, response, url) => {
    const isOfConfigMaps = url.pathname.endsWith('/configmaps');
    if (url.pathname === '/api/v1') sendJson(response, 200, { resources: [{ name: 'configmaps' }] });
    else if (url.pathname.startsWith('/apis/') && url.pathname.split('/').length === 4) sendJson(response, 404, {});
    else if (isOfConfigMaps && !mayRead()) sendJson(response, 403, { message: 'configmaps is forbidden' });
    else if (url.searchParams.get('watch') === 'true') response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    else sendJson(response, 200, { metadata: { resourceVersion: '1' }, items: isOfConfigMaps ? [pages] : [] });
  });
  const source = new KubernetesSource({
    client: api.client,
    config: { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: 'own', acme: false },
    log: new RecordedLog(),
    timings: { firstRetryMs: 5, maxRetryMs: 20 },
  });
  context.after(async () => {
    await source.close();
    await api.close();
  });
  await source.start();
  return { api, source };
}

test('ConfigMaps: those with the label of error pages are asked for and no others, and are there from the start', async (context) => {
  const { api, source } = await opened(context, () => true);
  assert.deepEqual([...source.store.snapshot().of('ConfigMap').keys()], ['shop/pages']);
  const asked = () => api.requests.filter(({ url }) => url.pathname.endsWith('/configmaps')).map(({ url }) => url.searchParams);
  await eventually('they are watched', () => asked().some((query) => query.get('watch') === 'true'));
  for (const query of asked()) assert.equal(query.get('labelSelector'), 'smartproxy.dev/error-pages=true');
});

test('ConfigMaps: who may not read them starts without, says so, and reads them as soon as it may', async (context) => {
  let mayRead = false;
  const { source } = await opened(context, () => mayRead);
  assert.deepEqual([source.store.synced, source.store.count('ConfigMap')], [true, 0]);
  await eventually('it says so', () => source.store.problems().some(({ where }) => where === 'configmaps'));
  mayRead = true;
  await eventually('they are read', () => source.store.count('ConfigMap') === 1);
  await eventually('nothing is wrong any more', () => source.store.problems().length === 0);
});

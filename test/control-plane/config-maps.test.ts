import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { KubernetesSource } from '../../src/sources/kubernetes/kubernetes-source.ts';
import type { ControlPlane } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { account, own, startInstalledPlane } from '../tools/installed-plane.ts';
import { type AnyObject, create, patch, remove } from '../tools/objects.ts';
import { RecordedLog } from '../tools/recorded-log.ts';
import { installObjects, isRbac, kubectlWith } from '../tools/shipped-manifests.ts';

const label = 'smartproxy.dev/error-pages';

let plane: ControlPlane;
let admin: ApiClient;
const cleanups: (() => Promise<unknown>)[] = [];

before(async () => {
  plane = await startInstalledPlane();
  admin = plane.client();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

async function configMap(name: string, data: object, labels: object = {}): Promise<AnyObject> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name, labels }, data };
  await create(admin, object);
  cleanups.push(() => remove(admin, object).catch(() => undefined));
  return object;
}

async function opened(): Promise<KubernetesSource> {
  const client = plane.client(account.token);
  const source = new KubernetesSource({
    client,
    config: { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: own, acme: false },
    log: new RecordedLog(),
    timings: { firstRetryMs: 20, maxRetryMs: 100, firstLookMs: 50, maxLookMs: 100 },
  });
  cleanups.push(async () => {
    await source.close();
    client.close();
  });
  await source.start();
  return source;
}

const keys = (source: KubernetesSource): readonly string[] => [...source.store.snapshot().of('ConfigMap').keys()];

test('ConfigMaps: with the shipped ClusterRole those with the label are read, and no others, from the start and as they change', async () => {
  const pages = await configMap('pages', { '404.html': 'one' }, { [label]: 'true' });
  const others = await configMap('others', { password: 'hunter2' });
  await configMap('off', { password: 'hunter2' }, { [label]: 'false' });
  const source = await opened();
  assert.deepEqual(keys(source), ['default/pages']);
  const text = () => source.store.get('ConfigMap', 'default/pages')?.data?.['404.html'];
  assert.equal(text(), 'one');
  await patch(admin, pages, { data: { '404.html': 'two' } });
  await eventually('its new content', () => text() === 'two');
  await patch(admin, others, { metadata: { labels: { [label]: 'true' } } });
  await eventually('one that gets the label', () => keys(source).includes('default/others'));
  await patch(admin, others, { metadata: { labels: { [label]: null } } });
  await eventually('and loses it', () => !keys(source).includes('default/others'));
  await remove(admin, pages);
  await eventually('its end', () => keys(source).length === 0);
  assert.ok(source.health().some(({ resource, healthy }) => resource === 'configmaps' && healthy));
});

test('ConfigMaps: who may not read them starts without, says so, and reads them as soon as it may', async () => {
  await configMap('pages', { '404.html': 'one' }, { [label]: 'true' });
  const rbac = installObjects().filter(isRbac);
  const without = rbac.map((object) => {
    if (object.kind !== 'ClusterRole') return object;
    const rules = (object as unknown as { readonly rules: readonly { readonly resources: readonly string[] }[] }).rules;
    return { ...object, rules: rules.filter(({ resources }) => !resources.includes('configmaps')) };
  });
  await kubectlWith(plane, 'apply', without);
  cleanups.push(() => kubectlWith(plane, 'apply', rbac));
  const source = await opened();
  assert.equal(source.store.synced, true);
  assert.deepEqual(keys(source), []);
  await eventually('it says so', () =>
    source.store.problems().some(({ where, message }) => where === 'configmaps' && message.includes('configmaps')),
  );
  await kubectlWith(plane, 'apply', rbac);
  await eventually('they are read', () => keys(source).length === 1);
  await eventually('nothing is wrong any more', () => source.store.problems().length === 0);
});

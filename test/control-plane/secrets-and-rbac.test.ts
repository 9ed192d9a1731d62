import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { ApiClient, ApiRequest } from '../../src/sources/kubernetes/api-client.ts';
import { hasStatus } from '../../src/sources/kubernetes/api-error.ts';
import { KubernetesSource, type KubernetesSourceConfig } from '../../src/sources/kubernetes/kubernetes-source.ts';
import { ControlPlane, serviceAccountUser } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { create, endpointSlice, hostTo, ingress, namespace, patch, remove, secret, service } from '../tools/objects.ts';
import { RecordedLog } from '../tools/recorded-log.ts';
import { chartObjects, installObjects, isRbac, kubectlWith, type kustomizations, kustomizedObjects } from '../tools/shipped-manifests.ts';

const account = serviceAccountUser('smartproxy-ingress', 'smartproxy-ingress');

let plane: ControlPlane;
let admin: ApiClient;
const cleanups: (() => Promise<unknown>)[] = [];

before(async () => {
  plane = await ControlPlane.start([account]);
  admin = plane.client();
  await kubectlWith(
    plane,
    'apply',
    installObjects().filter(({ kind }) => kind === 'Namespace' || kind === 'ServiceAccount'),
  );
  await create(admin, namespace('default')).catch(() => undefined);
  await create(admin, namespace('other'));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

/** Applies the roles and bindings of a kustomization until the end of the test. */
async function applied(kustomization: keyof typeof kustomizations): Promise<void> {
  const rbac = (await kustomizedObjects(plane, kustomization)).filter(isRbac);
  await kubectlWith(plane, 'apply', rbac);
  cleanups.push(() => kubectlWith(plane, 'delete', rbac));
}

function open(config: Partial<KubernetesSourceConfig>): KubernetesSource {
  const client = plane.client(account.token);
  const source = new KubernetesSource({
    client,
    config: { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: 'smartproxy-ingress', acme: false, ...config },
    log: new RecordedLog(),
    timings: { firstRetryMs: 20, maxRetryMs: 100 },
  });
  cleanups.push(async () => {
    await source.close();
    client.close();
  });
  return source;
}

async function made<T extends Parameters<typeof create>[1]>(object: T): Promise<T> {
  await create(admin, object);
  cleanups.push(() => remove(admin, object));
  return object;
}

/** What a client asks for from now on. */
function recordRequests(client: ApiClient): ApiRequest[] {
  const requests: ApiRequest[] = [];
  const json = client.json.bind(client);
  client.json = (request) => {
    requests.push(request);
    return json(request);
  };
  return requests;
}

function hasSecret(source: KubernetesSource, key: string): boolean {
  return source.store.get('Secret', key) !== undefined;
}

function decoded(source: KubernetesSource, key: string): string {
  return Buffer.from(source.store.get('Secret', key)?.data?.['tls.crt'] ?? '', 'base64').toString();
}

test('Secrets: with the shipped ClusterRole only referenced ones are read, and they are followed', async () => {
  await applied('base');
  const tls = await made(secret('default', 'tls', { 'tls.crt': 'one' }));
  await made(secret('default', 'password', { password: 'hunter2' }));
  const source = open({});
  const asked = recordRequests(source.client);
  await source.start();
  assert.equal(source.store.count('Secret'), 0);
  source.setReferencedSecrets(['default/tls', 'default/later', 'other/missing']);
  await eventually('the referenced Secret', () => decoded(source, 'default/tls') === 'one');
  await patch(admin, tls, { stringData: { 'tls.crt': 'two' } });
  await eventually('its new content', () => decoded(source, 'default/tls') === 'two');
  await made(secret('default', 'later', { 'tls.crt': 'three' }));
  await eventually('a Secret that came after its reference', () => decoded(source, 'default/later') === 'three');
  await remove(admin, tls);
  await eventually('its deletion', () => !hasSecret(source, 'default/tls'));
  source.setReferencedSecrets([]);
  assert.equal(source.store.count('Secret'), 0);
  const secretRequests = asked.filter(({ path }) => path.includes('/secrets'));
  const names = new Set(secretRequests.flatMap(({ path }) => path.split('/secrets/')[1] ?? []));
  assert.deepEqual([...names].sort(), ['later', 'tls']);
  for (const { path, accept } of secretRequests) if (path.endsWith('/secrets')) assert.match(accept ?? '', /PartialObjectMetadata/);
  assert.ok(source.health().every(({ healthy }) => healthy));
});

test('Secrets: those that the first snapshot refers to are there when the store is synced', async () => {
  await applied('base');
  await made(secret('default', 'tls', { 'tls.crt': 'one' }));
  await made(ingress('default', 'web', hostTo('web.test', 'web', { tls: [{ hosts: ['web.test'], secretName: 'tls' }] })));
  const client = plane.client(account.token);
  const source = new KubernetesSource({
    client,
    config: { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: 'smartproxy-ingress', acme: false },
    log: new RecordedLog(),
    referencedSecrets: (snapshot) =>
      [...snapshot.of('Ingress').values()].flatMap(({ spec }) => (spec?.tls ?? []).map(({ secretName }) => `default/${secretName}`)),
  });
  cleanups.push(async () => {
    await source.close();
    client.close();
  });
  const seen: boolean[] = [];
  source.store.subscribe(() => source.store.synced && seen.push(hasSecret(source, 'default/tls')));
  await source.start();
  assert.equal(seen[0], true);
});

test('Secrets: with --secret-names a Role for just these names is enough', async () => {
  await applied('namedSecrets');
  const source = open({ secretNames: ['default/shop-tls'] });
  await made(secret('default', 'not-shop-tls', { 'tls.crt': 'no' }));
  const tls = await made(secret('default', 'shop-tls', { 'tls.crt': 'one' }));
  await source.start();
  assert.equal(decoded(source, 'default/shop-tls'), 'one');
  await patch(admin, tls, { stringData: { 'tls.crt': 'two' } });
  await eventually('its new content', () => decoded(source, 'default/shop-tls') === 'two');
  source.setReferencedSecrets(['default/not-shop-tls']);
  await remove(admin, tls);
  await eventually('its deletion', () => !hasSecret(source, 'default/shop-tls'));
  assert.equal(source.store.count('Secret'), 0);
});

test('Namespaced mode: works with Roles alone and sees nothing of other namespaces', async () => {
  await applied('singleNamespace');
  await made(service('default', 'web'));
  await made(service('other', 'web'));
  await made(service('smartproxy-ingress', 'smartproxy-ingress'));
  await made(secret('default', 'tls', { 'tls.crt': 'one' }));
  const source = open({ watchNamespaces: ['default'], publishService: 'smartproxy-ingress/smartproxy-ingress' });
  await source.start();
  assert.ok(source.store.get('Service', 'default/web'));
  assert.ok(source.store.get('Service', 'smartproxy-ingress/smartproxy-ingress'));
  assert.equal(source.store.get('Service', 'other/web'), undefined);
  assert.equal(source.store.count('IngressClass') + source.store.count('Namespace'), 0);
  source.setReferencedSecrets(['default/tls']);
  await eventually('the referenced Secret', () => decoded(source, 'default/tls') === 'one');
  assert.ok(source.health().every(({ healthy }) => healthy));
});

test('Namespaced mode: Secrets of the own namespace that are referred to are followed by name, and what a Role does not name is told', async () => {
  const rbac = chartObjects('namespaced').filter(isRbac);
  await kubectlWith(plane, 'apply', rbac);
  cleanups.push(() => kubectlWith(plane, 'delete', rbac));
  const own = 'smartproxy-ingress';
  const ca = await made(secret(own, 'backend-ca', { 'tls.crt': 'one' }));
  await made(secret(own, 'password', { 'tls.crt': 'hunter2' }));
  const client = plane.client(account.token);
  const source = new KubernetesSource({
    client,
    config: { watchNamespaces: ['default', 'other'], secretNames: [], publishService: undefined, podNamespace: own, acme: false },
    log: new RecordedLog(),
    referencedSecrets: () => [`${own}/backend-ca`, `${own}/password`],
    timings: { firstRetryMs: 20, maxRetryMs: 100 },
  });
  cleanups.push(async () => {
    await source.close();
    client.close();
  });
  await source.start();
  assert.equal(decoded(source, `${own}/backend-ca`), 'one', 'it is there at the start');
  assert.equal(hasSecret(source, `${own}/password`), false);
  assert.deepEqual(
    source.store.problems().map(({ where }) => where),
    [`secret ${own}/password`],
  );
  await patch(admin, ca, { stringData: { 'tls.crt': 'two' } });
  await eventually('its new content', () => decoded(source, `${own}/backend-ca`) === 'two');
  source.setReferencedSecrets([`${own}/backend-ca`]);
  await eventually('what nobody refers to is no trouble', () => source.store.problems().length === 0);
  source.setReferencedSecrets([]);
  await eventually('it is let go of', () => source.store.count('Secret') === 0);
});

test('Namespaced mode: with ACME the replicas behind the publishing Service are seen, and nothing else of their namespace', async () => {
  const rbac = chartObjects('acme-namespaced').filter(isRbac);
  await create(admin, namespace('shop'));
  await kubectlWith(plane, 'apply', rbac);
  cleanups.push(() => kubectlWith(plane, 'delete', rbac));
  const own = 'smartproxy-ingress';
  await made(service(own, own));
  await made(endpointSlice(own, own, ['10.244.0.20'], 8080));
  await made(endpointSlice(own, 'other', ['10.244.0.30'], 8080));
  const source = open({ watchNamespaces: ['shop'], publishService: `${own}/${own}`, acme: true });
  await source.start();
  assert.deepEqual([...source.store.snapshot().of('EndpointSlice').keys()], [`${own}/${own}-slice`]);
  assert.ok(source.health().every(({ healthy }) => healthy));
});

test('RBAC: a missing verb is reported by resource, and picked up when it is granted', async () => {
  await applied('singleNamespace');
  const source = open({ watchNamespaces: ['default', 'other'] });
  const started = source.start();
  await eventually('the forbidden resources', () => source.store.problems().length === 5);
  assert.deepEqual(
    source.store
      .problems()
      .map(({ where }) => where)
      .sort(),
    ['configmaps in other', 'endpointslices in other', 'ingresses in other', 'secrets in other', 'services in other'],
  );
  assert.match(source.store.problems()[0]?.message ?? '', /403 .*cannot list resource/);
  assert.equal(source.store.synced, false);
  const yaml = await plane.kubectl('get', 'role,rolebinding', '-n', 'default', '-o', 'json');
  const copies = JSON.parse(yaml) as { items: { kind: string; metadata: { name: string }; apiVersion: string }[] };
  for (const item of copies.items) {
    await made({ ...item, metadata: { name: item.metadata.name, namespace: 'other' } });
  }
  await started;
  assert.equal(source.store.synced, true);
});

test('RBAC: the shipped ClusterRole allows what is used and nothing else that writes', async () => {
  await applied('base');
  const controller = plane.client(account.token);
  cleanups.push(async () => controller.close());
  const web = await made(ingress('default', 'web', hostTo('web.test', 'web')));
  await assert.rejects(patch(controller, web, { spec: { ingressClassName: 'x' } }), (error) => hasStatus(error, 403));
  await assert.rejects(remove(controller, web), (error) => hasStatus(error, 403));
  await assert.rejects(create(controller, secret('default', 'mine', {})), (error) => hasStatus(error, 403));
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'default', name: 'smartproxy-ingress-leader' },
  };
  await assert.rejects(create(controller, lease), (error) => hasStatus(error, 403));
});

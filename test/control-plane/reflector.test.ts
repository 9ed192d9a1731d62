import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { ClusterConfig } from '../../src/sources/kubernetes/cluster-config.ts';
import { KubernetesSource } from '../../src/sources/kubernetes/kubernetes-source.ts';
import type { ReflectorTimings } from '../../src/sources/kubernetes/reflector.ts';
import { adminToken, ControlPlane } from '../tools/control-plane.ts';
import { CutProxy } from '../tools/cut-proxy.ts';
import { eventually } from '../tools/eventually.ts';
import { create, endpointSlice, namespace, patch, remove, service } from '../tools/objects.ts';
import { RecordedLog } from '../tools/recorded-log.ts';

const wholeCluster = { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: 'smartproxy-ingress', acme: false };
const timings: ReflectorTimings = { firstRetryMs: 20, maxRetryMs: 200 };

let plane: ControlPlane;
let admin: ApiClient;
let log: RecordedLog;
const cleanups: (() => Promise<void>)[] = [];

before(async () => {
  plane = await ControlPlane.start();
  admin = plane.client();
  await create(admin, namespace('shop'));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

function open(client: ApiClient, more: ReflectorTimings = {}): KubernetesSource {
  log = new RecordedLog();
  const source = new KubernetesSource({ client, config: wholeCluster, log, timings: { ...timings, ...more } });
  cleanups.push(async () => {
    await source.close();
    client.close();
  });
  return source;
}

async function openThroughProxy(more: ReflectorTimings = {}): Promise<{ proxy: CutProxy; source: KubernetesSource }> {
  const proxy = await CutProxy.start(plane.port);
  cleanups.push(() => proxy.close());
  const source = open(plane.client(adminToken, proxy.port), more);
  await source.start();
  return { proxy, source };
}

function hasService(source: KubernetesSource, name: string): boolean {
  return source.store.get('Service', `shop/${name}`) !== undefined;
}

function isHealthy(source: KubernetesSource): boolean {
  return source.health().every(({ healthy }) => healthy) && source.store.problems().length === 0;
}

test('KubernetesSource: is synced with everything there is, over several pages, and follows every change', async () => {
  const slices = Array.from({ length: 520 }, (_, index) => endpointSlice('shop', `many-${index}`, ['10.244.1.1'], 80));
  for (let start = 0; start < slices.length; start += 40) {
    await Promise.all(slices.slice(start, start + 40).map((slice) => create(admin, slice)));
  }
  const web = service('shop', 'web');
  await create(admin, web);
  const source = open(plane.client());
  assert.equal(source.store.synced, false);
  await source.start();
  assert.equal(source.store.synced, true);
  assert.equal(source.store.count('EndpointSlice'), 520);
  assert.equal(source.store.get('Service', 'shop/web')?.spec?.ports?.[0]?.port, 80);
  assert.ok(source.store.get('Namespace', 'shop'));
  await patch(admin, web, { spec: { ports: [{ port: 81 }] } });
  await eventually('the change', () => source.store.get('Service', 'shop/web')?.spec?.ports?.[0]?.port === 81);
  await create(admin, service('shop', 'late'));
  await eventually('the new Service', () => hasService(source, 'late'));
  await remove(admin, web);
  await eventually('the deletion', () => !hasService(source, 'web'));
  assert.equal('managedFields' in (source.store.get('Service', 'shop/late')?.metadata ?? {}), false);
  assert.ok(isHealthy(source));
});

test('KubernetesSource: resumes after resets without listing again', async () => {
  const { proxy, source } = await openThroughProxy();
  proxy.reset();
  await create(admin, service('shop', 'after-reset'));
  await eventually('the Service made during the reset', () => hasService(source, 'after-reset'));
  await eventually('health', () => isHealthy(source));
  assert.ok(source.health().some(({ restarts }) => restarts > 0));
});

test('KubernetesSource: notices a stalled connection and opens another', async () => {
  const { proxy, source } = await openThroughProxy({ stallTimeoutMs: 300 });
  proxy.mode = 'stall';
  await create(admin, service('shop', 'after-stall'));
  await eventually('a reported problem', () => source.store.problems().length > 0);
  assert.equal(hasService(source, 'after-stall'), false);
  assert.ok(source.store.count('Namespace') > 0, 'what was known stays');
  // New connections work; those that were stalled stay dead.
  proxy.mode = 'forward';
  await eventually('the Service made during the stall', () => hasService(source, 'after-stall'));
});

test('KubernetesSource: keeps its objects while the API server is killed, and catches up after its restart', async () => {
  const source = open(plane.client());
  await source.start();
  const known = source.store.count('EndpointSlice');
  await plane.killApiServer();
  await eventually('a reported problem', () => source.store.problems().length > 0);
  assert.equal(source.store.count('EndpointSlice'), known);
  assert.equal(source.store.synced, true);
  await plane.startApiServer();
  await create(admin, service('shop', 'after-restart'));
  await eventually('the Service made after the restart', () => hasService(source, 'after-restart'));
  await eventually('health', () => isHealthy(source));
});

test('KubernetesSource: lists again when its version was compacted away, and drops what was deleted meanwhile', async () => {
  await create(admin, service('shop', 'doomed'));
  const { proxy, source } = await openThroughProxy();
  assert.ok(hasService(source, 'doomed'));
  proxy.mode = 'refuse';
  proxy.reset();
  await remove(admin, service('shop', 'doomed'));
  await create(admin, service('shop', 'after-compaction'));
  await plane.killApiServer();
  await plane.compact();
  await plane.startApiServer();
  assert.ok(hasService(source, 'doomed'));
  proxy.mode = 'forward';
  await eventually('the new list', () => hasService(source, 'after-compaction') && !hasService(source, 'doomed'));
  assert.ok(
    log.lines.some(({ message }) => message.includes('too old')),
    'the server answered 410',
  );
  await eventually('health', () => isHealthy(source));
});

test('KubernetesSource: goes on with the new token when the old one stops working, by kubeconfig and by service account file', async () => {
  const user = { user: 'someone', groups: ['system:masters'] };
  plane.setUsers([{ token: 'old', ...user }]);
  await plane.killApiServer();
  await plane.startApiServer();
  const kubeconfig = plane.kubeconfig('old');
  const byKubeconfig = open(new ApiClient(new ClusterConfig({ kubeconfig })));
  const pod = join(plane.folder, 'pod');
  const account = join(pod, 'var/run/secrets/kubernetes.io/serviceaccount');
  mkdirSync(account, { recursive: true });
  copyFileSync(plane.caFile, join(account, 'ca.crt'));
  writeFileSync(join(account, 'token'), 'old');
  process.env.KUBERNETES_SERVICE_HOST = '127.0.0.1';
  process.env.KUBERNETES_SERVICE_PORT = String(plane.port);
  cleanups.push(async () => {
    delete process.env.KUBERNETES_SERVICE_HOST;
    delete process.env.KUBERNETES_SERVICE_PORT;
  });
  const inPod = open(new ApiClient(new ClusterConfig({ kubeconfig: undefined, rootDir: pod })));
  await Promise.all([byKubeconfig.start(), inPod.start()]);

  plane.setUsers([{ token: 'new', ...user }]);
  await plane.killApiServer();
  await plane.startApiServer();
  await eventually('the old token is refused', () =>
    [byKubeconfig, inPod].every((source) => source.store.problems().some(({ message }) => message.includes('401'))),
  );
  copyFileSync(plane.kubeconfig('new'), kubeconfig);
  writeFileSync(join(account, 'token'), 'new');
  await create(admin, service('shop', 'after-rotation'));
  await eventually('both see the new Service', () => [byKubeconfig, inPod].every((source) => hasService(source, 'after-rotation')));
});

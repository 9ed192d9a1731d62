import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { KubernetesSource } from '../../src/sources/kubernetes/kubernetes-source.ts';
import {
  KubernetesStatus,
  type KubernetesStatusConfig,
  type KubernetesStatusOptions,
} from '../../src/sources/kubernetes/kubernetes-status.ts';
import type { IngressStatus, ObjectRef, Problem } from '../../src/translate/translation.ts';
import { ControlPlane, serviceAccountUser } from '../tools/control-plane.ts';
import { CutProxy } from '../tools/cut-proxy.ts';
import { eventually } from '../tools/eventually.ts';
import { type AnyObject, create, hostTo, ingress, patch, pathOf, read, remove, service } from '../tools/objects.ts';
import { RecordedLog } from '../tools/recorded-log.ts';
import { installObjects, isRbac, kubectlWith } from '../tools/shipped-manifests.ts';

const account = serviceAccountUser('smartproxy-ingress', 'smartproxy-ingress');
const own = 'smartproxy-ingress';
const publisher = service(own, own, { type: 'LoadBalancer', ports: [{ port: 80 }] });

let plane: ControlPlane;
let admin: ApiClient;
const cleanups: (() => Promise<unknown>)[] = [];

before(async () => {
  plane = await ControlPlane.start([account]);
  admin = plane.client();
  const needed = installObjects().filter((object) => isRbac(object) || object.kind === 'Namespace' || object.kind === 'ServiceAccount');
  await kubectlWith(plane, 'apply', needed);
  await create(admin, publisher);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

interface Replica {
  readonly source: KubernetesSource;
  readonly status: KubernetesStatus;
  readonly writes: string[];
}

/** A source and a status writer as the shipped service account, through `port`. */
async function replica(
  podName: string,
  config: Partial<KubernetesStatusConfig> = {},
  timings: KubernetesStatusOptions['timings'] = {},
  port = plane.port,
): Promise<Replica> {
  const client = plane.client(account.token, port);
  const writes: string[] = [];
  const json = client.json.bind(client);
  client.json = (request) => {
    if (request.method !== undefined && request.method !== 'GET') writes.push(`${request.method} ${request.path}`);
    return json(request);
  };
  const log = new RecordedLog();
  const source = new KubernetesSource({
    client,
    config: { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: 'smartproxy-ingress', acme: false },
    log,
  });
  await source.start();
  const status = new KubernetesStatus({
    client,
    store: source.store,
    troubles: source.troubles,
    log,
    config: {
      status: true,
      publishService: `${own}/${own}`,
      publishAddresses: [],
      leaderElection: false,
      leaseName: 'smartproxy-ingress-leader',
      podNamespace: own,
      podName,
      podUid: undefined,
      ...config,
    },
    timings: { statusIntervalMs: 400, statusHoldOffMs: 10, eventSettleMs: 50, eventRepeatMs: 300, ...timings },
  });
  cleanups.push(async () => {
    await status.close();
    await source.close();
    client.close();
  });
  status.start();
  return { source, status, writes };
}

async function made(object: AnyObject): Promise<ObjectRef> {
  const { metadata, apiVersion, kind } = await create(admin, object);
  cleanups.push(() => remove(admin, object));
  return { apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid ?? '' };
}

function published(object: ObjectRef): IngressStatus {
  return { object, publish: true };
}

async function addressesOf(object: AnyObject): Promise<unknown> {
  const { status } = (await read(admin, object)) as { status?: { loadBalancer?: { ingress?: unknown } } };
  return status?.loadBalancer?.ingress;
}

async function giveBalancer(addresses: readonly object[]): Promise<void> {
  await patch(admin, publisher, { status: { loadBalancer: { ingress: addresses } } }, 'status');
}

function problem(object: ObjectRef, message: string): Problem {
  return { object, reason: 'ServiceNotFound', field: 'spec.rules[0]', message };
}

interface ReadEvent {
  readonly reason: string;
  readonly note: string;
  readonly type: string;
  readonly regarding: { readonly name: string; readonly kind: string; readonly uid: string };
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

async function eventsOf(name: string): Promise<readonly ReadEvent[]> {
  const { items } = await admin.json<{ items: readonly ReadEvent[] }>({ path: '/apis/events.k8s.io/v1/namespaces/default/events' });
  return items.filter(({ regarding }) => regarding.name === name);
}

test('StatusWriter: publishes the addresses of the Service, follows them, and writes nothing without a change', async () => {
  const web = ingress('default', 'web', hostTo('web.test', 'web'));
  await giveBalancer([{ ip: '203.0.113.7' }]);
  const ref = await made(web);
  // Without an interval, so that a write without a change could not hide in it.
  const { source, status, writes } = await replica('a', {}, { statusIntervalMs: 0 });
  const served = { statuses: [published(ref)], problems: [] };
  status.update(served);
  await eventually('the address', async () => JSON.stringify(await addressesOf(web))?.includes('203.0.113.7'));
  const path = `PATCH ${pathOf(web)}/status`;
  assert.deepEqual(writes, [path]);

  // Neither translations nor changes of other objects write again.
  await eventually('our own write came back', () => source.store.get('Ingress', 'default/web')?.status?.loadBalancer?.ingress);
  for (let round = 0; round < 5; round++) {
    status.update({ ...served });
    await made(service('default', `unrelated-${round}`));
  }
  await eventually('the last change was seen', () => source.store.get('Service', 'default/unrelated-4'));

  await giveBalancer([{ ip: '203.0.113.8' }, { hostname: 'lb.test' }]);
  await eventually('the new addresses', async () => JSON.stringify(await addressesOf(web))?.includes('203.0.113.8'));
  assert.deepEqual(await addressesOf(web), [{ hostname: 'lb.test' }, { ip: '203.0.113.8' }]);
  assert.deepEqual(writes, [path, path]);
  await eventually('both writes are counted', () => status.writes.ok === 2 && status.writes.failed === 0);

  // What somebody else wrote there is put right, what was served and is not any more is taken back.
  await patch(admin, web, { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } }, 'status');
  await eventually('our addresses again', async () => JSON.stringify(await addressesOf(web))?.includes('203.0.113.8'));
  status.update({ statuses: [], problems: [] });
  await eventually('no address', async () => (await addressesOf(web)) === undefined);
});

test('StatusWriter: addresses given by hand win, and stay when the program ends', async () => {
  const web = ingress('default', 'given', hostTo('given.test', 'web'));
  const ref = await made(web);
  const { status } = await replica('a', { publishAddresses: ['198.51.100.1', 'edge.test'] });
  status.update({ statuses: [published(ref)], problems: [] });
  const expected = [{ hostname: 'edge.test' }, { ip: '198.51.100.1' }];
  await eventually('the addresses', async () => JSON.stringify(await addressesOf(web)) === JSON.stringify(expected));
  await status.close();
  assert.deepEqual(await addressesOf(web), expected);
});

test('StatusWriter: one object is written once in an interval, however often the address changes', async () => {
  await giveBalancer([{ ip: '203.0.113.1' }]);
  const web = ingress('default', 'busy', hostTo('busy.test', 'web'));
  const ref = await made(web);
  const { source, status, writes } = await replica('a', {}, { statusIntervalMs: 60_000 });
  status.update({ statuses: [published(ref)], problems: [] });
  await eventually('the address', async () => JSON.stringify(await addressesOf(web))?.includes('203.0.113.1'));
  for (const last of [2, 3, 4]) {
    await giveBalancer([{ ip: `203.0.113.${last}` }]);
    await eventually('the source saw it', () =>
      JSON.stringify(source.store.get('Service', `${own}/${own}`)?.status).includes(`203.0.113.${last}`),
    );
  }
  // A write of another object, after those changes, shows that a pass has gone by.
  const other = ingress('default', 'quiet', hostTo('quiet.test', 'web'));
  const otherRef = await made(other);
  await eventually('the source saw it', () => source.store.get('Ingress', 'default/quiet'));
  status.update({ statuses: [published(ref), published(otherRef)], problems: [] });
  await eventually('its address', async () => JSON.stringify(await addressesOf(other))?.includes('203.0.113.4'));
  assert.equal(writes.filter((write) => write.includes('/busy/')).length, 1);
});

test('StatusWriter: with --no-status no address is written, while Events still are', async () => {
  await giveBalancer([{ ip: '203.0.113.7' }]);
  const web = ingress('default', 'foreign', hostTo('foreign.test', 'web'));
  const ref = await made(web);
  const { status } = await replica('a', { status: false });
  status.update({ statuses: [published(ref)], problems: [problem(ref, 'Service default/web does not exist')] });
  await eventually('the Event', async () => (await eventsOf('foreign')).length === 1);
  assert.equal(await addressesOf(web), undefined);
});

test('Leader election: one of two leads; the other takes over when the first lets go, and when it is cut off', async () => {
  const lease = { leaseMs: 2000, renewDeadlineMs: 1000, leaseRetryMs: 100 };
  const proxy = await CutProxy.start(plane.port);
  cleanups.push(() => proxy.close());
  const first = await replica('a', { leaderElection: true }, lease);
  await eventually('the first leads', () => first.status.isLeader);
  const second = await replica('b', { leaderElection: true }, lease, proxy.port);
  const third = await replica('c', { leaderElection: true }, lease);
  const leaders = () => [first, second, third].filter(({ status }) => status.isLeader).length;
  assert.equal(leaders(), 1);

  await third.status.close();
  await first.status.close();
  await eventually('the second leads', () => second.status.isLeader);
  assert.equal(first.status.isLeader, false);

  const fourth = await replica('d', { leaderElection: true }, lease);
  proxy.mode = 'stall';
  // Watched at every step: never two at once.
  await eventually('the fourth leads', () => {
    assert.ok(!(second.status.isLeader && fourth.status.isLeader), 'two lead');
    return fourth.status.isLeader;
  });
  assert.equal(second.status.isLeader, false);
  proxy.mode = 'forward';
});

test('Leader election: a Lease that was installed without a holder is taken, and keeps its labels and annotations', async () => {
  const marks = { labels: { 'app.kubernetes.io/name': own }, annotations: { 'example.com/installed-by': 'helm' } };
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: own, name: 'smartproxy-ingress-leader', ...marks },
  };
  await remove(admin, lease);
  await create(admin, lease);
  const first = await replica('a', { leaderElection: true }, { leaseRetryMs: 50 });
  await eventually('it leads', () => first.status.isLeader);
  const renewals = () => first.writes.filter((write) => write.startsWith('PUT ')).length;
  await eventually('it has renewed the Lease', () => renewals() > 1);
  const { metadata } = await read(admin, lease);
  assert.deepEqual({ labels: metadata.labels, annotations: metadata.annotations }, marks);
});

test('Leader election: only the leader writes, and the next leader goes on with the same Event', async () => {
  const lease = { leaseMs: 2000, renewDeadlineMs: 1000, leaseRetryMs: 100 };
  const ref = await made(ingress('default', 'handover', hostTo('handover.test', 'web')));
  const translation = { statuses: [published(ref)], problems: [problem(ref, 'Service default/web does not exist')] };
  const first = await replica('a', { leaderElection: true }, lease);
  await eventually('the first leads', () => first.status.isLeader);
  const second = await replica('b', { leaderElection: true }, lease);
  for (const { status } of [first, second]) status.update(translation);
  const [event] = await eventually('the Event', async () => {
    const events = await eventsOf('handover');
    return events.length > 0 && events;
  });
  assert.equal(event?.type, 'Warning');
  assert.equal(event?.reason, 'ServiceNotFound');
  assert.equal(event?.regarding.uid, ref.uid);
  assert.deepEqual(
    second.writes.filter((write) => !write.includes('/leases')),
    [],
  );
  await first.status.close();
  const before = (await eventsOf('handover'))[0]?.series?.count ?? 1;
  await eventually('the second goes on', async () => ((await eventsOf('handover'))[0]?.series?.count ?? 1) > before);
  assert.equal((await eventsOf('handover')).length, 1);
  assert.ok(second.writes.some((write) => write.includes('/events')));
});

test('EventWriter: a lasting problem is one Event that becomes a series; a passing or solved one is not repeated', async () => {
  const ref = await made(ingress('default', 'broken', hostTo('broken.test', 'web')));
  const { status } = await replica('a', {}, { eventSettleMs: 200, eventRepeatMs: 150 });
  const lasting = problem(ref, 'Service default/web does not exist: create it');
  status.update({ statuses: [], problems: [problem(ref, 'a passing problem'), lasting] });
  status.update({ statuses: [], problems: [lasting, lasting] });
  await eventually('a series', async () => ((await eventsOf('broken'))[0]?.series?.count ?? 0) >= 3);
  const events = await eventsOf('broken');
  assert.deepEqual(
    events.map(({ note, reason, type }) => ({ note, reason, type })),
    [{ note: lasting.message, reason: 'ServiceNotFound', type: 'Warning' }],
  );
  assert.match(events[0]?.series?.lastObservedTime ?? '', /^\d{4}-.*\.\d{6}Z$/);

  status.update({ statuses: [], problems: [] });
  const marker = problem(ref, 'another problem');
  status.update({ statuses: [], problems: [marker] });
  const countThen = (await eventsOf('broken')).find(({ note }) => note === lasting.message)?.series?.count ?? 0;
  await eventually('the other one is a series', async () =>
    (await eventsOf('broken')).some(({ note, series }) => note === marker.message && (series?.count ?? 0) >= 3),
  );
  const countNow = (await eventsOf('broken')).find(({ note }) => note === lasting.message)?.series?.count ?? 0;
  // A write that was under way when the problem went may still have landed.
  assert.ok(countNow - countThen <= 1, `${countThen} then ${countNow}`);
});

test('EventWriter: an Event that the API server forgot is written anew while its problem lasts', async () => {
  const ref = await made(ingress('default', 'forgotten', hostTo('forgotten.test', 'web')));
  const { status } = await replica('a');
  status.update({ statuses: [], problems: [problem(ref, 'Service default/web does not exist')] });
  await eventually('the Event', async () => (await eventsOf('forgotten')).length === 1);
  await plane.kubectl('delete', 'events', '-n', 'default', '--all');
  await eventually('the Event again', async () => (await eventsOf('forgotten')).length === 1);
});

test('EventWriter: reports at most ten problems of one object', async () => {
  const ref = await made(ingress('default', 'many', hostTo('many.test', 'web')));
  const other = await made(ingress('default', 'few', hostTo('few.test', 'web')));
  const { status } = await replica('a', {}, { eventSettleMs: 0, eventRepeatMs: 600_000 });
  const problems = Array.from({ length: 30 }, (_, index) => problem(ref, `problem ${index}`));
  status.update({ statuses: [], problems: [...problems, problem(other, 'the last one')] });
  await eventually('the Event of the other object', async () => (await eventsOf('few')).length === 1);
  assert.equal((await eventsOf('many')).length, 10);
});

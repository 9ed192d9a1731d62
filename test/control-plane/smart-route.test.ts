import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hashSync } from 'bcryptjs';
import type { SmartRouteStatus } from '../../src/api/generated/smart-route.ts';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { KubernetesSource } from '../../src/sources/kubernetes/kubernetes-source.ts';
import { RouteStatusWriter } from '../../src/sources/kubernetes/route-status-writer.ts';
import type { SmartRouteStatusContent } from '../../src/translate/smart-route-statuses.ts';
import type { ControlPlane } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { gatewayCrd } from '../tools/gateway-crd.ts';
import { get } from '../tools/get.ts';
import { account, checkCrd, checkExamples, installCrds, own, removeCrd, startInstalledPlane, testCases } from '../tools/installed-plane.ts';
import { type AnyObject, create, endpointSlice, patch, read, remove, service } from '../tools/objects.ts';
import { RecordedLog } from '../tools/recorded-log.ts';
import { startRun } from '../tools/running-command.ts';
import { smartRouteCases, smartRouteRules } from '../tools/smart-route-cases.ts';

let plane: ControlPlane;
let admin: ApiClient;

before(async () => {
  plane = await startInstalledPlane();
  admin = plane.client();
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

function route(name: string, spec: object): AnyObject {
  return { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartRoute', metadata: { namespace: 'default', name }, spec };
}

const answers = (host: string, body: string): object => ({
  ingressClassName: 'smartproxy',
  hosts: [host],
  http: { rules: [{ name: 'all', action: { respond: { status: 200, body } } }] },
});

const installCrd = (): Promise<void> => installCrds(plane, 'smartroutes');

/** Reads and writes as the shipped service account. */
async function openSource(log: RecordedLog): Promise<KubernetesSource> {
  const source = new KubernetesSource({
    client: plane.client(account.token),
    config: { watchNamespaces: [], secretNames: [], publishService: undefined, podNamespace: own, acme: false },
    log,
    timings: { firstRetryMs: 20, maxRetryMs: 100, firstLookMs: 50, maxLookMs: 100 },
  });
  await source.start();
  return source;
}

test('a cluster without the CRD is served, the CRD is found when it comes, and its objects go with it', async (t) => {
  const log = new RecordedLog();
  const source = await openSource(log);
  t.after(() => source.close());
  assert.equal(source.store.synced, true);
  const absent = log.lines.filter(({ message }) => message.startsWith('resource not installed'));
  assert.deepEqual(absent.map(({ fields }) => fields.resource).sort(), ['referencegrants', 'smartproxyconfigs', 'smartroutes']);

  await installCrd();
  await create(admin, route('web', answers('web.test', 'hello')));
  await eventually('the route is read', () => source.store.get('SmartRoute', 'default/web'));
  assert.ok(source.health().some(({ resource, healthy }) => resource === 'smartroutes' && healthy));
  assert.deepEqual(source.store.problems(), []);

  await removeCrd(plane, 'smartroutes');
  await eventually('the route is gone', () => source.store.count('SmartRoute') === 0);
  await eventually('the resource is gone', () => source.health().every(({ resource }) => resource !== 'smartroutes'));
  await installCrd();
  await create(admin, route('again', answers('again.test', 'hello')));
  await eventually('the new route is read', () => source.store.get('SmartRoute', 'default/again'));
  assert.deepEqual(source.store.problems(), []);
  await remove(admin, route('again', {}));
});

test('the API server takes and refuses what translate does, rule by rule', async (t) => {
  await installCrd();
  await testCases(t, plane, smartRouteCases, smartRouteRules, (spec) => route('case', spec));
});

test('every example is taken by the API server, strictly', async (t) => {
  await installCrd();
  const grants = await gatewayCrd('referencegrants');
  await plane.kubectl('apply', '-f', grants);
  t.after(() => plane.kubectl('delete', '-f', grants));
  await plane.crdsEstablished('crd/referencegrants.gateway.networking.k8s.io');
  await plane.kubectl('create', 'namespace', 'reporting');
  await checkExamples(plane, 'smartroute');
});

test('the shipped CRD is small and structural', async () => {
  await installCrd();
  await checkCrd(plane, 'smartroutes', 'sr');
});

test('RouteStatusWriter: writes what differs, nothing without a change, keeps times, and takes back what is not ours', async (t) => {
  await installCrd();
  const web = route('status', answers('status.test', 'hello'));
  const { metadata } = await create(admin, web);
  const log = new RecordedLog();
  const source = await openSource(log);
  await eventually('the route is read', () => source.store.get('SmartRoute', 'default/status'));
  const { client } = source;
  const writes: string[] = [];
  const json = client.json.bind(client);
  client.json = (request) => {
    if (request.method === 'PATCH') writes.push(request.path);
    return json(request);
  };
  const writer = new RouteStatusWriter({
    client,
    store: source.store,
    troubles: source.troubles,
    log,
    minWriteIntervalMs: 0,
    holdOffMs: 5,
    publishService: undefined,
    publishAddresses: ['192.0.2.7', 'lb.example.com'],
  });
  t.after(async () => {
    await writer.close();
    await source.close();
    await remove(admin, web);
  });
  const object = { apiVersion: web.apiVersion, kind: 'SmartRoute', namespace: 'default', name: 'status', uid: metadata.uid ?? '' };
  const content = (accepted: 'True' | 'False', backends: string, publish = true): SmartRouteStatusContent => ({
    object,
    generation: 1,
    publish,
    hosts: 'status.test',
    backends,
    conditions: [{ type: 'Accepted', status: accepted, reason: 'Accepted', message: 'x' }],
    rules: [{ name: 'all', conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: 'x' }] }],
  });
  const statusNow = async () => (await read(admin, web)).status as SmartRouteStatus | undefined;

  writer.update([content('True', '0/1')]);
  writer.active = true;
  await eventually('the status', async () => (await statusNow())?.backends === '0/1');
  const first = await statusNow();
  assert.equal(first?.conditions?.[0]?.observedGeneration, 1);
  assert.deepEqual(first?.addresses, [{ value: 'lb.example.com' }, { value: '192.0.2.7' }]);
  await eventually('our write came back', () => source.store.get('SmartRoute', 'default/status')?.status?.backends === '0/1');
  for (let round = 0; round < 5; round++) writer.update([content('True', '0/1')]);
  await patch(admin, web, { metadata: { labels: { touched: 'yes' } } });
  await eventually('the change came', () => source.store.get('SmartRoute', 'default/status')?.metadata.labels?.touched === 'yes');
  assert.equal(writes.length, 1);

  writer.update([content('True', '1/1')]);
  await eventually('the new count', async () => (await statusNow())?.backends === '1/1');
  assert.equal((await statusNow())?.conditions?.[0]?.lastTransitionTime, first?.conditions?.[0]?.lastTransitionTime);
  writer.update([content('False', '1/1')]);
  await eventually('the new condition', async () => (await statusNow())?.conditions?.[0]?.status === 'False');
  assert.equal(
    (await statusNow())?.rules?.[0]?.conditions?.[0]?.lastTransitionTime,
    first?.rules?.[0]?.conditions?.[0]?.lastTransitionTime,
  );

  writer.update([content('False', '1/1', false)]);
  await eventually('the addresses are taken back', async () => (await statusNow())?.addresses === undefined);
  assert.equal((await statusNow())?.backends, '1/1');
  writer.update([]);
  await eventually('the status is taken back', async () => (await statusNow()) === undefined);
  assert.equal(writes.length, 5);
  await eventually('the last write ended', () => writer.writes.ok === 5);
  assert.equal(writer.writes.failed, 0);
});

test('RouteStatusWriter: writes one object at most once in the interval, and only while it leads', async (t) => {
  await installCrd();
  const web = route('paced', answers('paced.test', 'hello'));
  const { metadata } = await create(admin, web);
  const source = await openSource(new RecordedLog());
  await eventually('the route is read', () => source.store.get('SmartRoute', 'default/paced'));
  const writer = new RouteStatusWriter({
    client: source.client,
    store: source.store,
    troubles: source.troubles,
    log: new RecordedLog(),
    minWriteIntervalMs: 700,
    holdOffMs: 5,
    publishService: undefined,
    publishAddresses: [],
  });
  t.after(async () => {
    await writer.close();
    await source.close();
    await remove(admin, web);
  });
  const at: number[] = [];
  const json = source.client.json.bind(source.client);
  source.client.json = (request) => {
    if (request.method === 'PATCH') at.push(performance.now());
    return json(request);
  };
  const object = { apiVersion: web.apiVersion, kind: 'SmartRoute', namespace: 'default', name: 'paced', uid: metadata.uid ?? '' };
  const content = (backends: string): SmartRouteStatusContent => ({
    object,
    generation: 1,
    publish: true,
    hosts: '',
    backends,
    conditions: [],
    rules: [],
  });
  writer.update([content('0/9')]);
  writer.active = true;
  for (let step = 1; step <= 9; step++) {
    await eventually('a write', () => at.length > 0);
    writer.update([content(`${step}/9`)]);
  }
  await eventually('the last one', async () => ((await read(admin, web)).status as SmartRouteStatus).backends === '9/9');
  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  assert.ok(
    pauses.every((ms) => ms >= 690),
    pauses.join(),
  );
});

test('the program serves a SmartRoute of the cluster, says so in its status, and reports a bad one', async (t) => {
  await installCrd();
  const command = await startRun(t, [
    '--kubeconfig',
    plane.kubeconfig(account.token),
    '--pod-namespace',
    own,
    '--no-leader-election',
    '--drain-delay=off',
    ...['--publish-service', `${own}/front`],
  ]);
  const port = await command.port('http');
  const front = await create(admin, {
    ...service(own, 'front'),
    spec: { ports: [{ name: 'https', port: 443, targetPort: 'https' }], externalIPs: ['192.0.2.9'] },
  });
  t.after(() => remove(admin, front));
  const good = await create(admin, route('good', answers('good.test', 'hello')));
  await eventually('the route is served', async () => (await get(port, 'good.test', '/')).body === 'hello');
  const statusOf = async (object: AnyObject) => (await read(admin, object)).status as SmartRouteStatus | undefined;
  const summary = async (object: AnyObject) =>
    (await statusOf(object))?.conditions?.map(({ type, status, observedGeneration }) => `${type} ${status} ${observedGeneration}`).join();
  await eventually('the status', async () => (await summary(good)) === 'Accepted True 1,ResolvedRefs True 1,Programmed True 1');
  assert.equal((await statusOf(good))?.backends, '0/0');
  const addresses = async () => (await statusOf(good))?.addresses;
  await eventually('the addresses of the Service', async () => (await addresses())?.[0]?.value === '192.0.2.9');
  assert.deepEqual(await addresses(), [{ value: '192.0.2.9' }]);

  const backends = [{ name: 'gone', port: { number: 80 } }];
  const bad = await create(
    admin,
    route('bad', {
      ingressClassName: 'smartproxy',
      hosts: ['bad.test'],
      http: { rules: [{ name: 'all', action: { forward: { backends } } }] },
    }),
  );
  await eventually('the status', async () => (await summary(bad)) === 'Accepted True 1,ResolvedRefs False 1,Programmed True 1');
  assert.equal((await statusOf(bad))?.backends, '0/1');
  assert.equal((await statusOf(bad))?.rules?.[0]?.conditions?.[1]?.reason, 'ServiceNotFound');
  assert.equal((await get(port, 'bad.test', '/')).status, 503);
  assert.match(
    await plane.kubectl('get', 'sr'),
    /NAME\s+HOSTS\s+TLS\s+BACKENDS\s+ACCEPTED\s+PROGRAMMED\s+AGE\nbad\s+bad\.test\s+0\/1\s+True\s+True/,
  );
  const events = await eventually('the Event', async () => {
    const text = await plane.kubectl('get', 'events.events.k8s.io', '-o', 'json');
    const { items } = JSON.parse(text) as { items: { reason: string; regarding: { kind: string; name: string } }[] };
    const about = items.filter(({ regarding }) => regarding.kind === 'SmartRoute' && regarding.name === 'bad');
    return about.length > 0 && about;
  });
  assert.equal(events[0]?.reason, 'ServiceNotFound');

  // A backend that is there, one more rule, and TLS: all of it counts for the next generation, of the whole and of each rule.
  const there = [
    await create(admin, service('default', 'there')),
    await create(admin, endpointSlice('default', 'there', ['192.0.2.1'], 80)),
  ];
  const both = [...backends, { name: 'there', port: { number: 80 } }];
  const rules = [
    { name: 'all', action: { forward: { backends: both } } },
    { name: 'own', matches: [{ path: { type: 'Prefix', value: '/own' } }], action: { respond: { status: 204 } } },
  ];
  await patch(admin, bad, { spec: { tls: { mode: 'Terminate' }, http: { rules } } });
  await eventually('the status', async () => (await summary(bad)) === 'Accepted True 2,ResolvedRefs False 2,Programmed True 2');
  const after = await eventually('the count', async () => {
    const status = await statusOf(bad);
    return status?.backends === '1/2' && status;
  });
  assert.deepEqual(
    after.rules?.map(({ name, conditions = [] }) => [
      name,
      ...conditions.map(({ type, status, reason, observedGeneration }) => `${type} ${status} ${reason} ${observedGeneration}`),
    ]),
    [
      ['all', 'Accepted True Accepted 2', 'ResolvedRefs False ServiceNotFound 2', 'Programmed True Programmed 2'],
      ['own', 'Accepted True Accepted 2', 'ResolvedRefs True ResolvedRefs 2', 'Programmed True Programmed 2'],
    ],
  );
  assert.match(await plane.kubectl('get', 'sr', 'bad'), /AGE\nbad\s+bad\.test\s+Terminate\s+1\/2\s+True\s+True\s+\d/);
  for (const object of there) await remove(admin, object);
  await remove(admin, good);
  await remove(admin, bad);
});

test('the program goes by the users in a Secret of the cluster, and by what it becomes', async (t) => {
  await installCrd();
  const command = await startRun(t, [
    ...['--kubeconfig', plane.kubeconfig(account.token), '--pod-namespace', own],
    ...['--no-leader-election', '--drain-delay=off', '--workers', '1'],
  ]);
  const port = await command.port('http');
  const guarded = await create(
    admin,
    route('guarded', { ...answers('guarded.test', 'hello'), policy: { auth: { basic: { secretRef: { name: 'users' } } } } }),
  );
  const statusAs = async (password: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`;
    return (await get(port, 'guarded.test', '/', undefined, { authorization })).status;
  };
  const users = (password: string) => ({ auth: Buffer.from(`ada:${hashSync(password, 4)}\n`).toString('base64') });
  await eventually('nobody is let in without the Secret', async () => (await statusAs('one')) === 503);
  const secret: AnyObject = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'default', name: 'users' }, type: 'Opaque' };
  await create(admin, { ...secret, data: users('one') });
  await eventually('the user is let in', async () => (await statusAs('one')) === 200);
  assert.equal(await statusAs('two'), 401);
  await patch(admin, secret, { data: users('two') });
  await eventually('the new password counts', async () => (await statusAs('two')) === 200);
  assert.equal(await statusAs('one'), 401);
  await remove(admin, secret);
  await eventually('nobody is let in any more', async () => (await statusAs('two')) === 503);
  await remove(admin, guarded);
});

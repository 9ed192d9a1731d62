import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, type TestContext, test } from 'node:test';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { ControlPlane, serviceAccountUser } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { type AnyObject, create, hostTo, ingress, namespace, remove, secret, service } from '../tools/objects.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../tools/running-command.ts';
import { installObjects, isRbac, kubectlWith } from '../tools/shipped-manifests.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

const own = 'smartproxy-ingress';
const account = serviceAccountUser(own, own);
const podUid = '8d1f4c1e-0000-4000-8000-000000000001';
const shipped = installObjects().filter(isRbac);
const crds = installObjects().filter(({ kind }) => kind === 'CustomResourceDefinition');

let plane: ControlPlane;
let admin: ApiClient;
const cleanups: (() => Promise<unknown>)[] = [];

before(async () => {
  plane = await ControlPlane.start([account]);
  admin = plane.client();
  for (const name of [own, 'default']) await create(admin, namespace(name)).catch(() => undefined);
  await kubectlWith(plane, 'apply', shipped);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The shipped RBAC without some verbs on resources, each written `verb resource`. */
function without(...denied: readonly string[]): readonly AnyObject[] {
  const isAllowed = (verb: string, resource: string) => !denied.includes(`${verb} ${resource}`);
  return shipped.map((object) => {
    if (!Array.isArray(object.rules)) return object;
    const rules = (object.rules as readonly Rule[]).flatMap((rule) =>
      rule.resources.map((resource) => ({ ...rule, resources: [resource], verbs: rule.verbs.filter((verb) => isAllowed(verb, resource)) })),
    );
    return { ...object, rules: rules.filter(({ verbs }) => verbs.length > 0) };
  });
}

/** Takes verbs away until the test is over, or `giveBack` is called. */
async function deny(...denied: readonly string[]): Promise<() => Promise<unknown>> {
  const giveBack = () => kubectlWith(plane, 'apply', shipped);
  cleanups.push(giveBack);
  await kubectlWith(plane, 'apply', without(...denied));
  return giveBack;
}

async function made(object: AnyObject): Promise<void> {
  await create(admin, object);
  cleanups.push(() => remove(admin, object));
}

/** Until the last test is over: what is read of a kind that comes and goes, smart-route.test.ts tells. */
async function installCrds(): Promise<void> {
  await kubectlWith(plane, 'apply', crds);
  await plane.crdsEstablished('crd', '--all');
}

function start(t: TestContext, ...args: readonly string[]): Promise<RunningCommand> {
  return startAs(t, plane.kubeconfig(account.token), ...args);
}

function startAs(t: TestContext, kubeconfig: string, ...args: readonly string[]): Promise<RunningCommand> {
  const pod = ['--pod-namespace', own, '--pod-name', 'controller-0', '--pod-uid', podUid];
  return startRun(t, ['--kubeconfig', kubeconfig, ...pod, '--drain-delay=off', ...args]);
}

/** Waits until `/readyz` has this status and a line that begins so; gives that line. */
async function readiness(command: RunningCommand, status: number, line: string): Promise<string> {
  const port = await command.boundPort('status');
  let found: string | undefined;
  await command.until(async () => {
    const answer = await get(port, 'localhost', '/readyz?verbose');
    found = answer.status === status ? answer.body.split('\n').find((each) => each.startsWith(line)) : undefined;
    return found !== undefined;
  });
  return found ?? '';
}

/** The lines of the log about what does not work; each part is in exactly one for each reason, however often it was tried. */
function troubleLines(command: RunningCommand): readonly Record<string, unknown>[] {
  const lines = command.log.filter(({ msg }) => msg === 'not everything works: trying again');
  // A server that has just begun knows no roles yet: what it can not be reached for first, it forbids then.
  const parts = lines.flatMap(({ parts: named, reason }) => (named as string[]).map((part) => `${part} ${reason}`));
  assert.equal(new Set(parts).size, parts.length, `each part once for a reason: ${parts}`);
  return lines;
}

async function problemsOf(command: RunningCommand): Promise<readonly { where: string; reason: string; message: string }[]> {
  const { body } = await get(await command.boundPort('admin'), 'localhost', '/debug/problems');
  return (JSON.parse(body) as { sources: { where: string; reason: string; message: string }[] }).sources;
}

/** Reasons of the Events on our Pod. */
async function podEvents(): Promise<readonly string[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${own}/events`;
  const { items } = await admin.json<{ items: readonly { reason: string; type: string; regarding: { kind: string; uid: string } }[] }>({
    path,
  });
  return items
    .filter(({ regarding, type }) => regarding.uid === podUid && regarding.kind === 'Pod' && type === 'Warning')
    .map(({ reason }) => reason);
}

async function ended(command: RunningCommand): Promise<void> {
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
}

const reads = [
  'list ingresses',
  'watch ingresses',
  'list ingressclasses',
  'list services',
  'list namespaces',
  'list endpointslices',
  'list secrets',
];
for (const denied of reads) {
  test(`start without RBAC to ${denied}: not ready and why, in one line of the log, and ready once it is allowed`, async (t) => {
    const [verb = '', resource = ''] = denied.split(' ');
    const giveBack = await deny(denied);
    const command = await start(t);
    const line = await readiness(command, 503, `[-]watch/${resource}: forbidden: `);
    assert.ok(line.includes(`Cannot ${verb} ${resource}`) && line.includes(`allow the verb ${verb} on ${resource}`), line);
    assert.ok(line.includes(`User "${account.user}" cannot ${verb} resource "${resource}"`), line);
    await command.until(() => troubleLines(command).length > 0);
    const problems = await problemsOf(command);
    assert.deepEqual(
      problems.map(({ where, reason }) => [where, reason]),
      [[resource, 'forbidden']],
    );
    await giveBack();
    await readiness(command, 200, '[+]table: ok');
    await readiness(command, 200, `[+]watch/${resource}: ok`);
    assert.deepEqual(
      troubleLines(command).map(({ level, reason, parts }) => [level, reason, parts]),
      [['error', 'forbidden', [resource]]],
    );
    assert.equal((await problemsOf(command)).length, 0);
    await ended(command);
  });
}

test('start without RBAC for anything: one line names all that is forbidden, and the Pod has Events when those are allowed', async (t) => {
  const giveBack = await deny(...reads, 'watch ingressclasses', 'get secrets');
  const command = await start(t);
  await command.until(() => troubleLines(command).length > 0);
  const parts = troubleLines(command).flatMap(({ parts: named }) => named as string[]);
  assert.deepEqual([...parts].sort(), ['endpointslices', 'ingressclasses', 'ingresses', 'namespaces', 'secrets', 'services']);
  await eventually(
    'a Warning Event on the Pod for each',
    async () => (await podEvents()).filter((reason) => reason === 'Forbidden').length === 6,
  );
  await giveBack();
  await readiness(command, 200, '[+]table: ok');
  await command.until(() => command.log.some(({ msg, reason }) => msg === 'it works again' && reason === 'forbidden'));
  await ended(command);
});

test('start without the CustomResourceDefinitions: ready, quiet in /readyz and the log, and read once they are installed', async (t) => {
  const command = await start(t);
  await readiness(command, 200, '[+]table: ok');
  const { body } = await get(await command.boundPort('status'), 'localhost', '/readyz');
  assert.doesNotMatch(body, /smartroutes|smartproxyconfigs|referencegrants/);
  assert.deepEqual(await problemsOf(command), []);
  assert.equal(troubleLines(command).length, 0);
  const told = command.log.filter(({ msg }) => msg === 'resource not installed: looking for it again');
  assert.deepEqual(told.map(({ resource }) => resource).sort(), ['referencegrants', 'smartproxyconfigs', 'smartroutes']);
  await installCrds();
  await readiness(command, 200, '[+]watch/smartroutes: ok');
  await ended(command);
});

for (const denied of ['list smartroutes', 'watch smartroutes']) {
  test(`start without RBAC to ${denied}: ready, named once, and read once it is allowed`, async (t) => {
    await installCrds();
    const [verb = ''] = denied.split(' ');
    const giveBack = await deny(denied);
    const command = await start(t);
    const line = await readiness(command, 200, '[!]watch/smartroutes: forbidden: ');
    assert.ok(line.includes(`allow the verb ${verb} on smartroutes of API group smartproxy.dev`), line);
    await command.until(() => troubleLines(command).length > 0);
    assert.deepEqual(
      (await problemsOf(command)).map(({ where, reason }) => [where, reason]),
      [['smartroutes', 'forbidden']],
    );
    await giveBack();
    await readiness(command, 200, '[+]watch/smartroutes: ok');
    assert.equal(troubleLines(command).length, 1);
    await ended(command);
  });
}

test('start without RBAC to write statuses of SmartRoutes: ready, named once, counted, and written once it is allowed', async (t) => {
  await installCrds();
  const giveBack = await deny('patch smartroutes/status');
  const rules = [{ name: 'all', action: { respond: { status: 200 } } }];
  await made({
    apiVersion: 'smartproxy.dev/v1alpha1',
    kind: 'SmartRoute',
    metadata: { namespace: 'default', name: 'web' },
    spec: { ingressClassName: 'smartproxy', hosts: ['route.test'], http: { rules } },
  });
  await made({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'smartproxy' },
    spec: { controller: 'smartproxy.dev/ingress-controller' },
  });
  const command = await start(t, '--no-leader-election');
  const line = await readiness(command, 200, '[!]smartroutes/status: forbidden: ');
  assert.ok(line.includes('Cannot patch smartroutes/status of smartproxy.dev "web" in namespace default'), line);
  const writes = async () => (await get(await command.boundPort('status'), 'localhost', '/metrics')).body;
  assert.match(await writes(), /^smartproxy_status_writes_total\{result="failed"\} [1-9]/m);
  assert.match(await writes(), /^smartproxy_status_writes_total\{result="ok"\} 0$/m);
  await giveBack();
  await command.until(async () => /^smartproxy_status_writes_total\{result="ok"\} [1-9]/m.test(await writes()));
  assert.ok(!(await problemsOf(command)).some(({ where }) => where === 'smartroutes/status'));
  await ended(command);
});

test('start without RBAC to get a Secret: what else there is, is served, and the Secret is named', async (t) => {
  await deny('get secrets');
  const { cert, key } = await makeTestCertificate('tls.test');
  await made(secret('default', 'web-tls', { 'tls.crt': cert, 'tls.key': key }, 'kubernetes.io/tls'));
  await made(ingress('default', 'safe', hostTo('tls.test', 'web', { tls: [{ hosts: ['tls.test'], secretName: 'web-tls' }] })));
  const command = await start(t);
  const line = await readiness(command, 200, '[!]secret-default/web-tls: forbidden: ');
  assert.ok(line.includes('Cannot get secrets "web-tls" in namespace default'), line);
  await ended(command);
});

test('start without RBAC to write statuses and Events: ready, each named once', async (t) => {
  await deny('patch ingresses/status', 'create events');
  await made(ingress('default', 'web', hostTo('web.test', 'nowhere')));
  const command = await start(t, '--no-leader-election', '--publish-address=203.0.113.9');
  const status = await readiness(command, 200, '[!]ingresses/status: forbidden: ');
  assert.ok(status.includes('Cannot patch ingresses/status of networking.k8s.io "web" in namespace default'), status);
  const events = await readiness(command, 200, '[!]events: forbidden: ');
  assert.ok(events.includes('allow the verb create on events of API group events.k8s.io'), events);
  assert.deepEqual((await problemsOf(command)).map(({ where }) => where).sort(), ['events', 'ingresses/status']);
  await command.until(() => troubleLines(command).length > 1);
  await ended(command);
});

for (const denied of ['get leases', 'create leases', 'update leases']) {
  test(`start without RBAC to ${denied}: ready, says that nobody can lead, and leads once it is allowed`, async (t) => {
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace: own, name: 'smartproxy-ingress-leader' } };
    await remove(admin, lease);
    if (denied === 'update leases') await made(lease);
    const giveBack = await deny(denied);
    const command = await start(t);
    const line = await readiness(command, 200, '[!]lease: forbidden: ');
    assert.ok(line.includes(`allow the verb ${denied.split(' ')[0]} on leases of API group coordination.k8s.io`), line);
    await giveBack();
    await readiness(command, 200, '[+]table: ok');
    await command.until(() => command.log.some(({ msg }) => String(msg).startsWith('this replica leads')));
    assert.equal(troubleLines(command).length, 1);
    await ended(command);
  });
}

test('start with objects missing that options name: not ready and why, with Events, and ready once they are made', async (t) => {
  const command = await start(
    t,
    ...['--default-certificate=default/wildcard', '--default-backend=default/fallback:80', `--publish-service=${own}/nobody`],
  );
  const certificate = await readiness(command, 503, '[-]default-certificate: missing: ');
  assert.ok(certificate.includes('Secret default/wildcard') && certificate.includes('--default-certificate'), certificate);
  await readiness(command, 503, '[-]default-backend: missing: ');
  const publishing = await readiness(command, 503, '[!]publish-service: missing: ');
  assert.ok(publishing.includes(`Service ${own}/nobody`) && publishing.includes('--publish-service'), publishing);
  const { cert, key } = await makeTestCertificate('*.test');
  await made(secret('default', 'wildcard', { 'tls.crt': cert, 'tls.key': key }, 'kubernetes.io/tls'));
  await made(service('default', 'fallback'));
  await readiness(command, 200, '[+]table: ok');
  await readiness(command, 200, '[!]default-backend: no-endpoints: ');
  await eventually('an Event on the Pod', async () => (await podEvents()).includes('Missing'));
  await made(service(own, 'nobody'));
  await command.until(async () => !(await problemsOf(command)).some(({ where }) => where === 'publish-service'));
  await ended(command);
});

test('start with a token that has expired: one line, no crash, and ready once the kubeconfig has a good one', async (t) => {
  const kubeconfig = join(await temporaryFolder(t), 'kubeconfig');
  const good = readFileSync(plane.kubeconfig(account.token), 'utf8');
  writeFileSync(kubeconfig, good.replace(account.token, 'of-yesterday'));
  const command = await startAs(t, kubeconfig);
  const line = await readiness(command, 503, '[-]watch/ingresses: unauthorized: ');
  assert.ok(line.includes('401') && line.includes('credentials'), line);
  await command.until(() => troubleLines(command).length > 0);
  writeFileSync(kubeconfig, good);
  await readiness(command, 200, '[+]table: ok');
  assert.deepEqual(
    troubleLines(command).map(({ level, reason }) => [level, reason]),
    [['error', 'unauthorized']],
  );
  await ended(command);
});

test('start with the CA of another cluster: one line, no crash, and ready once the right one is there', async (t) => {
  const folder = await temporaryFolder(t);
  const ca = join(folder, 'ca.crt');
  writeFileSync(ca, (await makeTestCertificate('other.test')).cert);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, readFileSync(plane.kubeconfig(account.token), 'utf8').replace(plane.caFile, ca));
  const command = await startAs(t, kubeconfig);
  await readiness(command, 503, '[-]watch/services: certificate-refused: Cannot use the API server: its certificate is not trusted');
  await command.until(() => troubleLines(command).length > 0);
  writeFileSync(ca, readFileSync(plane.caFile));
  await readiness(command, 200, '[+]table: ok');
  assert.deepEqual(
    troubleLines(command).map(({ level, reason }) => [level, reason]),
    [['error', 'certificate-refused']],
  );
  await ended(command);
});

test('start with no API server: alive, not ready and why, in one line; ready when it is there', async (t) => {
  await plane.killApiServer();
  const command = await start(t);
  await readiness(command, 503, '[-]watch/ingresses: unreachable: Cannot reach the API server: connect ECONNREFUSED');
  assert.equal((await get(await command.boundPort('status'), 'localhost', '/healthz')).status, 200);
  await plane.startApiServer();
  await readiness(command, 200, '[+]table: ok');
  await command.until(() => command.log.some(({ msg, reason }) => msg === 'it works again' && reason === 'unreachable'));
  assert.equal(troubleLines(command).filter(({ reason }) => reason === 'unreachable').length, 1);
  await ended(command);
});

test('start on an API server that lacks a kind: the kind is named, and ready when it is served', async (t) => {
  await plane.killApiServer();
  await plane.startApiServer(['--runtime-config=discovery.k8s.io/v1=false'], '/livez');
  const command = await start(t);
  const line = await readiness(command, 503, '[-]watch/endpointslices: not-served: ');
  assert.ok(line.includes('does not serve endpointslices in version v1'), line);
  await readiness(command, 503, '[+]watch/ingresses: ok');
  await command.until(() => troubleLines(command).some(({ reason }) => reason === 'not-served'));
  await plane.killApiServer();
  await plane.startApiServer();
  await readiness(command, 200, '[+]watch/endpointslices: ok');
  await ended(command);
});

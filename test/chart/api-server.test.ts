import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { chartPath, helm, release, renderedChart } from '../tools/chart.ts';
import { chartCases } from '../tools/chart-cases.ts';
import { adminToken, ControlPlane } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { helmUnavailable, kubectlProgram } from '../tools/helm-kubectl.ts';
import { type AnyObject, create, namespace } from '../tools/objects.ts';
import { operatorCrds } from '../tools/operator-crds.ts';
import { configOf, podTemplateOf } from '../tools/pod-template.ts';
import { installObjects, isRbac, kubectlWith, kustomizations, kustomizedObjects, objectsIn } from '../tools/shipped-manifests.ts';

const run = promisify(execFile);
const skip = helmUnavailable() ?? false;
const configCrd = 'crds/smartproxy.dev_smartproxyconfigs.yaml';
/** Namespaces that the values name, beside the release's. */
const others = ['monitoring', 'other', 'shop', 'blog', 'vault', 'privileged'];

let plane: ControlPlane;
let admin: ApiClient;

before(async () => {
  plane = await ControlPlane.start();
  admin = plane.client();
  await kubectlWith(
    plane,
    'apply',
    installObjects().filter(({ kind }) => kind === 'Namespace'),
  );
  await create(admin, namespace('default')).catch(() => undefined);
  for (const name of others) await create(admin, namespace(name));
  await kubectlWith(plane, 'apply', [
    { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'gvisor' }, handler: 'runsc' },
  ]);
  for (const file of await operatorCrds()) await plane.kubectl('apply', '--server-side', '-f', file);
  await plane.crdsEstablished('crd', '--all');
});

after(async () => {
  admin?.close();
  await plane?.stop();
});

/** Creates every object as a dry run: defaults, validation and admission are those of a real one, and unknown fields are errors. */
async function accepted(objects: readonly AnyObject[]): Promise<void> {
  const wanted = objects.filter(({ kind }) => kind !== 'Namespace');
  const answer = await kubectlWith(plane, 'apply', wanted, '--server-side', '--dry-run=server', '--validate=strict');
  assert.equal(answer.trim().split('\n').length, wanted.length);
}

/** Creates the pod of a workload as a dry run in `where`. */
function createPod(objects: readonly AnyObject[], where: string): Promise<unknown> {
  const { labels, ...spec } = podTemplateOf(objects);
  const metadata = { name: 'dry', namespace: where, labels };
  return admin.json({
    method: 'POST',
    path: `/api/v1/namespaces/${where}/pods`,
    query: { dryRun: 'All', fieldValidation: 'Strict' },
    body: { apiVersion: 'v1', kind: 'Pod', metadata, spec },
  });
}

function takesPortsOfNodes(objects: readonly AnyObject[]): boolean {
  const { hostNetwork, containers } = podTemplateOf(objects);
  return hostNetwork === true || containers.some(({ ports }) => ports?.some(({ hostPort }) => hostPort !== undefined));
}

/** Pods pass the restricted level, save for those that use ports of the nodes, which it forbids. */
async function passesPodSecurity(objects: readonly AnyObject[]): Promise<void> {
  if (takesPortsOfNodes(objects)) {
    await createPod(objects, 'privileged');
    await assert.rejects(createPod(objects, release), /PodSecurity "restricted/);
  } else {
    await createPod(objects, release);
  }
}

for (const { name, values } of chartCases) {
  test(`chart ${name}: a real API server takes every object, and the pods pass their level of pod security`, { skip }, async (t) => {
    const objects = objectsIn(await renderedChart(values));
    if (objects.some(({ kind }) => kind === 'SmartProxyConfig')) {
      // Its kind is there before, as the values say; releases that others make bring their own.
      t.after(() => plane.kubectl('delete', '-f', configCrd));
      await plane.kubectl('apply', '--server-side', '-f', configCrd);
      await plane.crdsEstablished('-f', configCrd);
    }
    await accepted(objects);
    await passesPodSecurity(objects);
  });
}

for (const name of Object.keys(kustomizations) as (keyof typeof kustomizations)[]) {
  test(`kustomization ${name}: a real API server takes every object, and the program its arguments`, async () => {
    const objects = await kustomizedObjects(plane, name);
    await accepted(objects);
    await passesPodSecurity(objects);
    const pod = podTemplateOf(objects);
    const { config } = configOf(pod);
    assert.ok(pod.terminationGracePeriodSeconds * 1000 >= config.drainDelayMs + config.drainTimeoutMs + 10_000);
    const ports = (pod.containers[0]?.ports ?? []).map(({ containerPort }) => containerPort);
    assert.deepEqual(ports, [config.httpPort, config.httpsPort, config.statusPort]);
  });
}

test('kustomizations: an older kubectl builds the same', { skip }, async () => {
  for (const [name, folder] of Object.entries(kustomizations)) {
    const { stdout } = await run(await kubectlProgram(), ['kustomize', folder]);
    assert.equal(stdout, await plane.kubectl('kustomize', folder), name);
  }
});

test('install.yaml: a real API server takes it as a file', async () => {
  await accepted(installObjects());
  assert.deepEqual(await kustomizedObjects(plane, 'base').then(sorted), sorted(installObjects()));
});

/** Roles and bindings without what Helm adds to them. */
function rightsOf(objects: readonly AnyObject[]): readonly unknown[] {
  return sorted(
    objects.filter(isRbac).map(({ metadata: { name, namespace: where }, ...rest }) => ({ ...rest, metadata: { name, namespace: where } })),
  );
}

function sorted<T extends AnyObject>(objects: readonly T[]): readonly T[] {
  const key = ({ kind, metadata }: AnyObject) => `${kind} ${metadata.namespace} ${metadata.name}`;
  return objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

test('overlays: their roles are those that the chart makes of the same wish', { skip }, async () => {
  const same: readonly (readonly [keyof typeof kustomizations, object])[] = [
    ['singleNamespace', { watch: { namespaces: ['default'] } }],
    ['namedSecrets', { watch: { secretNames: ['default/shop-tls'] } }],
    ['daemonSet', { kind: 'DaemonSet' }],
    ['development', {}],
  ];
  for (const [overlay, values] of same) {
    assert.deepEqual(rightsOf(await kustomizedObjects(plane, overlay)), rightsOf(objectsIn(await renderedChart(values))), overlay);
  }
});

test('NOTES: the Ingress in it is one that the API server takes, of the class and namespace that are served', { skip }, async () => {
  for (const values of [{}, { ingressClass: { name: 'edge' }, watch: { namespaces: ['shop', 'blog'] } }]) {
    const connection = ['--kubeconfig', plane.kubeconfig(adminToken)];
    const args = [
      'install',
      release,
      chartPath,
      '--namespace',
      release,
      '--dry-run=server',
      '--output',
      'json',
      '--values',
      '-',
      ...connection,
    ];
    const { ok, stdout, stderr } = await helm(args, JSON.stringify(values));
    assert.ok(ok, stderr);
    const { notes } = (JSON.parse(stdout) as { info: { notes: string } }).info;
    const yaml = /^apiVersion: [\s\S]*?(?=\n\n)/m.exec(notes)?.[0] ?? '';
    const ingress = parse(yaml) as AnyObject & { readonly spec: { readonly ingressClassName: string } };
    assert.equal(ingress.kind, 'Ingress');
    assert.equal(ingress.spec.ingressClassName, values.ingressClass?.name ?? 'smartproxy');
    assert.equal(ingress.metadata.namespace, values.watch?.namespaces[0] ?? 'default');
    await accepted([ingress]);
  }
});

test('helm install, upgrade and uninstall: everything is made, changed and gone again', { skip }, async () => {
  const connection = ['--namespace', release, '--kubeconfig', plane.kubeconfig(adminToken), '--values', '-'];
  const values = {
    crds: { keep: false },
    metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } },
    internalService: { enabled: true },
  };
  const installed = await helm(['install', release, chartPath, ...connection], JSON.stringify(values));
  assert.ok(installed.ok, installed.stderr);
  assert.deepEqual(namesOf(await owned()), namesOf(await made(values)));
  const changed = { ...values, replicas: 5, internalService: {} };
  const upgraded = await helm(['upgrade', release, chartPath, ...connection], JSON.stringify(changed));
  assert.ok(upgraded.ok, upgraded.stderr);
  const objects = await owned();
  assert.deepEqual(namesOf(objects), namesOf(await made(changed)));
  assert.ok(objects.some(({ kind, spec }) => kind === 'Deployment' && (spec as { replicas: number }).replicas === 5));
  const removed = await helm(['uninstall', release, ...connection.slice(0, 4)]);
  assert.ok(removed.ok, removed.stderr);
  await eventually('nothing of the release is left', async () => (await owned()).length === 0);
  assert.equal(await plane.kubectl('get', 'secrets,configmaps', '--namespace', release, '--output', 'name'), '');
});

test('helm uninstall leaves SmartRoutes and their kind, and a new install takes them over', { skip }, async () => {
  const connection = ['--namespace', release, '--kubeconfig', plane.kubeconfig(adminToken)];
  const ok = async (...args: readonly string[]) => {
    const answer = await helm([...args, ...connection]);
    assert.ok(answer.ok, answer.stderr);
  };
  await ok('install', release, chartPath);
  await plane.crdsEstablished('crd', '--all');
  await plane.kubectl('apply', '-f', join(chartPath, '../../../examples/smartroute/redirect.yaml'));
  await ok('uninstall', release);
  await eventually(
    'all but the kinds is gone',
    async () =>
      namesOf(await owned()).join() ===
      'CustomResourceDefinition smartproxyconfigs.smartproxy.dev,CustomResourceDefinition smartroutes.smartproxy.dev',
  );
  assert.notEqual(await plane.kubectl('get', 'smartroutes', '--all-namespaces', '--output', 'name'), '');
  await ok('install', release, chartPath, '--set', 'crds.keep=false');
  await ok('uninstall', release);
  await eventually('nothing of the release is left', async () => (await owned()).length === 0);
});

/** What an install makes: all but the pod of `helm test`. */
async function made(values: object): Promise<readonly AnyObject[]> {
  return objectsIn(await renderedChart(values)).filter(({ kind }) => kind !== 'Pod');
}

function namesOf(objects: readonly AnyObject[]): readonly string[] {
  return objects.map(({ kind, metadata: { name } }) => `${kind} ${name}`).sort();
}

/** What of the release the API server has, of every kind that the chart can make. */
async function owned(): Promise<readonly AnyObject[]> {
  const kinds = [
    ...['serviceaccounts', 'services', 'configmaps', 'secrets', 'pods', 'deployments', 'daemonsets', 'poddisruptionbudgets'],
    ...['horizontalpodautoscalers', 'networkpolicies', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings', 'ingressclasses'],
    ...['servicemonitors', 'podmonitors', 'prometheusrules', 'jobs', 'leases', 'customresourcedefinitions'],
  ];
  const selector = `app.kubernetes.io/instance=${release}`;
  const text = await plane.kubectl('get', kinds.join(','), '--all-namespaces', '--selector', selector, '--output', 'json');
  return (JSON.parse(text) as { items: readonly AnyObject[] }).items;
}

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installManifestPath, renderInstallManifest } from '../../tools/chart/install-manifest.ts';
import { chartPath, helm, renderedChart } from '../tools/chart.ts';
import { chartCases, chartGoldens } from '../tools/chart-cases.ts';
import { helmUnavailable } from '../tools/helm-kubectl.ts';
import type { AnyObject } from '../tools/objects.ts';
import { argsOf, configOf, podTemplateOf } from '../tools/pod-template.ts';
import { objectsIn } from '../tools/shipped-manifests.ts';

const skip = helmUnavailable() ?? false;

test('chart: there is a matrix of values', () => assert.ok(chartCases.length >= 10));

/** Without what is copied from deploy/grafana and deploy/prometheus, which monitoring.test.ts compares with its sources, and schemas of CRDs. */
function withoutCopies(render: string): string {
  return render
    .replace(/^---\n# Source: smartproxy-ingress\/templates\/dashboards\.yaml\n(?:(?!---).*\n)*/gm, '')
    .replace(/(kind: CustomResourceDefinition\n[\s\S]*?\nspec:)\n(?: {2}.*\n)+/g, '$1 # left out\n')
    .replace(/(kind: PrometheusRule\n[\s\S]*?\n {2}groups:)\n(?: {4}.*\n|\n)+/g, '$1 # left out\n');
}

for (const { name, values } of chartCases) {
  test(`chart golden ${name}: values become the objects on file`, { skip }, async () => {
    const text = withoutCopies(await renderedChart(values));
    const file = join(chartGoldens, `${name}.out.yaml`);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
    assert.equal(text, readFileSync(file, 'utf8'));
  });

  test(`chart ${name}: the program takes the arguments, and its ports, grace and Service are those of the pod`, { skip }, async () => {
    const objects = objectsIn(await renderedChart(values));
    const pod = podTemplateOf(objects);
    const { config, warnings } = configOf(pod);
    assert.deepEqual(warnings, []);
    const ports = Object.fromEntries((pod.containers[0]?.ports ?? []).map(({ name: port, containerPort }) => [port, containerPort]));
    assert.deepEqual(ports, {
      ...(config.httpPort === undefined ? {} : { http: config.httpPort }),
      ...(config.httpsPort === undefined ? {} : { https: config.httpsPort }),
      status: config.statusPort,
    });
    assert.ok(pod.terminationGracePeriodSeconds * 1000 >= config.drainDelayMs + config.drainTimeoutMs + 10_000);
    if (config.publishService?.startsWith('smartproxy-ingress/') ?? false) {
      const published = objects.find(({ kind, metadata }) => kind === 'Service' && config.publishService?.endsWith(`/${metadata.name}`));
      const { selector } = published!.spec as { selector: Readonly<Record<string, string>> };
      for (const [label, value] of Object.entries(selector)) assert.equal(pod.labels[label], value);
    }
  });
}

test('chart: no hook but helm test, whose pod no Service selects', { skip }, async () => {
  for (const { values } of chartCases) {
    const objects = objectsIn(await renderedChart(values));
    const hooks = objects.filter(({ metadata }) => annotationsOf(metadata)['helm.sh/hook'] !== undefined);
    assert.ok(hooks.length <= 1);
    for (const { kind, metadata } of hooks) {
      assert.equal(kind, 'Pod');
      assert.equal(annotationsOf(metadata)['helm.sh/hook'], 'test');
      const labels = metadata.labels as Readonly<Record<string, string>>;
      assert.equal(labels['app.kubernetes.io/component'], 'test');
    }
    for (const { kind, spec } of objects) {
      if (kind !== 'Service') continue;
      assert.equal((spec as { selector: Readonly<Record<string, string>> }).selector['app.kubernetes.io/component'], 'controller');
    }
  }
});

function annotationsOf(metadata: AnyObject['metadata']): Readonly<Record<string, string>> {
  return (metadata.annotations ?? {}) as Readonly<Record<string, string>>;
}

test('chart: helm lint --strict finds nothing with any of the values', { skip }, async () => {
  for (const { name } of chartCases) {
    const { ok, stdout, stderr } = await helm(['lint', '--strict', chartPath, '--values', join(chartGoldens, `${name}.in.yaml`)]);
    assert.ok(ok, `${name}: ${stdout}${stderr}`);
  }
});

test('install.yaml is what the chart makes with its defaults', { skip }, async () => {
  assert.equal(readFileSync(installManifestPath, 'utf8'), await renderInstallManifest(), 'run "npm run generate"');
});

test('chart: the CustomResourceDefinitions are those in crds/, kept when it is asked for', { skip }, async () => {
  const crds = ['smartproxyconfigs', 'smartroutes'].map(
    (plural) => objectsIn(readFileSync(`crds/smartproxy.dev_${plural}.yaml`, 'utf8'))[0],
  );
  const shipped = async (values: object) =>
    objectsIn(await renderedChart({ crds: values })).filter(({ kind }) => kind === 'CustomResourceDefinition');
  const kept = await shipped({});
  assert.deepEqual(
    kept.map(({ spec }) => spec),
    crds.map((crd) => crd?.spec),
  );
  for (const { metadata } of kept) assert.deepEqual(annotationsOf(metadata), { 'helm.sh/resource-policy': 'keep' });
  for (const { metadata } of await shipped({ keep: false })) assert.deepEqual(annotationsOf(metadata), {});
  assert.deepEqual(await shipped({ install: false }), []);
});

test('chart: listeners of the SmartProxyConfig become ports of the Service and the NetworkPolicy', { skip }, async () => {
  const listeners = [
    { name: 'http', port: 8080, publishedPort: 80, protocol: 'HTTP' },
    { name: 'mail-of-everybody', port: 2525, publishedPort: 25, protocol: 'TCP' },
  ];
  const extraPorts = [{ name: 'db', port: 5432 }];
  const values = { smartProxyConfig: { create: true, spec: { listeners } }, service: { extraPorts } };
  const objects = objectsIn(await renderedChart(values));
  const of = (kind: string) => objects.find((object) => object.kind === kind);
  const { ports } = of('Service')!.spec as { ports: { name: string; port: number; targetPort?: number }[] };
  const mail = { name: 'mail-of-everybody', port: 25, targetPort: 2525, protocol: 'TCP' };
  assert.deepEqual(ports.slice(2), [mail, ...extraPorts]);
  const { ingress } = of('NetworkPolicy')!.spec as { ingress: { ports: object[] }[] };
  assert.deepEqual(ingress[0]?.ports.slice(2), [
    { port: 2525, protocol: 'TCP' },
    { port: 5432, protocol: 'TCP' },
  ]);
  const { parameters } = of('IngressClass')!.spec as { parameters: { name: string; namespace: string } };
  const { metadata, spec } = of('SmartProxyConfig')!;
  assert.deepEqual([parameters.name, parameters.namespace], [metadata.name, metadata.namespace]);
  assert.deepEqual(spec, { listeners });
});

test('chart: the NetworkPolicy lets in what the Services lead to, and replicas that ask each other for ACME', { skip }, async () => {
  const sidecar = { name: 'tls', image: 'tls', ports: [{ name: 'front', containerPort: 9443 }] };
  const peers = [{ ipBlock: { cidr: '10.0.0.0/8' } }];
  const policyOf = async (values: object) => {
    const objects = objectsIn(await renderedChart({ ...values, networkPolicy: { from: peers } }));
    const { podSelector, ingress } = objects.find(({ kind }) => kind === 'NetworkPolicy')!.spec as {
      podSelector: object;
      ingress: { ports: object[]; from: object[] }[];
    };
    return { podSelector, ...ingress[0]! };
  };
  const { ports, from } = await policyOf({ extraContainers: [sidecar], service: { targetPorts: { https: 'front' } } });
  assert.deepEqual(ports.slice(2), [{ port: 'front', protocol: 'TCP' }]);
  const { podSelector, from: withReplicas } = await policyOf({ acme: { enabled: true } });
  assert.deepEqual(withReplicas, [...from, { podSelector }]);
});

test('chart: without statuses the Service in front is still known where ACME asks the replicas behind it', { skip }, async () => {
  const rendered = async (values: object) => {
    const objects = objectsIn(await renderedChart({ ...values, watch: { namespaces: ['shop'] }, config: { status: false } }));
    const { config, warnings } = configOf(podTemplateOf(objects));
    assert.deepEqual(warnings, []);
    return [config.publishService, objects.some(({ kind, metadata }) => kind === 'Role' && metadata.name.endsWith('-publish'))];
  };
  assert.deepEqual(await rendered({ acme: { enabled: true } }), ['smartproxy-ingress/smartproxy-ingress', true]);
  assert.deepEqual(await rendered({}), [undefined, false]);
});

test('install.yaml: two pods, spread over nodes, with a budget, a policy and their arguments in order', () => {
  const objects = objectsIn(readFileSync(installManifestPath, 'utf8'));
  assert.deepEqual(
    objects.map(({ kind }) => kind),
    [
      ...[
        'Namespace',
        'CustomResourceDefinition',
        'CustomResourceDefinition',
        'ServiceAccount',
        'ClusterRole',
        'ClusterRoleBinding',
        'Role',
        'Role',
        'RoleBinding',
        'RoleBinding',
        'Lease',
      ],
      ...['IngressClass', 'Service', 'NetworkPolicy', 'PodDisruptionBudget', 'Deployment'],
    ],
  );
  assert.doesNotMatch(readFileSync(installManifestPath, 'utf8'), /helm\.sh|managed-by/);
  const { replicas } = objects.at(-1)!.spec as { replicas: number };
  assert.equal(replicas, 2);
  const pod = podTemplateOf(objects);
  assert.equal(pod.topologySpreadConstraints?.[0]?.topologyKey, 'kubernetes.io/hostname');
  assert.equal(argsOf(pod)[0], 'run');
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chartPath, helm, release, renderChart } from '../tools/chart.ts';
import { helmUnavailable } from '../tools/helm-kubectl.ts';
import { configOf, podTemplateOf } from '../tools/pod-template.ts';
import { objectsIn } from '../tools/shipped-manifests.ts';

const skip = helmUnavailable() ?? false;

const database = { name: 'db', port: 5432, protocol: 'TCP' };
const listeners = (...all: readonly object[]) => ({ smartProxyConfig: { create: true, spec: { listeners: all } } });
const listener = (more: object) => listeners({ ...database, ...more });

/** Values that do not fit, and the sentence that they fail with. */
const cases: readonly (readonly [values: object, sentence: RegExp])[] = [
  // What the schema says: names, kinds and ranges.
  [{ replcas: 3 }, /additional properties 'replcas' not allowed/],
  [{ image: { tga: '1' } }, /at '\/image': additional properties 'tga' not allowed/],
  [{ service: { port: 80 } }, /at '\/service': additional properties 'port' not allowed/],
  [{ config: { 'acces-log': 'all' } }, /at '\/config': additional properties 'acces-log' not allowed/],
  [{ config: { manifests: '/srv' } }, /at '\/config': additional properties 'manifests' not allowed/],
  [{ config: { 'access-log': 'some' } }, /at '\/config\/access-log': value must be one of 'off', 'all', 'errors'/],
  [{ config: { http2: 'maybe' } }, /at '\/config\/http2': got string, want boolean/],
  [{ config: { 'max-headers': 0 } }, /at '\/config\/max-headers': minimum: got 0, want 1/],
  [{ config: { 'connect-timeout': '5 s' } }, /at '\/config\/connect-timeout': '5 s' does not match pattern/],
  [{ config: { 'max-request-body': '5x' } }, /at '\/config\/max-request-body': '5x' does not match pattern/],
  [{ kind: 'StatefulSet' }, /at '\/kind': value must be one of 'Deployment', 'DaemonSet'/],
  [{ replicas: 'two' }, /at '\/replicas': got string, want integer/],
  [{ workers: 0 }, /at '\/workers': minimum: got 0, want 1/],
  [{ drain: { delay: 'soon' } }, /at '\/drain\/delay': 'soon' does not match pattern/],
  [{ defaultBackend: 'web' }, /at '\/defaultBackend': 'web' does not match pattern/],
  [{ defaultCertificate: 'a/b/c' }, /at '\/defaultCertificate': 'a\/b\/c' does not match pattern/],
  [{ watch: { namespaces: ['Shop'] } }, /at '\/watch\/namespaces\/0': 'Shop' does not match pattern/],
  [{ service: { type: 'ExternalName' } }, /at '\/service\/type': value must be one of 'LoadBalancer', 'NodePort', 'ClusterIP'/],
  [{ containerPorts: { http: 70000 } }, /at '\/containerPorts\/http': maximum: got 70,000, want 65,535/],
  [{ image: { digest: 'sha256:12' } }, /at '\/image\/digest': 'sha256:12' does not match pattern/],
  [{ podDisruptionBudget: { maxUnavailable: '1' } }, /at '\/podDisruptionBudget\/maxUnavailable': '1' does not match pattern/],
  [{ podAnnotations: { number: 1 } }, /at '\/podAnnotations\/number': got number, want string/],
  [{ nameOverride: 'UPPER' }, /at '\/nameOverride': 'UPPER' does not match pattern/],
  [{ fullnameOverride: '1st' }, /at '\/fullnameOverride': '1st' does not match pattern/],
  [{ serviceAccount: { name: 'a b' } }, /at '\/serviceAccount\/name'/],
  [{ smartProxyConfig: { name: 'Main' } }, /at '\/smartProxyConfig\/name'/],
  [{ smartProxyConfig: { create: true, spec: { foo: 1 } } }, /at '\/smartProxyConfig\/spec': additional properties 'foo' not allowed/],
  [listener({ port: 99999 }), /at '\/smartProxyConfig\/spec\/listeners\/0\/port': maximum: got 99,999, want 65,535/],
  [listener({ protocol: 'FOO' }), /at '\/smartProxyConfig\/spec\/listeners\/0\/protocol': value must be one of 'HTTP', 'HTTPS'/],
  [listener({ port: undefined }), /at '\/smartProxyConfig\/spec\/listeners\/0': missing property 'port'/],
  [
    { smartProxyConfig: { create: true, spec: { drain: { delay: 'soon' } } } },
    /at '\/smartProxyConfig\/spec\/drain\/delay': 'soon' does not match pattern/,
  ],
  [{ config: { 'trusted-proxies': '10.0.0.0/8, edge' } }, /at '\/config\/trusted-proxies': '10\.0\.0\.0\/8, edge' does not match pattern/],
  [{ publishAddresses: ['not an address'] }, /at '\/publishAddresses\/0': 'not an address' does not match pattern/],
  [{ ingressClass: { controllerValue: 'a b' } }, /at '\/ingressClass\/controllerValue': 'a b' does not match pattern/],
  [{ service: { externalIPs: ['edge'] } }, /at '\/service\/externalIPs\/0': 'edge' does not match pattern/],
  [{ service: { loadBalancerSourceRanges: ['10.0.0.1'] } }, /at '\/service\/loadBalancerSourceRanges\/0': '10\.0\.0\.1' does not match/],
  [{ metrics: { podMonitor: { interval: 'often' } } }, /at '\/metrics\/podMonitor\/interval': 'often' does not match pattern/],
  // What belongs to another value.
  [{ smartProxyConfig: { spec: { drain: { delay: '5s' } } } }, /Cannot use smartProxyConfig\.spec without smartProxyConfig\.create/],
  [
    { service: { targetPorts: { http: 9999 } } },
    /Cannot use service\.targetPorts\.http 9999: no container has this port; it may be http, 8080, https, 8443, status, 10254/,
  ],
  [{ internalService: { enabled: true, targetPorts: { https: 'htps' } } }, /Cannot use internalService\.targetPorts\.https htps: no/],
  [{ config: { 'drain-delay': '5s' } }, /Cannot use config\.drain-delay: set drain\.delay/],
  [{ config: { 'ingress-class': 'x' } }, /Cannot use config\.ingress-class: set ingressClass\.name/],
  [{ config: { 'lease-name': 'x' } }, /Cannot use config\.lease-name: it is named after the release/],
  [{ extraArgs: ['--drain-timeout=1h'] }, /Cannot use extraArgs --drain-timeout=1h: set drain\.timeout/],
  [
    { extraArgs: ['--no-watch-ingress-without-class'] },
    /Cannot use extraArgs --no-watch-ingress-without-class: set watchIngressWithoutClass/,
  ],
  [{ extraArgs: ['--log-level', 'debug', '--acess-log=all'] }, /Cannot use extraArgs --acess-log=all: the program has no such flag/],
  [{ extraArgs: ['--manifests=/srv'] }, /Cannot use extraArgs --manifests=\/srv: the program has no such flag in a cluster/],
  [
    { config: { 'status-address': '127.0.0.1' } },
    /Cannot use config\.status-address 127\.0\.0\.1: the node asks for the pod's health there/,
  ],
  // What does not fit together.
  [
    { terminationGracePeriodSeconds: 30 },
    /Cannot use terminationGracePeriodSeconds 30: drain\.delay and drain\.timeout take 245 s, .* give at least 255 or leave it empty/,
  ],
  [{ terminationGracePeriodSeconds: 254 }, /Cannot use terminationGracePeriodSeconds 254/],
  [{ drain: { timeout: '1h' }, terminationGracePeriodSeconds: 260 }, /Cannot use terminationGracePeriodSeconds 260: .* take 3605 s/],
  [{ kind: 'DaemonSet', autoscaling: { enabled: true } }, /Cannot use autoscaling\.enabled with kind DaemonSet/],
  [
    { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 4 } },
    /Cannot use autoscaling\.minReplicas 5: autoscaling\.maxReplicas is 4/,
  ],
  [{ autoscaling: { enabled: true, targetCPUUtilizationPercentage: null } }, /Cannot use autoscaling\.enabled without a target/],
  [{ containerPorts: { http: 8443 } }, /Cannot use containerPorts\.https 8443: containerPorts\.http is the same port/],
  [{ containerPorts: { http: 'off', https: false } }, /Cannot use containerPorts: http and https are both off/],
  [{ containerPorts: { http: 'off' }, hostPorts: { http: 80 } }, /Cannot use hostPorts\.http: containerPorts\.http is off/],
  [{ containerPorts: { https: 'off' }, hostPorts: { https: 443 } }, /Cannot use hostPorts\.https: containerPorts\.https is off/],
  [{ hostNetwork: true, hostPorts: { http: 80 } }, /Cannot use hostPorts with hostNetwork/],
  [{ hostNetwork: true, containerPorts: { http: 80 } }, /Cannot use containerPorts\.http 80 with hostNetwork: ports below 1024 need/],
  [{ nftables: { enabled: true } }, /Cannot use nftables\.enabled without hostNetwork/],
  [{ acme: { enabled: true }, watch: { secretNames: ['shop/tls'] } }, /Cannot use acme\.enabled with watch\.secretNames/],
  [{ acme: { enabled: true, namespaces: ['shop'] }, watch: { namespaces: ['blog'] } }, /Cannot use acme\.namespaces: shop is not in/],
  [{ acme: { enabled: true }, config: { 'leader-election': false } }, /Cannot use acme\.enabled with config\.leader-election false/],
  [{ ticketKeys: { shared: true }, config: { 'leader-election': false } }, /Cannot use ticketKeys\.shared with config\.leader-elect/],
  [{ config: { 'ticket-key-secret': 'x' } }, /Cannot use config\.ticket-key-secret: set ticketKeys\.shared/],
  [{ config: { 'admin-token-file': '/x' } }, /Cannot use config\.admin-token-file: set admin\.tokenSecret/],
  [{ config: { acme: true } }, /Cannot use config\.acme: set acme\.enabled/],
  [{ config: { nftables: true } }, /Cannot use config\.nftables: set nftables\.enabled/],
  [{ podSecurityContext: { runAsUser: 0 } }, /Cannot use runAsUser 0 in podSecurityContext or securityContext: runAsNonRoot is true/],
  [
    { hostNetwork: true, containerPorts: { https: 443 }, podSecurityContext: { runAsUser: 0, runAsNonRoot: false } },
    /Cannot use containerPorts\.https 443 with hostNetwork/,
  ],
  [
    { containerPorts: { http: 'off' }, service: { targetPorts: { https: 'http' } } },
    /Cannot use service\.enabled: the container ports that service\.targetPorts name are off/,
  ],
  [{ service: { ports: { http: 443 } } }, /Cannot use service\.ports\.https 443: service\.ports\.http is the same port/],
  [{ service: { type: 'ClusterIP', nodePorts: { http: 30080 } } }, /Cannot use service\.nodePorts\.http with service\.type ClusterIP/],
  [{ service: { type: 'ClusterIP', externalTrafficPolicy: 'Local' } }, /Cannot use service\.externalTrafficPolicy Local with/],
  [{ service: { type: 'NodePort', loadBalancerClass: 'x' } }, /Cannot use service\.loadBalancerClass with service\.type NodePort/],
  [
    { service: { type: 'NodePort', allocateLoadBalancerNodePorts: false } },
    /Cannot use service\.allocateLoadBalancerNodePorts with service\.type NodePort/,
  ],
  [{ service: { externalTrafficPolicy: 'Cluster', healthCheckNodePort: 30900 } }, /Cannot use service\.healthCheckNodePort with/],
  [{ service: { sessionAffinityTimeoutSeconds: 60 } }, /Cannot use service\.sessionAffinityTimeoutSeconds with/],
  [
    { internalService: { enabled: true, type: 'NodePort', loadBalancerIP: '10.0.0.1' } },
    /Cannot use internalService\.loadBalancerIP with internalService\.type NodePort/,
  ],
  // Ports of listeners, and those of a Service.
  [listener({ port: 8080 }), /Cannot use smartProxyConfig\.spec\.listeners db with port 8080: containerPorts\.http is the same port/],
  [listener({ port: 10255 }), /Cannot use smartProxyConfig\.spec\.listeners db with port 10255: containerPorts\.admin is the same port/],
  [
    listeners(database, { ...database, name: 'copy' }),
    /Cannot use smartProxyConfig\.spec\.listeners copy with port 5432: the listener db is the same port/,
  ],
  [
    listener({ name: 'http', port: 9080, protocol: 'HTTP' }),
    /Cannot use smartProxyConfig\.spec\.listeners http with port 9080: it takes the place of containerPorts\.http, which is 8080/,
  ],
  [
    { ...listener({ name: 'http', port: 8080, protocol: 'HTTP' }), containerPorts: { http: 'off' } },
    /Cannot use smartProxyConfig\.spec\.listeners http with port 8080: it takes the place of containerPorts\.http, which is off/,
  ],
  [
    listener({ name: 'https', port: 8443, protocol: 'HTTPS' }),
    /Cannot use smartProxyConfig\.spec\.listeners https without publishedPort: clients dial service\.ports\.https 443, and would be told 8443/,
  ],
  [
    { ...listener({ port: 53 }), hostNetwork: true },
    /Cannot use smartProxyConfig\.spec\.listeners db with port 53 and hostNetwork: ports below 1024 need/,
  ],
  [listener({ port: 8081, publishedPort: 80 }), /Cannot use service for http and db: both are port 80 of TCP/],
  [{ service: { extraPorts: [{ name: 'https', port: 9 }] } }, /Cannot use service for two ports that are called https/],
  [{ service: { extraPorts: [{ port: 9 }] } }, /Cannot use service\.extraPorts without a name for each/],
  [
    { internalService: { enabled: true, extraPorts: [{ name: 'db', port: 5432, targetPort: 'db' }] } },
    /Cannot use internalService\.extraPorts db with targetPort db: no container has this port/,
  ],
  [
    { service: { type: 'NodePort', nodePorts: { http: 30080, https: 30080 } } },
    /Cannot use service for http and https: both are port 30080 of the nodes for TCP/,
  ],
  [{ service: { clusterIP: 'None' } }, /Cannot use service\.clusterIP None with service\.type LoadBalancer: it is for ClusterIP/],
  [
    { podDisruptionBudget: { maxUnavailable: null } },
    /Cannot use podDisruptionBudget\.enabled without minAvailable and maxUnavailable: give one of them/,
  ],
  // What is taken away and has no empty form, as values of an older chart that an upgrade reuses do not have it.
  [{ nftables: null }, /missing property 'nftables'/],
  [{ service: { ports: { http: null } } }, /at '\/service\/ports': missing property 'http'/],
  [{ drain: { delay: null }, ingressClass: { name: null } }, /missing property 'delay'/],
  [{ kind: null, workers: null }, /missing properties 'kind', 'workers'/],
  [
    { watch: { namespaces: ['a'] }, defaultCertificate: 'b/tls' },
    /Cannot use defaultCertificate b\/tls: its namespace is not one of watch\.namespaces/,
  ],
  [
    { watch: { namespaces: ['a'] }, defaultBackend: 'b/web:80' },
    /Cannot use defaultBackend b\/web:80: its namespace is not one of watch\.namespaces/,
  ],
  [{ watch: { namespaces: ['a'] }, ingressClass: { default: true } }, /Cannot use ingressClass\.default with watch\.namespaces/],
  [
    { metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
    /Cannot use metrics\.podMonitor\.enabled with metrics\.serviceMonitor\.enabled: every pod would be scraped twice/,
  ],
  [
    { metrics: { prometheusRule: { enabled: true, disabled: ['NoSuchAlert'] } } },
    /Cannot use metrics\.prometheusRule\.disabled NoSuchAlert: there is no alert of this name/,
  ],
];

for (const [values, sentence] of cases) {
  test(`chart: ${JSON.stringify(values)} fails with a sentence that names the value`, { skip }, async () => {
    const { ok, stderr } = await renderChart(values);
    assert.ok(!ok, 'it was rendered');
    assert.match(stderr, sentence);
  });
}

test('chart: extraArgs that are flags of the program are taken, in each of their forms', { skip }, async () => {
  const { ok, stdout, stderr } = await renderChart({ extraArgs: ['--log-level', 'debug', '--no-http2', '--h2c', '--retries=1'] });
  assert.ok(ok, stderr);
  const { config } = configOf(podTemplateOf(objectsIn(stdout)));
  assert.deepEqual([config.logLevel, config.http2, config.h2c, config.retries], ['debug', false, true, 1]);
});

test('chart: ports of listeners and of other containers are taken as targetPorts', { skip }, async () => {
  const sidecar = { name: 'tls', image: 'tls', ports: [{ name: 'front', containerPort: 9443 }] };
  for (const target of [9443, 'front', 8080, 5432]) {
    const { ok, stderr } = await renderChart({
      ...listener({}),
      extraContainers: [sidecar],
      service: { targetPorts: { https: target } },
    });
    assert.ok(ok, stderr);
  }
});

test('chart: every map, list and text that is open may be taken away', { skip }, async () => {
  type Schema = { properties?: Record<string, Schema>; required?: string[] };
  const nothing = ({ properties = {}, required = [] }: Schema): object =>
    Object.fromEntries(
      Object.entries(properties)
        .filter(([key, child]) => !required.includes(key) || child.required !== undefined)
        .map(([key, child]) => [key, child.required === undefined ? null : nothing(child)]),
    );
  const schema = JSON.parse(readFileSync(join(chartPath, 'values.schema.json'), 'utf8')) as Schema;
  const { global: _, ...all } = nothing(schema) as { global?: unknown };
  const values = { ...all, podDisruptionBudget: { minAvailable: 1 } };
  const on = { enabled: true };
  const everything = { ...values, metrics: { serviceMonitor: on, prometheusRule: on, dashboards: on } };
  for (const each of [values, everything]) {
    const { ok, stderr } = await renderChart(each);
    assert.ok(ok, stderr);
  }
});

test('chart: a listener in place of an option is taken with its port, and one of UDP beside one of TCP', { skip }, async () => {
  const { ok, stderr } = await renderChart(
    listeners(
      { name: 'http', port: 8080, publishedPort: 80, protocol: 'HTTP', namespaces: ['shop'] },
      { name: 'dns-over-the-transport-with-streams', port: 5353, publishedPort: 53, protocol: 'TCP' },
      { name: 'dns-over-the-transport-with-datagrams', port: 5353, publishedPort: 53, protocol: 'UDP' },
    ),
  );
  assert.ok(ok, stderr);
});

test('chart: a Kubernetes that is too old is refused', { skip }, async () => {
  const template = (version: string) => helm(['template', release, chartPath, '--kube-version', version]);
  assert.ok((await template('1.29.0')).ok);
  assert.ok((await template('v1.35.2-eks-1')).ok);
  const { ok, stderr } = await template('1.28.9');
  assert.ok(!ok);
  assert.match(stderr, /requires kubeVersion: >=1\.29\.0-0 which is incompatible with Kubernetes v1\.28\.9/);
});

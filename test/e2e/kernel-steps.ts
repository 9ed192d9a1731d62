import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../tools/eventually.ts';
import { applicationNamespace, type InstalledCluster, installNamespace } from '../tools/node/installed-cluster.ts';
import { nodeAddress } from '../tools/node/node-config.ts';
import { OutsideMachine } from '../tools/node/outside-machine.ts';
import { kustomizations } from '../tools/shipped-manifests.ts';

const name = 'smartproxy-ingress';
const inNamespace = ['--namespace', installNamespace];
const ports = { web: 15_432, echo: 15_353 };
const listeners = [
  { name: 'web', port: ports.web, protocol: 'TCP' },
  { name: 'echo', port: ports.echo, protocol: 'UDP' },
];
const apiVersion = 'smartproxy.dev/v1alpha1';
const config = { apiVersion, kind: 'SmartProxyConfig', metadata: { name, namespace: installNamespace }, spec: { listeners } };
const routes = [
  route('web', { tcp: { engine: 'NFTables', backends: [{ name: 'web', port: { name: 'http' } }] } }),
  route('echo', { udp: { engine: 'NFTables', backends: [{ name: 'web', port: { name: 'echo' } }] } }),
];

function route(listener: string, spec: object): object {
  const metadata = { name: `kernel-${listener}`, namespace: applicationNamespace };
  return { apiVersion, kind: 'SmartRoute', metadata, spec: { ingressClassName: 'smartproxy', listeners: [listener], ...spec } };
}

/** Steps of a cluster on which the program is not installed, and has not been when they are over: the kernel of the node forwards. */
export function kernelSteps(
  step: (what: string, run: (t: TestContext) => Promise<void>) => void,
  clusterNow: () => InstalledCluster,
  nothingIsLeft: () => Promise<void>,
): void {
  step('the overlay nftables lets the kernel of the node forward TCP and UDP, and leaves no rule', async () => {
    const { node } = clusterNow();
    await node.kubectl('apply', '--kustomize', kustomizations.nftables);
    await apply(config, ...routes);
    await forwards();
    // Pods first, as above.
    await node.kubectl('delete', 'daemonset', name, ...inNamespace, '--timeout=120s');
    await noRuleIsLeft();
    await node.kubectl('delete', '--kustomize', kustomizations.nftables, '--ignore-not-found', '--timeout=120s');
    await nothingIsLeft();
  });

  step('nftables.enabled of the chart does the same', async () => {
    const { node } = clusterNow();
    const values = {
      ...{ kind: 'DaemonSet', hostNetwork: true, nftables: { enabled: true, setForwarding: true }, image: { tag: '0.1.0-nftables' } },
      ...{ service: { enabled: false }, crds: { keep: false } },
    };
    const sets = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
    const chart = 'deploy/helm/smartproxy-ingress';
    await node.helm('install', name, chart, ...inNamespace, '--create-namespace', '--wait', '--timeout=120s', ...sets);
    await apply(config, ...routes);
    await forwards();
    await node.helm('uninstall', name, ...inNamespace, '--wait', '--timeout=120s');
    await noRuleIsLeft();
    await node.kubectl('delete', 'namespace', installNamespace, '--timeout=120s');
    await nothingIsLeft();
  });

  async function apply(...items: readonly object[]): Promise<void> {
    await clusterNow().node.kubectlWith(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'apply', '--filename', '-');
  }

  function rules(): Promise<string> {
    return clusterNow().node.network.run('nft', 'list', 'table', 'inet', 'smartproxy-smartproxy').catch(String);
  }

  /** By a machine beside the node, through the node's address: what comes to a worker gets no answer on these ports. */
  async function forwards(): Promise<void> {
    const { node } = clusterNow();
    await node.kubectl('rollout', 'status', `daemonset/${name}`, ...inNamespace, '--timeout=120s');
    const both = ['smartroute/kernel-web', 'smartroute/kernel-echo', '--namespace', applicationNamespace];
    await node.kubectl('wait', '--for=condition=Programmed', ...both, '--timeout=60s');
    await using client = await OutsideMachine.connect(node.network);
    const asked = await client.network.ask({
      ...{ protocol: 'http1', address: nodeAddress, port: ports.web, host: 'any', path: '/by-kernel' },
      until: { status: 200, timeoutMs: 30_000 },
    });
    assert.equal(asked.status, 200, asked.body);
    const { pod, path } = JSON.parse(asked.body) as { pod: string; path: string };
    assert.equal(path, '/by-kernel');
    assert.match(pod, /^web-/);
    assert.match(await client.network.send(nodeAddress, ports.echo, 'ping'), /^web-\S+ ping$/);
    assert.ok((await rules()).includes(nodeAddress));
  }

  async function noRuleIsLeft(): Promise<void> {
    const pods = () => clusterNow().pods(installNamespace);
    await eventually('the pods are gone', async () => (await pods()).length === 0, 120_000);
    assert.match(await rules(), /No such file or directory/);
  }
}

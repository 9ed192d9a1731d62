// The first program of a node, in new namespaces: makes a private machine of them, starts a cluster on it, says `ready`, and ends when
// descriptor 3 does. Its argument is a NodeOrder. The kernel then ends everything that it started.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createReadStream, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { promisify } from 'node:util';
import { eventually } from '../eventually.ts';
import { writeClusterCertificates } from './cluster-certificates.ts';
import type { NodeOrder } from './kube-node.ts';
import {
  apiServer,
  apiServiceAddress,
  containerdConfig,
  kubeconfigOf,
  kubeletConfig,
  NodePaths,
  networkConfig,
  nodeAddress,
  nodeName,
  programArguments,
  proxyConfig,
} from './node-config.ts';
import { makePrivateMachine } from './private-machine.ts';
import { serveServiceNames } from './service-names.ts';

const execute = promisify(execFile);
const order = JSON.parse(process.argv[2] ?? '') as NodeOrder;
const paths = new NodePaths(order.folder);
const deadlineMs = 180_000;
const startedMs = Date.now();

createReadStream('', { fd: 3 })
  .on('data', () => {})
  .once('close', () => process.exit(0));

function say(what: string): void {
  process.stdout.write(`${JSON.stringify({ what, afterMs: Date.now() - startedMs })}\n`);
}

function start(program: string, args: readonly string[], path = `${order.programs}/${program}`): void {
  const log = openSync(paths.file(`${program}.log`), 'a');
  const child: ChildProcess = spawn(path, args, { cwd: order.folder, stdio: ['ignore', log, log] });
  child.once('error', (error) => fail(program, error.message));
  child.once('exit', (code, signal) => fail(program, String(code ?? signal)));
}

function fail(program: string, why: string): void {
  process.stderr.write(`${program} ended (${why}): ${readFileSync(paths.file(`${program}.log`), 'utf8').slice(-3000)}\n`);
  process.exit(1);
}

interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

const identity = () => ({ ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') });
const read = (file: string) => readFileSync(paths.file(file), 'utf8');

function askApi(method: string, path: string, body?: object): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${apiServer}${path}`, { ...identity(), method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function startContainerd(): Promise<void> {
  writeFileSync(paths.file('containerd.toml'), containerdConfig(paths));
  mkdirSync(paths.file('cni'));
  writeFileSync(paths.file('cni/10-pods.conflist'), JSON.stringify(networkConfig));
  start('containerd', ['--config', paths.file('containerd.toml')], 'containerd');
  await eventually('containerd answers', async () => (await execute('ctr', ['version'])).stdout !== '', deadlineMs);
  for (const image of order.images) await execute('ctr', ['--namespace', 'k8s.io', 'images', 'import', image]);
  say('images');
}

async function startControlPlane(): Promise<void> {
  const programs = programArguments(paths);
  const startIt = (name: string) => start(name, programs[name] ?? []);
  startIt('etcd');
  startIt('kube-apiserver');
  await eventually('the API server is ready', async () => (await askApi('GET', '/readyz')).status === 200, deadlineMs);
  say('API server');
  startIt('kube-controller-manager');
  startIt('kube-scheduler');
  await askApi('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'kube-proxy' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-proxier' },
    subjects: [{ kind: 'User', name: 'system:kube-proxy', apiGroup: 'rbac.authorization.k8s.io' }],
  });
  startIt('kube-proxy');
}

makePrivateMachine(order.folder);
await writeClusterCertificates(order.folder, [
  {
    file: 'kube-apiserver',
    name: 'kube-apiserver',
    dns: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'],
    addresses: ['127.0.0.1', nodeAddress, apiServiceAddress],
  },
  { file: 'admin', name: 'admin', group: 'system:masters' },
  { file: 'kube-controller-manager', name: 'system:kube-controller-manager' },
  { file: 'kube-scheduler', name: 'system:kube-scheduler' },
  { file: 'kube-proxy', name: 'system:kube-proxy' },
  { file: 'kubelet', name: `system:node:${nodeName}`, group: 'system:nodes', dns: [nodeName], addresses: [nodeAddress] },
]);
for (const user of ['admin', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet']) {
  writeFileSync(paths.kubeconfig(user), JSON.stringify(kubeconfigOf(paths, user)));
}
writeFileSync(paths.file('kubelet.json'), JSON.stringify(kubeletConfig(paths)));
writeFileSync(paths.file('kube-proxy.json'), JSON.stringify(proxyConfig(paths)));
say('machine');
await Promise.all([startContainerd(), startControlPlane()]);
start('kubelet', programArguments(paths).kubelet ?? []);
await serveServiceNames(nodeAddress, async (namespace, name) => {
  const { status, body } = await askApi('GET', `/api/v1/namespaces/${namespace}/services/${name}`);
  return status === 200 ? (JSON.parse(body) as { spec: { clusterIP?: string } }).spec.clusterIP : undefined;
});
await eventually(
  'the node is ready',
  async () =>
    /"type":"Ready","status":"True"|"status":"True"[^}]*"type":"Ready"/.test((await askApi('GET', `/api/v1/nodes/${nodeName}`)).body),
  deadlineMs,
);
say('ready');

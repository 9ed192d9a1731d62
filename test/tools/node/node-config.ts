import { join } from 'node:path';

/** Addresses of the cluster; they exist only inside of the node's network namespace. */
export const nodeName = 'node1';
export const nodeAddress = '10.100.0.1';
const serviceRange = '10.96.0.0/16';
/** Of the Service `kubernetes`: the first of the range. */
export const apiServiceAddress = '10.96.0.1';
const podRange = '10.244.0.0/24';
export const apiServer = `https://${nodeAddress}:6443`;
export const pauseImage = 'docker.io/library/pause:test';

/** Folders and files of a node, all below one folder of its own. */
export class NodePaths {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  file(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  kubeconfig(user: string): string {
    return this.file(`${user}.kubeconfig`);
  }
}

/** A kubeconfig for the identity whose certificate is `<user>.crt`. */
export function kubeconfigOf(paths: NodePaths, user: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: apiServer, 'certificate-authority': paths.file('ca.crt') } }],
    users: [{ name: user, user: { 'client-certificate': paths.file(`${user}.crt`), 'client-key': paths.file(`${user}.key`) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
}

/** containerd's configuration, for its version 1.6 and later ones that read version 2 of the format. */
export function containerdConfig(paths: NodePaths): string {
  return `version = 2
root = "${paths.file('containerd')}"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseImage}"
# A sandbox may lack CAP_SYS_RESOURCE, without which a score cannot be lowered.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${paths.file('cni')}"
`;
}

/** One bridge for all pods, with host ports. */
export const networkConfig = {
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: { type: 'host-local', dataDir: '/run/cni-ipam', ranges: [[{ subnet: podRange }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

export function kubeletConfig(paths: NodePaths): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeAddress,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: false }, x509: { clientCAFile: paths.file('ca.crt') } },
    authorization: { mode: 'AlwaysAllow' },
    tlsCertFile: paths.file('kubelet.crt'),
    tlsPrivateKeyFile: paths.file('kubelet.key'),
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    protectKernelDefaults: true,
    enforceNodeAllocatable: [],
    clusterDomain: 'cluster.local',
    clusterDNS: [nodeAddress],
    resolvConf: '',
    podCIDR: podRange,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageMinimumGCAge: '24h',
    healthzBindAddress: '127.0.0.1',
    shutdownGracePeriod: '0s',
  };
}

export function proxyConfig(paths: NodePaths): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig: paths.kubeconfig('kube-proxy') },
    clusterCIDR: podRange,
    hostnameOverride: nodeName,
    bindAddress: nodeAddress,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

/** Arguments of each program of the cluster. */
export function programArguments(paths: NodePaths): Readonly<Record<string, readonly string[]>> {
  const etcd = 'http://127.0.0.1:2379';
  const peer = 'http://127.0.0.1:2380';
  return {
    etcd: [
      ...['--data-dir', paths.file('etcd'), '--listen-client-urls', etcd, '--advertise-client-urls', etcd],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
      ...['--unsafe-no-fsync', '--log-level', 'warn'],
    ],
    'kube-apiserver': [
      `--etcd-servers=${etcd}`,
      '--bind-address=0.0.0.0',
      `--advertise-address=${nodeAddress}`,
      '--secure-port=6443',
      `--tls-cert-file=${paths.file('kube-apiserver.crt')}`,
      `--tls-private-key-file=${paths.file('kube-apiserver.key')}`,
      `--client-ca-file=${paths.file('ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${paths.file('service-accounts.pub')}`,
      `--service-account-signing-key-file=${paths.file('service-accounts.key')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      // As clusters have it; who may is for Pod Security to say.
      '--allow-privileged=true',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${paths.file('admin.crt')}`,
      `--kubelet-client-key=${paths.file('admin.key')}`,
      `--service-cluster-ip-range=${serviceRange}`,
    ],
    'kube-controller-manager': [
      `--kubeconfig=${paths.kubeconfig('kube-controller-manager')}`,
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${paths.file('service-accounts.key')}`,
      `--root-ca-file=${paths.file('ca.crt')}`,
      '--bind-address=127.0.0.1',
    ],
    'kube-scheduler': [`--kubeconfig=${paths.kubeconfig('kube-scheduler')}`, '--leader-elect=false', '--bind-address=127.0.0.1'],
    kubelet: [
      `--config=${paths.file('kubelet.json')}`,
      `--kubeconfig=${paths.kubeconfig('kubelet')}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${nodeAddress}`,
      `--root-dir=${paths.file('kubelet')}`,
    ],
    'kube-proxy': [`--config=${paths.file('kube-proxy.json')}`],
  };
}

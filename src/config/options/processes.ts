import type { OptionsOf } from '../option-spec.ts';
import { defaultStateDir } from '../system.ts';
import { choice, duration, integer, onOff, optional, text } from '../value-types.ts';

const filePath = text('FILE', 'a path');
const folderPath = text('DIR', 'a path');

/** Workers, state and draining. */
export const processesOptions: OptionsOf<
  | 'workers'
  | 'stateDir'
  | 'snapshot'
  | 'snapshotKeyFile'
  | 'networkProxyTransport'
  | 'nftables'
  | 'acme'
  | 'drainDelayMs'
  | 'drainTimeoutMs'
> = {
  workers: {
    flag: 'workers',
    group: 'Processes',
    value: optional(integer(1, 1024), 'auto'),
    default: () => undefined,
    doc: 'Worker processes; auto: one for each CPU that is available to us, and no more than the memory limit of the container has room for (100 MiB each).',
  },
  stateDir: {
    flag: 'state-dir',
    group: 'Processes',
    value: folderPath,
    default: ({ system }) => defaultStateDir(system),
    defaultText: '$XDG_STATE_HOME/smartproxy-ingress; /var/lib/smartproxy-ingress in a pod',
    doc: 'Folder for what outlives the process: the local CA, certificates that were ordered, and the last-good snapshot.',
  },
  snapshot: {
    flag: 'snapshot',
    group: 'Processes',
    value: onOff,
    default: () => false,
    doc: 'Keep an encrypted copy of the last good route table, served when the API server is away at start.',
  },
  snapshotKeyFile: {
    flag: 'snapshot-key-file',
    group: 'Processes',
    value: optional(filePath, 'none'),
    default: () => undefined,
    defaultText: 'a key made in the state folder',
    doc: 'File with the key of that copy.',
  },
  networkProxyTransport: {
    flag: 'network-proxy-transport',
    group: 'Processes',
    value: choice('handoff', 'loopback'),
    default: () => 'handoff',
    doc: 'How SmartProxy hands connections to NetworkProxy: the socket itself, or a second connection over loopback to a process of its own, so that the one that clients speak to first has no private key (docs/tls.md).',
  },
  nftables: {
    flag: 'nftables',
    group: 'Processes',
    value: onOff,
    default: () => false,
    doc: 'Let the kernel forward the routes with engine NFTables. Takes the capability NET_ADMIN, the network of the machine and net.ipv4.ip_forward: docs/nftables.md.',
  },
  acme: {
    flag: 'acme',
    group: 'Processes',
    value: onOff,
    default: () => false,
    doc: 'Order certificates from the issuers of the SmartProxyConfig, and keep them in Secrets, with --manifests in the state folder. Takes the right to write Secrets: docs/acme.md.',
  },
  drainDelayMs: {
    flag: 'drain-delay',
    group: 'Processes',
    value: duration,
    default: ({ manifests }) => (manifests ? 0 : 5000),
    defaultText: '5s; off with --manifests',
    doc: 'After SIGTERM: how long to go on accepting with readiness off, so that load balancers notice.',
  },
  drainTimeoutMs: {
    flag: 'drain-timeout',
    group: 'Processes',
    value: duration,
    default: ({ manifests }) => (manifests ? 5000 : 240_000),
    defaultText: '4m; 5s with --manifests',
    doc: 'How long open requests and connections may take to finish after that; off: they are ended at once.',
  },
};

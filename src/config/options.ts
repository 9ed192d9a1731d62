import type { Config } from './config.ts';
import { defaultStateDir, type System } from './system.ts';
import {
  address,
  choice,
  cidr,
  duration,
  integer,
  list,
  loopbackAddress,
  namespacedName,
  objectName,
  onOff,
  optional,
  port,
  servicePort,
  size,
  sizeAtLeast,
  text,
  type ValueType,
} from './value-types.ts';

/** The chapters of `--help` and of docs/configuration.md, in their order. */
export const optionGroups = ['Source', 'Ingresses', 'Listeners', 'Processes', 'Status', 'Traffic', 'Connections', 'Observability'] as const;
export type OptionGroup = (typeof optionGroups)[number];

/** What a default may depend on. */
export interface DefaultContext {
  readonly system: System;
  /** Objects come from manifests, not from an API server. */
  readonly manifests: boolean;
}

/** All that is known of one option. Its environment variable is `SMARTPROXY_` and the flag in upper case with underscores. */
export interface OptionSpec<T> {
  readonly flag: string;
  readonly group: OptionGroup;
  readonly value: ValueType<T>;
  readonly default: (context: DefaultContext) => T;
  /** The default in words, where it is not the same everywhere. */
  readonly defaultText?: string;
  readonly doc: string;
}

const filePath = text('FILE', 'a path');
const folderPath = text('DIR', 'a path');
const count = integer(0, 1_000_000_000);

/** The option table: one entry for each field of the Config. Parsing, `--help` and docs/configuration.md come from here. */
export const options: { readonly [Field in keyof Config]: OptionSpec<Config[Field]> } = {
  manifests: {
    flag: 'manifests',
    group: 'Source',
    value: optional(text('DIR', 'a folder, a file or -'), 'none'),
    default: () => undefined,
    doc: 'Read objects from this folder of YAML and JSON manifests (or one file; - is standard input) in place of an API server.',
  },
  kubeconfig: {
    flag: 'kubeconfig',
    group: 'Source',
    value: optional(filePath, 'none'),
    default: () => undefined,
    defaultText: "the pod's service account",
    doc: 'Kubeconfig with the API server to watch.',
  },
  watchNamespaces: {
    flag: 'watch-namespace',
    group: 'Source',
    value: list(objectName),
    default: () => [],
    defaultText: 'all namespaces',
    doc: 'Watch only these namespaces; Roles in them are enough. Ingress classes are then compared by name alone.',
  },
  secretNames: {
    flag: 'secret-names',
    group: 'Source',
    value: list(namespacedName),
    default: () => [],
    defaultText: 'every Secret that an Ingress refers to',
    doc: 'The only Secrets to read, so that RBAC can be narrowed to them by name.',
  },
  echoBackends: {
    flag: 'echo-backends',
    group: 'Source',
    value: onOff,
    default: () => false,
    doc: 'With --manifests: start a small echo server for every EndpointSlice annotated smartproxy.dev/echo: "true".',
  },

  ingressClass: {
    flag: 'ingress-class',
    group: 'Ingresses',
    value: objectName,
    default: () => 'smartproxy',
    doc: 'Name of the IngressClass to serve, also in the legacy annotation kubernetes.io/ingress.class.',
  },
  controllerClass: {
    flag: 'controller-class',
    group: 'Ingresses',
    value: text('NAME', 'a controller name such as example.com/ingress', /^[a-z0-9.-]+(\/[A-Za-z0-9._-]+)*$/),
    default: () => 'smartproxy.dev/ingress-controller',
    doc: 'spec.controller of the IngressClass objects that are ours.',
  },
  watchIngressWithoutClass: {
    flag: 'watch-ingress-without-class',
    group: 'Ingresses',
    value: onOff,
    default: () => false,
    doc: 'Serve Ingresses that name no class.',
  },
  defaultBackend: {
    flag: 'default-backend',
    group: 'Ingresses',
    value: optional(servicePort, 'none'),
    default: () => undefined,
    doc: 'Service for requests that no Ingress matches; without it they are answered 404.',
  },
  defaultCertificate: {
    flag: 'default-certificate',
    group: 'Ingresses',
    value: optional(namespacedName, 'none'),
    default: () => undefined,
    doc: 'Secret with the certificate for TLS hosts that have no usable one of their own.',
  },

  addresses: {
    flag: 'address',
    group: 'Listeners',
    value: list(address),
    default: ({ system }) => [system.hasIpv6 ? '::' : '0.0.0.0'],
    defaultText: ':: (0.0.0.0 without IPv6)',
    doc: 'Addresses to listen on for HTTP and HTTPS; :: takes IPv4 too. IPv6 ones are left out on a machine without IPv6.',
  },
  httpPort: {
    flag: 'http-port',
    group: 'Listeners',
    value: optional(port, 'off'),
    default: () => 8080,
    doc: 'Port for HTTP; 0 takes a free one.',
  },
  httpsPort: {
    flag: 'https-port',
    group: 'Listeners',
    value: optional(port, 'off'),
    default: () => 8443,
    doc: 'Port for HTTPS; 0 takes a free one.',
  },
  publishedHttpPort: {
    flag: 'published-http-port',
    group: 'Listeners',
    value: optional(port, 'same'),
    default: ({ manifests }) => (manifests ? undefined : 80),
    defaultText: '80; same with --manifests',
    doc: 'Port that clients dial for HTTP when a Service stands in front; same: the listening port.',
  },
  publishedHttpsPort: {
    flag: 'published-https-port',
    group: 'Listeners',
    value: optional(port, 'same'),
    default: ({ manifests }) => (manifests ? undefined : 443),
    defaultText: '443; same with --manifests',
    doc: 'Port that clients dial for HTTPS, used by redirects; same: the listening port.',
  },
  statusPort: {
    flag: 'status-port',
    group: 'Listeners',
    value: port,
    default: () => 10254,
    doc: 'Port for /healthz, /readyz and /metrics; 0 takes a free one.',
  },
  statusAddress: {
    flag: 'status-address',
    group: 'Listeners',
    value: address,
    default: ({ system, manifests }) => (manifests ? '127.0.0.1' : system.hasIpv6 ? '::' : '0.0.0.0'),
    defaultText: ':: (0.0.0.0 without IPv6); 127.0.0.1 with --manifests',
    doc: 'Address for /healthz, /readyz and /metrics.',
  },
  adminPort: {
    flag: 'admin-port',
    group: 'Listeners',
    value: port,
    default: () => 10255,
    doc: 'Port for /debug/*; 0 takes a free one.',
  },
  adminAddress: {
    flag: 'admin-address',
    group: 'Listeners',
    value: loopbackAddress,
    default: () => '127.0.0.1',
    doc: 'Address for /debug/*, which shows routes and client addresses: a loopback address, reached with kubectl port-forward.',
  },
  proxyProtocolFrom: {
    flag: 'proxy-protocol-from',
    group: 'Listeners',
    value: list(cidr),
    default: () => [],
    doc: 'Peers that must send a PROXY v1 or v2 header, which is believed. Nobody else may send one.',
  },

  workers: {
    flag: 'workers',
    group: 'Processes',
    value: optional(integer(1, 1024), 'auto'),
    default: () => undefined,
    doc: 'Worker processes; auto: one for each CPU that is available to us.',
  },
  stateDir: {
    flag: 'state-dir',
    group: 'Processes',
    value: folderPath,
    default: ({ system }) => defaultStateDir(system),
    defaultText: '$XDG_STATE_HOME/smartproxy-ingress; /var/lib/smartproxy-ingress in a pod',
    doc: 'Folder for what outlives the process: the local CA and the last-good snapshot.',
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
    doc: 'How SmartProxy hands connections to NetworkProxy: the socket itself, or a second connection over loopback.',
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

  status: {
    flag: 'status',
    group: 'Status',
    value: onOff,
    default: () => true,
    doc: 'Write status.loadBalancer of Ingresses. --no-status lets another controller keep it.',
  },
  publishService: {
    flag: 'publish-service',
    group: 'Status',
    value: optional(namespacedName, 'none'),
    default: () => undefined,
    doc: 'Service whose addresses are written to the status of Ingresses.',
  },
  publishAddresses: {
    flag: 'publish-address',
    group: 'Status',
    value: list(text('ADDRESS', 'an address or host name', /^[A-Za-z0-9.:-]+$/)),
    default: () => [],
    doc: 'Addresses or host names to write there instead.',
  },
  leaderElection: {
    flag: 'leader-election',
    group: 'Status',
    value: onOff,
    default: () => true,
    doc: 'Only the holder of the Lease writes statuses and Events.',
  },
  leaseName: {
    flag: 'lease-name',
    group: 'Status',
    value: objectName,
    default: () => 'smartproxy-ingress-leader',
    doc: "Name of that Lease, in the pod's namespace.",
  },
  podNamespace: {
    flag: 'pod-namespace',
    group: 'Status',
    value: objectName,
    default: ({ system }) => system.env.POD_NAMESPACE ?? system.podNamespace ?? 'default',
    defaultText: "$POD_NAMESPACE, else the service account's",
    doc: 'Namespace of this pod.',
  },
  podName: {
    flag: 'pod-name',
    group: 'Status',
    value: text('NAME', 'a name', /^[A-Za-z0-9._-]+$/),
    default: ({ system }) => system.env.POD_NAME ?? system.hostname,
    defaultText: '$POD_NAME, else the host name',
    doc: 'Name of this pod: its identity in the Lease.',
  },
  zone: {
    flag: 'zone',
    group: 'Status',
    value: optional(text('ZONE', 'a zone name', /^[A-Za-z0-9._-]+$/), 'none'),
    default: () => undefined,
    doc: 'Zone of this pod: EndpointSlice hints for it are followed.',
  },

  httpsRedirect: {
    flag: 'https-redirect',
    group: 'Traffic',
    value: onOff,
    default: () => true,
    doc: 'Answer plain HTTP for hosts with TLS with a 308 redirect. Ingresses can choose otherwise.',
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    group: 'Traffic',
    value: list(cidr),
    default: () => [],
    doc: "Peers whose X-Forwarded-* and X-Real-IP are kept; anybody else's are replaced.",
  },
  forwardedHeader: {
    flag: 'forwarded-header',
    group: 'Traffic',
    value: onOff,
    default: () => false,
    doc: 'Send the Forwarded header (RFC 7239) to backends too.',
  },
  maxRequestBodyBytes: {
    flag: 'max-request-body',
    group: 'Traffic',
    value: size,
    default: () => 1024 ** 2,
    doc: 'Largest request body; off: no limit.',
  },
  connectTimeoutMs: {
    flag: 'connect-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 5000,
    doc: 'Time for connecting to a backend.',
  },
  upstreamReadTimeoutMs: {
    flag: 'upstream-read-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 60_000,
    doc: "Time between two reads of a backend's answer, its first byte included.",
  },
  upstreamSendTimeoutMs: {
    flag: 'upstream-send-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 60_000,
    doc: 'Time between two writes to a backend that make progress.',
  },
  tunnelIdleTimeoutMs: {
    flag: 'tunnel-idle-timeout',
    group: 'Traffic',
    value: duration,
    default: () => 3_600_000,
    doc: 'Time without a byte either way on WebSockets, other upgrades and TLS passthrough.',
  },
  retries: {
    flag: 'retries',
    group: 'Traffic',
    value: integer(0, 10),
    default: () => 2,
    doc: 'Further attempts for a request that never reached the application.',
  },
  loadBalancing: {
    flag: 'load-balancing',
    group: 'Traffic',
    value: choice('round-robin', 'least-request'),
    default: () => 'round-robin',
    doc: 'How an endpoint is chosen.',
  },
  allowLocalExternalNames: {
    flag: 'allow-local-external-names',
    group: 'Traffic',
    value: onOff,
    default: () => false,
    doc: 'Let ExternalName Services lead to loopback, link-local and metadata addresses.',
  },

  firstByteTimeoutMs: {
    flag: 'first-byte-timeout',
    group: 'Connections',
    value: duration,
    default: () => 10_000,
    doc: 'Time from accept to the first byte of a client.',
  },
  handshakeTimeoutMs: {
    flag: 'handshake-timeout',
    group: 'Connections',
    value: duration,
    default: () => 10_000,
    doc: 'Time for the TLS handshake, ClientHello included.',
  },
  headerTimeoutMs: {
    flag: 'header-timeout',
    group: 'Connections',
    value: duration,
    default: () => 10_000,
    doc: "Time from a request's first byte to the end of its header.",
  },
  bodyTimeoutMs: {
    flag: 'body-timeout',
    group: 'Connections',
    value: duration,
    default: () => 60_000,
    doc: 'Time between two reads of a request body.',
  },
  keepAliveTimeoutMs: {
    flag: 'keep-alive-timeout',
    group: 'Connections',
    value: duration,
    default: () => 75_000,
    doc: 'Time between two requests on one connection.',
  },
  keepAliveRequests: {
    flag: 'keep-alive-requests',
    group: 'Connections',
    value: count,
    default: () => 1000,
    doc: 'Requests on one connection; 0: no limit.',
  },
  maxConnectionLifetimeMs: {
    flag: 'max-connection-lifetime',
    group: 'Connections',
    value: duration,
    default: () => 0,
    doc: 'Age at which a connection is ended, busy or not.',
  },
  maxConnections: {
    flag: 'max-connections',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'Open client connections in one worker; 0: no limit.',
  },
  maxConnectionsPerIp: {
    flag: 'max-connections-per-ip',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'Open connections from one address in one worker; 0: no limit.',
  },
  connectionRatePerMinute: {
    flag: 'connection-rate',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'New connections a minute from one address in one worker; 0: no limit.',
  },
  allowCidrs: {
    flag: 'allow-cidrs',
    group: 'Connections',
    value: list(cidr),
    default: () => [],
    defaultText: 'everybody',
    doc: 'The only clients that may connect.',
  },
  denyCidrs: {
    flag: 'deny-cidrs',
    group: 'Connections',
    value: list(cidr),
    default: () => [],
    defaultText: 'nobody',
    doc: 'Clients that may not connect, even when allowed above.',
  },
  maxHeaderBytes: {
    flag: 'max-header-size',
    group: 'Connections',
    value: sizeAtLeast(1024),
    default: () => 16 * 1024,
    doc: 'Largest header of a request or an answer.',
  },
  maxHeaders: {
    flag: 'max-headers',
    group: 'Connections',
    value: integer(1, 10_000),
    default: () => 100,
    doc: 'Most header fields in a request or an answer.',
  },
  upstreamIdlePerEndpoint: {
    flag: 'upstream-idle-per-endpoint',
    group: 'Connections',
    value: integer(0, 100_000),
    default: () => 64,
    doc: 'Idle connections that one worker keeps to one endpoint; 0: none.',
  },
  upstreamIdleTimeoutMs: {
    flag: 'upstream-idle-timeout',
    group: 'Connections',
    value: duration,
    default: () => 55_000,
    doc: "How long they are kept: below the backend's own time, so that it does not close first.",
  },
  maxConnectionsPerEndpoint: {
    flag: 'max-connections-per-endpoint',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'Connections of one worker to one endpoint; 0: no limit.',
  },

  accessLog: {
    flag: 'access-log',
    group: 'Observability',
    value: choice('off', 'all', 'errors'),
    default: () => 'off',
    doc: 'One JSON line a request or L4 connection on standard output: none, all, or those that failed.',
  },
  logLevel: {
    flag: 'log-level',
    group: 'Observability',
    value: choice('debug', 'info', 'warn', 'error'),
    default: () => 'info',
    doc: 'Least severity of what is logged on standard error.',
  },
  maxRouteSeries: {
    flag: 'max-route-series',
    group: 'Observability',
    value: integer(0, 1_000_000),
    default: () => 2000,
    doc: 'Most (route, service) pairs with request metrics of their own; further ones share an overflow series.',
  },
};

/**
 * Everything that one process can be told, resolved and frozen: flags over `SMARTPROXY_*` environment over defaults. Each field is
 * described once, in the option table (`options.ts`), from which parsing, `--help` and docs/configuration.md come.
 * Times in milliseconds, sizes in bytes; 0 means "no limit" unless a field says otherwise.
 */
export interface Config {
  // Source
  /** Folder of manifests, or '-' for standard input; undefined: a Kubernetes API server. */
  readonly manifests: string | undefined;
  /** Path of a kubeconfig; undefined: the pod's service account. */
  readonly kubeconfig: string | undefined;
  /** Namespaces to watch with Roles alone; empty: the whole cluster. */
  readonly watchNamespaces: readonly string[];
  /** The only Secrets to read, `namespace/name`; empty: those that are referenced. */
  readonly secretNames: readonly string[];
  /** Start small echo backends for the `smartproxy.dev/echo` Services of the manifests (the quickstart). */
  readonly echoBackends: boolean;

  // Which Ingresses
  readonly ingressClass: string;
  readonly controllerClass: string;
  readonly watchIngressWithoutClass: boolean;
  /** `namespace/service:port` for requests that match nothing; undefined: 404. */
  readonly defaultBackend: string | undefined;
  /** `namespace/name` of the Secret for TLS hosts without a usable one. */
  readonly defaultCertificate: string | undefined;

  // Listeners
  readonly addresses: readonly string[];
  /** 0: a free port; undefined: off. */
  readonly httpPort: number | undefined;
  readonly httpsPort: number | undefined;
  readonly publishedHttpPort: number | undefined;
  readonly publishedHttpsPort: number | undefined;
  readonly statusPort: number;
  readonly statusAddress: string;
  readonly adminPort: number;
  readonly adminAddress: string;
  /** What PUT and DELETE on the admin port need; undefined: they are refused. */
  readonly adminTokenFile: string | undefined;
  /** CIDRs whose PROXY header is required and believed. */
  readonly proxyProtocolFrom: readonly string[];

  // Processes
  /** undefined: the CPUs available to the container. */
  readonly workers: number | undefined;
  readonly stateDir: string;
  /** Keep an encrypted last-good snapshot in the state folder. */
  readonly snapshot: boolean;
  /** File with the snapshot's key; undefined: a key made in the state folder, mode 0600. */
  readonly snapshotKeyFile: string | undefined;
  readonly networkProxyTransport: 'handoff' | 'loopback';
  /** Routes with `engine: NFTables` are forwarded by the kernel of this machine. */
  readonly nftables: boolean;
  /** Certificates are ordered from the issuers of the SmartProxyConfig. */
  readonly acme: boolean;
  /** How long to go on accepting after SIGTERM with readiness off. */
  readonly drainDelayMs: number;
  /** How long connections may take to finish after that. */
  readonly drainTimeoutMs: number;

  // Status
  readonly status: boolean;
  /** `namespace/name` of the Service whose addresses are published. */
  readonly publishService: string | undefined;
  /** Addresses to publish instead. */
  readonly publishAddresses: readonly string[];
  readonly leaderElection: boolean;
  readonly leaseName: string;
  readonly podNamespace: string;
  readonly podName: string;
  /** Undefined: no Events on this pod. */
  readonly podUid: string | undefined;
  /** This pod's zone, for EndpointSlice hints. */
  readonly zone: string | undefined;

  // Traffic defaults (inherited by every route)
  readonly httpsRedirect: boolean;
  readonly trustedProxies: readonly string[];
  readonly forwardedHeader: boolean;
  /** Requests without a valid `traceparent` get one. */
  readonly traceContext: boolean;
  readonly maxRequestBodyBytes: number;
  readonly connectTimeoutMs: number;
  readonly upstreamReadTimeoutMs: number;
  readonly upstreamSendTimeoutMs: number;
  readonly tunnelIdleTimeoutMs: number;
  readonly retries: number;
  readonly loadBalancing: 'round-robin' | 'least-request';
  /** ExternalName Services may resolve to loopback, link-local and metadata addresses. */
  readonly allowLocalExternalNames: boolean;

  // Connections
  /** HTTP/2 over TLS, by ALPN. */
  readonly http2: boolean;
  /** HTTP/2 without TLS, for clients that know. */
  readonly h2c: boolean;
  readonly firstByteTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** TLS handshakes under way in one worker; 0: no limit. */
  readonly maxHandshakes: number;
  /** What a TLS client gets whose server name has no TLS in the table. */
  readonly unknownServerName: 'default-certificate' | 'refuse';
  /** 0: the key of session tickets is never replaced. */
  readonly ticketKeyRotationMs: number;
  /** Name of the Secret of the pod's namespace with keys that all replicas share; undefined: each has its own. */
  readonly ticketKeySecret: string | undefined;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly keepAliveRequests: number;
  readonly maxConnectionLifetimeMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
  readonly connectionRatePerMinute: number;
  /** UDP sessions of one worker. */
  readonly maxUdpSessions: number;
  readonly allowCidrs: readonly string[];
  readonly denyCidrs: readonly string[];
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  readonly upstreamIdlePerEndpoint: number;
  readonly upstreamIdleTimeoutMs: number;
  /** Connections to one endpoint per worker; 0 = no limit. */
  readonly maxConnectionsPerEndpoint: number;
  /** Bytes that one worker holds for slow peers; undefined: a quarter of its share of the memory limit. */
  readonly maxBufferedBytes: number | undefined;
  /** Where replicas share rate limits; undefined: they do not. */
  readonly redisUrl: string | undefined;
  readonly redisUsername: string | undefined;
  readonly redisPasswordFile: string | undefined;
  readonly redisCaFile: string | undefined;
  readonly redisTimeoutMs: number;
  /** Percent of the memory limit from which requests are refused; 0: off. */
  readonly overloadMemoryPercent: number;
  /** Event-loop delay from which requests are refused; 0: off. */
  readonly overloadDelayMs: number;

  // Observability
  readonly accessLog: 'off' | 'all' | 'errors';
  readonly accessLogFormat: 'json' | 'ingress-nginx';
  /** Where spans go, OTLP over HTTP in JSON; undefined: none are recorded. */
  readonly otlpEndpoint: string | undefined;
  /** `service.name` of the spans. */
  readonly otlpServiceName: string;
  /** 0 to 1: the share of traces that begin here whose spans are recorded. */
  readonly otlpSampleRatio: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Most (route, service) series of request metrics in one worker. */
  readonly maxRouteSeries: number;
}

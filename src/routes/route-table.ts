import type { Redacted } from '../redacted.ts';
import type { Policy } from './policy.ts';
import type { L4Route, Route, RouteSource, WeightedBackend } from './route.ts';
import type { EndpointSet, Service } from './service.ts';

/**
 * The route table: all that the data plane knows, as plain immutable data in parts with stable keys. Unchanged parts keep their
 * reference from one table to the next, which is what makes `diff` cheap. Runtime state (health, pools, connections) lives elsewhere
 * under the same keys.
 */
export interface RouteTable {
  readonly listeners: ReadonlyMap<string, Listener>;
  /** By host key: `shop.example.com`, `*.example.com` (exactly one label), `**.example.com` (one or more labels), `*` (any host). */
  readonly hosts: ReadonlyMap<string, Host>;
  /** TCP and UDP routes by their own key; each names its listener. Ingress makes none. */
  readonly l4: ReadonlyMap<string, L4Route>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly services: ReadonlyMap<string, Service>;
  /** By the key of the service that they belong to. */
  readonly endpoints: ReadonlyMap<string, EndpointSet>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  /** ACME answers by token. */
  readonly challenges: ReadonlyMap<string, Challenge>;
  /** One entry under `installationKey`, or none: the options alone hold. */
  readonly settings: ReadonlyMap<string, InstallationSettings>;
  /** What filters need of Secrets; policies name them by key. */
  readonly secrets: ReadonlyMap<string, SecretEntry>;
  /** Texts of error pages that many policies may name. */
  readonly pages: ReadonlyMap<string, PageText>;
}

/** The parts of a table, in the order in which a delta lists them. */
export const tableParts = [
  'listeners',
  'hosts',
  'l4',
  'policies',
  'services',
  'endpoints',
  'certificates',
  'challenges',
  'settings',
  'secrets',
  'pages',
] as const;
export type TablePart = (typeof tableParts)[number];

/** A port that we listen on. */
export interface Listener {
  /** `http`, `https`, or a name from the configuration. */
  readonly key: string;
  /** Numeric addresses to bind, IPv4 or IPv6; `::` takes both families where the machine has both. */
  readonly addresses: readonly string[];
  /** 1-65535, or 0 for a free port chosen by the kernel (tests). */
  readonly port: number;
  /** What clients dial when it differs from `port` (a Service in front): used by redirects and X-Forwarded-Port. */
  readonly publishedPort: number;
  /** `http`: plain HTTP at once. `https`: sniff the ClientHello, then terminate or pass through by SNI. `tcp`, `udp`: L4 routes only. */
  readonly protocol: 'http' | 'https' | 'tcp' | 'udp';
  /** A PROXY v1 or v2 header is required from peers in these CIDRs; empty: none is accepted. */
  readonly proxyProtocolFrom: readonly string[];
  /** Namespaces whose routes it serves, whether they name it or not; undefined: everybody's. */
  readonly namespaces?: readonly string[] | undefined;
}

/** One host with its routes in precedence order. */
export interface Host {
  readonly key: string;
  readonly routes: readonly Route[];
  /** What happens to a TLS connection with this server name; undefined: plain HTTP only (TLS gets the default certificate). */
  readonly tls: HostTls | undefined;
}

export type HostTls = TerminatedTls | PassedTls;

/** TLS ends here. */
export interface TerminatedTls {
  readonly kind: 'terminate';
  /** Keys into `certificates`: the first that fits the client (ECDSA or RSA) is used. Empty: the default certificate. */
  readonly certificates: readonly string[];
  readonly policy?: TlsPolicy | undefined;
  /** What is in it goes to backends as a whole; undefined: it is HTTP. */
  readonly tcp?: TerminatedTcp | undefined;
}

/** The TLS bytes go to a backend unread. */
export interface PassedTls extends HostTcp {
  readonly kind: 'passthrough';
}

/** Connections for a host that go to backends as a whole. */
export interface HostTcp {
  /** Stable and unique in the table, as that of a route: kind and object, the host, and `passthrough` or `tcp`. */
  readonly key: string;
  readonly backends: readonly WeightedBackend[];
  readonly policy: string;
  readonly source: RouteSource;
  /** Keys of the listeners where it is so; undefined: all. Elsewhere nothing is served under the name over TLS. */
  readonly listeners?: readonly string[] | undefined;
}

export interface TerminatedTcp extends HostTcp {
  /** Backends are spoken to over TLS, as their services say. */
  readonly reencrypts: boolean;
}

/** The way of connections that go to backends as a whole; undefined: the host has none. */
export function tcpOf(tls: HostTls | undefined): HostTcp | undefined {
  return tls?.kind === 'passthrough' ? tls : tls?.tcp;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** How TLS of a host is spoken, where that is not as everywhere. A connection serves hosts of its own policy and no others. */
export interface TlsPolicy {
  /** Stands for all of it: sessions resume only within one key. */
  readonly key: string;
  readonly minVersion: TlsVersion;
  /** undefined: all that we speak; of a host with `tcp`, none is negotiated. */
  readonly alpn: readonly string[] | undefined;
  /** Certificates of clients, verified by a CA in PEM; undefined: none is asked for. */
  readonly clientAuth: ClientAuth | undefined;
}

export interface ClientAuth {
  readonly isRequired: boolean;
  readonly ca: string;
  /** Lists of revoked certificates in PEM, one of each CA; undefined: nobody is asked whether one was revoked. */
  readonly crls?: readonly string[] | undefined;
}

export interface Certificate {
  /** `namespace/secret`, or `local-ca/host`. */
  readonly key: string;
  /** DNS names of the leaf, lower case: SAN, then CN when there is no SAN. */
  readonly names: readonly string[];
  /** PEM, leaf first. */
  readonly chain: string;
  readonly privateKey: Redacted;
  /** SHA-256 of the leaf's DER, hex: stands for the pair in goldens and dumps. */
  readonly fingerprint: string;
  readonly notAfterMs: number;
  readonly keyType: 'ec' | 'rsa' | 'ed25519';
}

/** A secret text under a key that says what it is and where it comes from: `htpasswd shop/users`. */
export interface SecretEntry {
  readonly key: string;
  readonly value: Redacted;
}

/** The text of an error page, under a key that says where it comes from: `shop/pages/404.html`. */
export interface PageText {
  readonly key: string;
  readonly text: string;
}

export interface Challenge {
  readonly token: string;
  readonly keyAuthorization: string;
}

/** What holds for the installation as a whole in place of its options; what is undefined is as they say. Times in milliseconds. */
export interface InstallationSettings {
  readonly key: string;
  readonly trustedProxies: readonly string[] | undefined;
  readonly drainDelayMs: number | undefined;
  readonly drainTimeoutMs: number | undefined;
  /** Of client connections in one worker; 0 = no limit. */
  readonly maxConnections: number | undefined;
  readonly maxConnectionsPerAddress: number | undefined;
  readonly connectionRatePerMinute: number | undefined;
  /** UDP sessions, and TLS handshakes under way, in one worker; 0 = no limit. */
  readonly maxUdpSessions?: number | undefined;
  readonly maxHandshakes?: number | undefined;
  /** 0 = none. */
  readonly maxConnectionLifetimeMs?: number | undefined;
  /** 0 = no limit. */
  readonly keepAliveRequests?: number | undefined;
  readonly firstByteTimeoutMs?: number | undefined;
  readonly handshakeTimeoutMs?: number | undefined;
  readonly headerTimeoutMs?: number | undefined;
  readonly bodyTimeoutMs?: number | undefined;
  readonly keepAliveTimeoutMs?: number | undefined;
  readonly allowCidrs: readonly string[] | undefined;
  readonly denyCidrs: readonly string[] | undefined;
  /** Of hosts without a `TlsPolicy`, and of names that no host has. */
  readonly tlsMinVersion: TlsVersion | undefined;
  /** 0: the key of session tickets is never replaced. */
  readonly ticketKeyRotationMs: number | undefined;
  readonly accessLogMode: 'off' | 'all' | 'errors' | undefined;
  readonly accessLogFormat: 'json' | 'ingress-nginx' | undefined;
}

/** Where the settings of the installation are. */
export const installationKey = 'installation';

/** The key of the certificate for connections whose name has none; the table may lack it until one is made. */
export const defaultCertificateKey = 'default';

/** The host key of routes for any host. */
export const anyHost = '*';

export const emptyRouteTable: RouteTable = {
  listeners: new Map(),
  hosts: new Map(),
  l4: new Map(),
  policies: new Map(),
  services: new Map(),
  endpoints: new Map(),
  certificates: new Map(),
  challenges: new Map(),
  settings: new Map(),
  secrets: new Map(),
  pages: new Map(),
};

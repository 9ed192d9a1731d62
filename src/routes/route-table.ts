import type { Redacted } from '../redacted.ts';

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
}

/** The parts of a table, in the order in which a delta lists them. */
export const tableParts = ['listeners', 'hosts', 'l4', 'policies', 'services', 'endpoints', 'certificates', 'challenges'] as const;
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
  /** `http`: plain HTTP at once. `https`: sniff the ClientHello, then terminate or pass through by SNI. `tcp`: L4 routes only. */
  readonly protocol: 'http' | 'https' | 'tcp';
  /** A PROXY v1 or v2 header is required from peers in these CIDRs; empty: none is accepted. */
  readonly proxyProtocolFrom: readonly string[];
}

/** One host with its routes in precedence order. */
export interface Host {
  readonly key: string;
  readonly routes: readonly Route[];
  /** What happens to a TLS connection with this server name; undefined: plain HTTP only (TLS gets the default certificate). */
  readonly tls: HostTls | undefined;
}

export type HostTls =
  /** Keys into `certificates`: the first that fits the client (ECDSA or RSA) is used. Empty: the default certificate. */
  | { readonly kind: 'terminate'; readonly certificates: readonly string[] }
  /** The TLS bytes go to the service unread. */
  | { readonly kind: 'passthrough'; readonly service: string; readonly policy: string; readonly source: RouteSource };

/** The user's object that a route comes from: labels of metrics, log and `explain`. */
export interface RouteSource {
  readonly kind: string; // 'Ingress', 'SmartRoute'
  readonly namespace: string;
  readonly name: string;
}

export interface Route {
  /** Stable and unique in the table: kind, object, host, and path type and path or the name of the rule. */
  readonly key: string;
  readonly source: RouteSource;
  /** Milliseconds since 1970 of the object's creation: the oldest wins a tie. 0 when unknown. */
  readonly createdAtMs: number;
  /** Place in its object, for kinds where the order written decides a tie; undefined: it does not. */
  readonly order?: number | undefined;
  /** Higher first; Ingress has none (0). */
  readonly priority: number;
  readonly match: RouteMatch;
  /** Key into `policies`. */
  readonly policy: string;
  readonly action: RouteAction;
}

export interface RouteMatch {
  readonly path: PathMatch;
  /** Upper case; empty: any. */
  readonly methods: readonly string[];
  /** All must match. */
  readonly headers: readonly ValueMatch[];
  readonly query: readonly ValueMatch[];
}

export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  /** By path element: `/foo` matches `/foo`, `/foo/` and `/foo/bar`, not `/foobar`. */
  | { readonly kind: 'prefix'; readonly value: string }
  /** A pattern in RE2 syntax that matches the whole path; what begins with no `/` (OPTIONS *) is no path. */
  | { readonly kind: 'regex'; readonly value: string };

/** What a header (name in lower case) or query parameter must be. */
export interface ValueMatch {
  readonly name: string;
  /** `regex`: in RE2 syntax, the whole value. */
  readonly kind: 'exact' | 'prefix' | 'regex' | 'present' | 'absent';
  /** '' for `present` and `absent`. */
  readonly value: string;
}

export type RouteAction =
  | { readonly kind: 'forward'; readonly backends: readonly WeightedBackend[]; readonly rewrite?: RequestRewrite | undefined }
  | { readonly kind: 'redirect'; readonly status: 301 | 302 | 303 | 307 | 308; readonly to: RedirectTarget }
  /** Answered with what the route says. */
  | RespondAction
  /** Refused with 403. */
  | { readonly kind: 'block' }
  /** The backend can't be served: the request is answered with this status, and `reason` says why in log and debug output. */
  | { readonly kind: 'fail'; readonly status: 500 | 503; readonly reason: string };

export interface WeightedBackend {
  /** Key into `services`; undefined: this one can't be served, and its share of the requests is answered with 503. */
  readonly service: string | undefined;
  readonly weight: number;
}

/** What a backend is asked in place of what the client asked; what is undefined stays. */
export interface RequestRewrite {
  readonly host: string | undefined;
  readonly path: PathRewrite | undefined;
}

/** Where a redirect leads; what is undefined stays as the request has it. The query always does. */
export interface RedirectTarget {
  readonly scheme: 'http' | 'https' | undefined;
  readonly host: string | undefined;
  /** undefined: the published port of the listener of `scheme`, or that of the request when the scheme stays. */
  readonly port: number | undefined;
  readonly path: FixedPathRewrite | undefined;
}

/** A new path, or a new beginning of it. */
export type FixedPathRewrite =
  | { readonly kind: 'full'; readonly value: string }
  /** Takes the place of the elements that the route's prefix matched: `/a` to `/b` makes `/a/x` `/b/x`. */
  | { readonly kind: 'prefix'; readonly value: string };

export type PathRewrite =
  | FixedPathRewrite
  /** The first match of a pattern in RE2 syntax gives way to `substitution`, in which `$1` stands for its first group. */
  | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string };

export interface RespondAction {
  readonly kind: 'respond';
  /** 200-599. */
  readonly status: number;
  /** Flat, names in lower case. */
  readonly headers: readonly string[];
  /** Any text; sent as UTF-8. */
  readonly body: string;
}

/** An L4 route: everything that arrives on `listener` goes to `service`. */
export interface L4Route {
  readonly key: string;
  readonly listener: string;
  readonly protocol: 'tcp' | 'udp';
  readonly service: string;
  readonly policy: string;
  readonly source: RouteSource;
}

/** Settings of a route with nothing left to inherit. Times in milliseconds, 0 = none. */
export interface Policy {
  readonly key: string;
  /** Plain HTTP is answered with a redirect to HTTPS (never below `/.well-known/acme-challenge/`). */
  readonly redirectToHttps: boolean;
  readonly timeouts: PolicyTimeouts;
  /** Largest request body in bytes; 0 = no limit. */
  readonly maxRequestBodyBytes: number;
  /** The same for all messages of a gRPC call together, which may run for days: only what a route says by itself. */
  readonly maxCallBytes: number;
  /** Retries of a request that never reached the application; 0 = none. */
  readonly retries: number;
  /** Of requests to backends. */
  readonly requestHeaders?: HeaderEdits | undefined;
  /** Of answers of backends, one that switches protocols excepted. */
  readonly responseHeaders?: HeaderEdits | undefined;
  readonly cors?: CorsPolicy | undefined;
  readonly clients?: ClientAccess | undefined;
}

/** Changes of header fields, in this order. Names in lower case; `set` and `add` flat. */
export interface HeaderEdits {
  readonly remove: readonly string[];
  /** In place of every field of the name. */
  readonly set: readonly string[];
  /** Beside those that are there. */
  readonly add: readonly string[];
}

/** What pages of other origins may ask (the Fetch standard's CORS protocol). */
export interface CorsPolicy {
  /** `https://app.example.com`, `https://*.example.com` for any number of labels more, `*` for all. */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  /** undefined: those that the browser asks for. */
  readonly allowHeaders: readonly string[] | undefined;
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  /** Seconds that a browser may keep the answer to a preflight; undefined: as it likes. */
  readonly maxAgeSeconds: number | undefined;
}

/** Who may ask, by address; CIDRs or single addresses. */
export interface ClientAccess {
  /** When not empty only these. */
  readonly allow: readonly string[];
  /** Never these; before `allow`. */
  readonly deny: readonly string[];
}

export interface PolicyTimeouts {
  /** Until the upstream socket is connected. */
  readonly connectMs: number;
  /** Between two reads of the answer, first byte included. */
  readonly readMs: number;
  /** Between two writes towards the upstream that make progress. */
  readonly sendMs: number;
  /** Without a byte in either direction: WebSocket and other upgrades, passthrough. */
  readonly tunnelIdleMs: number;
}

export interface Service {
  /** `namespace/name:port`, plus `#` and a hash when settings make a variant of the same Service port. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** The Service port's number. */
  readonly port: number;
  readonly protocol: BackendProtocol;
  /** Set when `protocol` is over TLS: `https` or `h2`. */
  readonly tls: BackendTls | undefined;
  readonly loadBalancing: 'round-robin' | 'least-request';
}

/** HTTP/1.1 in clear and over TLS, HTTP/2 in clear (prior knowledge) and over TLS. */
export type BackendProtocol = 'http' | 'https' | 'h2c' | 'h2';

/** TLS towards the backend. Not verified unless a CA is given, as in every ingress controller. */
export interface BackendTls {
  /** SNI; undefined: none. */
  readonly serverName: string | undefined;
  /** PEM; undefined: the backend's certificate is not verified. */
  readonly ca: string | undefined;
  /** Shown to a backend that asks for one; undefined: none is. */
  readonly clientCertificate: Certificate | undefined;
}

export interface EndpointSet {
  /** The service's key. */
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** A numeric address, or a DNS name (ExternalName). */
  readonly address: string;
  readonly port: number;
  /** `ready`: gets new requests. `fallback`: serving while terminating, used only when none is ready. `draining`: keeps what it has. */
  readonly state: 'ready' | 'fallback' | 'draining';
  readonly zone: string | undefined;
  /** Zones that this endpoint should serve (EndpointSlice hints); empty: any. */
  readonly forZones: readonly string[];
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

export interface Challenge {
  readonly token: string;
  readonly keyAuthorization: string;
}

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
};

import type { AuthPolicy } from './auth-policy.ts';
import type { RespondAction } from './route.ts';

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
  /** Retries of a request that never reached the application, or that `retryRules` are about; 0 = none. */
  readonly retries: number;
  /** undefined: no other request is tried again. */
  readonly retryRules?: RetryRules | undefined;
  /** Of requests to backends. */
  readonly requestHeaders?: HeaderEdits | undefined;
  /** Of answers of backends, one that switches protocols excepted. */
  readonly responseHeaders?: HeaderEdits | undefined;
  readonly cors?: CorsPolicy | undefined;
  readonly clients?: ClientAccess | undefined;
  readonly rateLimits?: readonly RateLimit[] | undefined;
  /** Of requests that are being answered. */
  readonly requestLimits?: readonly ActiveLimit[] | undefined;
  /** Of answers of backends. */
  readonly compression?: CompressionPolicy | undefined;
  readonly mirror?: MirrorPolicy | undefined;
  /** False: what goes by this policy is in no access log. */
  readonly accessLog?: false | undefined;
  /** The first that names a status has it. */
  readonly errorPages?: readonly ErrorPage[] | undefined;
  readonly buffering?: BufferingPolicy | undefined;
  /** Largest request head in bytes, beside what holds for every request. */
  readonly maxRequestHeadBytes?: number | undefined;
  /** Of connections that go to a backend as a whole; undefined: there are none under this policy, or only `timeouts` hold. */
  readonly connection?: ConnectionPolicy | undefined;
  /** Of connections that bring requests, and of what is upgraded; undefined: as the installation says. */
  readonly clientConnection?: ClientConnectionPolicy | undefined;
  /** Of a host that asks for certificates of clients. */
  readonly clientCertificate?: ClientCertificateRule | undefined;
  /** Nobody but some is served; undefined: all is well. */
  readonly maintenance?: Maintenance | undefined;
  /** undefined: nobody is asked who they are. */
  readonly auth?: AuthPolicy | undefined;
  /** `cookieName` of a login that can't be had at the moment, whose sessions are no server's meanwhile. */
  readonly sessionCookie?: string | undefined;
  /** Who is in `clients.allow` is not asked, and who is not is asked in place of being refused. Both are there then. */
  readonly satisfyAny?: true | undefined;
}

/** Limits of connections that nobody reads. Times in milliseconds, 0 = none; numbers in one pod, 0 = no limit. */
export interface ConnectionPolicy {
  /** Without a byte in either direction. */
  readonly idleMs: number;
  readonly lifetimeMs: number;
  /** Until the client's first byte, from the moment when the backend is connected. */
  readonly firstDataMs: number;
  /** Silence after which TCP probes both peers; 0: as the system does. */
  readonly probeAfterMs: number;
  readonly whenRemoved: 'cut' | 'drain';
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** How long a connection is kept that brings requests, from the last one that began on it on, and an upgrade. Times in milliseconds, 0 = none. */
export interface ClientConnectionPolicy {
  /** Without a request under way; undefined: what the installation says. */
  readonly idleMs: number | undefined;
  /** How often the idle time is taken, that of the installation too. */
  readonly idleFactor: number;
  /** From its accept to its last request, and from its beginning to the end of an upgrade. */
  readonly lifetimeMs: number;
  /** Silence after which TCP probes the client, and the backend of an upgrade; 0: as the system does. */
  readonly probeAfterMs: number;
  /** Of upgrades; undefined: they live on. */
  readonly whenRemoved: 'cut' | 'drain' | undefined;
}

/** What requests of a host that asks for certificates of clients need, and what backends are told of them. */
export interface ClientCertificateRule {
  /** Key of the TLS policy under which a certificate must have been shown: one of another CA is none. */
  readonly tlsPolicy: string;
  readonly isRequired: boolean;
  /** The CA can't be had: nobody is let in. */
  readonly isBroken: boolean;
  /** The backend gets the certificate itself too. */
  readonly forwardCertificate: boolean;
}

/** What is said in place of everything else, for the time being. */
export interface Maintenance {
  /** CIDRs or single addresses of clients that are served all the same. */
  readonly allow: readonly string[];
  readonly answer: RespondAction;
}

/** Which requests that a backend may have seen are tried again, and how. */
export interface RetryRules {
  /** The connection ended, or what came was no answer. */
  readonly reset: boolean;
  /** No answer within `timeouts.readMs`. */
  readonly timeout: boolean;
  /** Answers with these statuses are given up. */
  readonly statuses: readonly number[];
  /** gRPC calls that end with these statuses and no message, as in `grpc-status`. */
  readonly grpcStatuses: readonly string[];
  /** Those too that may have an effect twice (RFC 9110 section 9.2.2). */
  readonly nonIdempotent: boolean;
  /** From each attempt to the head of its answer, connecting included; an attempt that is late is tried again. 0 = none. */
  readonly perTryTimeoutMs: number;
  /** Before the first retry; it doubles. 0 = none. */
  readonly backOffMs: number;
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

/** What is held in memory so that a backend is not kept waiting by a slow client; bytes, 0: nothing is. */
export interface BufferingPolicy {
  /** The body comes as a whole before a backend is looked for; larger ones are refused. Calls of gRPC are excepted. */
  readonly requestBytes: number;
  /** The answer is taken as fast as it comes, up to so many bytes that the client has not taken yet. */
  readonly answerBytes: number;
}

/** What clients get in place of an error. */
export interface ErrorPage {
  /** 400 to 599. */
  readonly statuses: readonly number[];
  /** Errors of backends go on as they are. */
  readonly onlyOwn: boolean;
  readonly content:
    | { readonly kind: 'text'; readonly contentType: string; readonly text: string }
    /** `page`: key into `pages`. */
    | { readonly kind: 'page'; readonly contentType: string; readonly page: string }
    /** Key into `services`: it is told of the error, and says what the client gets, the status included. */
    | { readonly kind: 'service'; readonly service: string };
}

/** Copies of requests, whose answers nobody gets. */
export interface MirrorPolicy {
  /** Key into `services`. */
  readonly service: string;
  /** 1 to 100. */
  readonly percent: number;
  /** Requests with larger bodies are not copied. */
  readonly maxBodyBytes: number;
}

/** Which answers are compressed, and how. */
export interface CompressionPolicy {
  /** Content codings, in order of preference among those that a client likes equally; at least one. */
  readonly algorithms: readonly ('gzip' | 'br' | 'zstd')[];
  /** Media types in lower case, `text/html`, or families of them, `text/*`. */
  readonly types: readonly string[];
  /** Smaller answers stay as they are, those of unknown size excepted. */
  readonly minBytes: number;
  /** From little time to few bytes. */
  readonly level: 'fast' | 'balanced' | 'best';
}

/** How many requests, or connections that are passed through, a client may begin: a token bucket. */
export interface RateLimit {
  /** Names the buckets, which outlive the table: routes whose limits have the same scope count together. See `rateScope`. */
  readonly scope: string;
  /** So many in `windowMs`, in the long run. */
  readonly requests: number;
  readonly windowMs: number;
  /** So many at once, 1 or more. */
  readonly burst: number;
  /** Who is one client. A request without the header counts by its address; a connection always does. */
  readonly key: { readonly kind: 'address' } | { readonly kind: 'header'; readonly name: string } | { readonly kind: 'everybody' };
  /** CIDRs or addresses that are not counted. */
  readonly exempt: readonly string[];
}

/** How many requests, or connections that go to a backend as a whole, may be under way at once in a pod. */
export interface ActiveLimit {
  /** Names the count, which outlives the table: routes whose limits have the same scope count together. */
  readonly scope: string;
  /** 1 or more. */
  readonly most: number;
  /** One count for each client address, or one for the scope. */
  readonly per: 'address' | 'route';
  /** CIDRs or addresses that are not counted. */
  readonly exempt: readonly string[];
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
  /** From the head of a request to the end of its answer, retries included; tunnels are free of it. undefined: no limit. */
  readonly requestMs?: number | undefined;
}

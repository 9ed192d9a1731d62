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
  /** Keys of the listeners that it is for; undefined: any. */
  readonly listeners?: readonly string[] | undefined;
  /** Networks of the clients that it is for; undefined: any. */
  readonly clients?: readonly string[] | undefined;
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
  | { readonly kind: 'regex'; readonly value: string }
  /** A pattern that can't be used: every path that begins as it says (`literalPrefix`). Its route fails. */
  | { readonly kind: 'unusable-regex'; readonly value: string };

/** What a header (name in lower case) or query parameter must be. */
export interface ValueMatch {
  readonly name: string;
  /** `regex`: in RE2 syntax, the whole value. `unusable-regex`: as that of a path. */
  readonly kind: 'exact' | 'prefix' | 'regex' | 'unusable-regex' | 'present' | 'absent';
  /** '' for `present` and `absent`. */
  readonly value: string;
}

export type RouteAction =
  | ForwardAction
  | { readonly kind: 'redirect'; readonly status: 301 | 302 | 303 | 307 | 308; readonly to: RedirectTarget }
  /** Answered with what the route says. */
  | RespondAction
  /** Refused with 403. */
  | { readonly kind: 'block' }
  /** The backend can't be served: the request is answered with this status, and `reason` says why in log and debug output. */
  | { readonly kind: 'fail'; readonly status: 500 | 503; readonly reason: string };

export interface ForwardAction {
  readonly kind: 'forward';
  readonly backends: readonly WeightedBackend[];
  readonly rewrite?: RequestRewrite | undefined;
  /** What equal requests have in common: it decides between backends, and between endpoints of services with `consistent-hash`. */
  readonly hashBy?: HashSource | undefined;
  /** Keeps a client with its endpoint; undefined: nothing does. */
  readonly sessionCookie?: SessionCookie | undefined;
}

/** The cookie of sticky sessions (RFC 6265). */
export interface SessionCookie {
  /** `balanced`: its value is a random text that `hashBy` of the action is about; undefined: the `session` of an endpoint. */
  readonly mode?: 'balanced' | undefined;
  readonly name: string;
  /** Printable ASCII without semicolons; undefined: that of the route's match. */
  readonly path: string | undefined;
  readonly domain: string | undefined;
  /** undefined: until the browser closes. */
  readonly maxAgeSeconds: number | undefined;
  /** undefined: when the client came over HTTPS. */
  readonly secure: boolean | undefined;
  readonly httpOnly: boolean;
  readonly sameSite: 'Strict' | 'Lax' | 'None' | undefined;
}

/** The part of a request that a consistent hash is made of. */
export type HashSource =
  /** The name of a header in lower case, that of a query parameter decoded. */
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string }
  | { readonly kind: 'client-address' }
  /** Path and query. */
  | { readonly kind: 'target' };

export interface WeightedBackend {
  /** Key into `services`; undefined: this one can't be served: its share of requests is answered with 503, that of connections ends. */
  readonly service: string | undefined;
  readonly weight: number;
  /** Keys of the listeners where it is one of the route's, since its port is that of the client; undefined: all. Of no L4 route, which has one listener. */
  readonly listeners?: readonly string[] | undefined;
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

/** An L4 route: what arrives on `listener` goes to its backends. Of one protocol a listener has one for everybody at most, beside those for `clients`. */
export interface L4Route {
  /** Stable and unique in the table: kind and object, and the listener. */
  readonly key: string;
  readonly listener: string;
  readonly protocol: 'tcp' | 'udp';
  /** Networks of the clients that it is for; undefined: those that no other route of the listener is for. */
  readonly clients?: readonly string[] | undefined;
  /** Set with `clients`: of the routes of the listener that are for a client, the lowest has it. */
  readonly rank?: number | undefined;
  readonly backends: readonly WeightedBackend[];
  readonly policy: string;
  readonly source: RouteSource;
  /** Of UDP: a session without a datagram for so long is forgotten. Set for every UDP route. */
  readonly idleTimeoutMs?: number | undefined;
  /** Of UDP: sessions of its object in one pod, in all and of one address; undefined: no limit. */
  readonly maxSessions?: number | undefined;
  readonly maxSessionsPerAddress?: number | undefined;
  /** The kernel of this machine forwards it, and workers do not; undefined: workers do. */
  readonly kernel?: KernelForwarding | undefined;
}

/** How the kernel forwards a route. */
export interface KernelForwarding {
  /** Endpoints see the client's address, and must answer through this machine; else they see ours. */
  readonly preserveSource: boolean;
  /** What is over it is dropped; undefined: nothing. */
  readonly connectionRate: ConnectionRate | undefined;
}

/** A token bucket for new connections, or new UDP sessions. */
export interface ConnectionRate {
  readonly perSecond: number;
  /** That many at once. */
  readonly burst: number;
  /** One bucket for each client address, or one for the route. */
  readonly per: 'client' | 'route';
}

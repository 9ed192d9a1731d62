// Made from crds/smartproxy.dev_smartroutes.yaml by "npm run generate"; edit that file.

/** A Secret with `tls.crt` and `tls.key`. */
export interface SmartRouteSecretRef {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
}

/** Where the certificate comes from. Without it, any certificate that objects of the namespace refer to and that covers the host, else the default certificate. */
export interface SmartRouteCertificate {
  /** A Secret with `tls.crt` and `tls.key`. */
  readonly secretRef: SmartRouteSecretRef;
}

/** TLS for the hosts. Without it they are served over plain HTTP. */
export interface SmartRouteTls {
  /** `Terminate` ends TLS here. `TerminateAndReencrypt` does too, and speaks TLS to every backend. `Passthrough` hands connections to the backend of `tcp` unread, chosen by server name. */
  readonly mode: 'Terminate' | 'TerminateAndReencrypt' | 'Passthrough';
  /** Where the certificate comes from. Without it, any certificate that objects of the namespace refer to and that covers the host, else the default certificate. */
  readonly certificate?: SmartRouteCertificate;
}

/** Times like `5s`, `1m30s`, `500ms`. */
export interface SmartRouteTimeouts {
  /** How long a connection to the backend may take to open. */
  readonly connect?: string;
  /** How long the backend may stay silent, before its answer and within it. `0s` is no limit. */
  readonly read?: string;
  /** How long the backend may take no byte of a request. `0s` is no limit. */
  readonly send?: string;
  /** How long a WebSocket or a passthrough connection may be silent both ways. `0s` is no limit. */
  readonly tunnelIdle?: string;
}

/** Further attempts for a request that never reached the application. */
export interface SmartRouteRetries {
  /** How many; 0 is none. */
  readonly attempts: number;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the backend. Without it, its certificate is not verified. */
export interface SmartRouteCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** TLS Secret in the namespace of the route whose certificate is shown to a backend that asks for one. */
export interface SmartRouteClientCertificateRef {
  /** Name of the object. */
  readonly name: string;
}

/** TLS to a backend that is spoken to over it. */
export interface SmartRouteBackendTls {
  /** Server name that is sent, and that a verified certificate must have. */
  readonly serverName?: string;
  /** Secret in the namespace of the route whose `ca.crt` verifies the backend. Without it, its certificate is not verified. */
  readonly caRef?: SmartRouteCaRef;
  /** TLS Secret in the namespace of the route whose certificate is shown to a backend that asks for one. */
  readonly clientCertificateRef?: SmartRouteClientCertificateRef;
}

/** How backends are spoken to. */
export interface SmartRouteBackend {
  /** HTTP/1.1 (`HTTP`, over TLS `HTTPS`) or HTTP/2 (`H2C`, over TLS `H2`). Without it, `appProtocol` of the Service port says it. */
  readonly protocol?: 'HTTP' | 'HTTPS' | 'H2C' | 'H2';
  /** TLS to a backend that is spoken to over it. */
  readonly tls?: SmartRouteBackendTls;
}

export interface SmartRouteSet {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

/** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
export interface SmartRouteRequest {
  /** In place of every field of the name. */
  readonly set?: readonly SmartRouteSet[];
  /** Beside those that are there. */
  readonly add?: readonly SmartRouteSet[];
  /** Names, in any letter case. */
  readonly remove?: readonly string[];
}

/** Changes of headers. What a rule says of one direction takes the place of what the object says of it. */
export interface SmartRouteHeaders {
  /** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
  readonly request?: SmartRouteRequest;
  /** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
  readonly response?: SmartRouteRequest;
}

/** What pages of other origins may ask. Preflights are answered by the proxy, for which the rule must match OPTIONS; what the backend says of CORS gives way. */
export interface SmartRouteCors {
  /** `https://app.example.com`, `https://*.example.com` for any names below it, or `*`. */
  readonly allowOrigins: readonly string[];
  /** Methods that a preflight allows. */
  readonly allowMethods?: readonly string[];
  /** Request headers that a preflight allows. */
  readonly allowHeaders?: readonly string[];
  /** Answer headers that the page may read. */
  readonly exposeHeaders?: readonly string[];
  /** Whether cookies and the like may come along. */
  readonly allowCredentials?: boolean;
  /** How long a browser may remember the answer to a preflight. */
  readonly maxAge?: string;
}

/** Who may ask, by address: what the trusted proxies in front vouch for, else the peer. Others get 403, and with Passthrough their connection ends. */
export interface SmartRouteClients {
  /** Addresses or CIDRs. In `allow`, only these when there are any; in `deny`, never these, whatever `allow` says. */
  readonly allow?: readonly string[];
  /** Addresses or CIDRs. In `allow`, only these when there are any; in `deny`, never these, whatever `allow` says. */
  readonly deny?: readonly string[];
}

/** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
export interface SmartRoutePolicy {
  /** Plain HTTP for a host with TLS is answered with 308 to HTTPS, ACME challenges excepted. */
  readonly redirectToHttps?: boolean;
  /** Times like `5s`, `1m30s`, `500ms`. */
  readonly timeouts?: SmartRouteTimeouts;
  /** Largest request body in bytes, or with `Ki`, `Mi` or `Gi`; a larger one is answered with 413. `0` is no limit. */
  readonly maxRequestBody?: string;
  /** Further attempts for a request that never reached the application. */
  readonly retries?: SmartRouteRetries;
  /** How backends are spoken to. */
  readonly backend?: SmartRouteBackend;
  /** Changes of headers. What a rule says of one direction takes the place of what the object says of it. */
  readonly headers?: SmartRouteHeaders;
  /** What pages of other origins may ask. Preflights are answered by the proxy, for which the rule must match OPTIONS; what the backend says of CORS gives way. */
  readonly cors?: SmartRouteCors;
  /** Who may ask, by address: what the trusted proxies in front vouch for, else the peer. Others get 403, and with Passthrough their connection ends. */
  readonly clients?: SmartRouteClients;
}

/** Without it, every path. */
export interface SmartRoutePath {
  /** The whole path, its first elements (`/a` fits `/a` and `/a/b`, not `/ab`), or a pattern in RE2 syntax that fits the whole path. */
  readonly type: 'Exact' | 'Prefix' | 'Regex';
  /** Escaped or not, `/café` is `/caf%C3%A9`. A pattern sees escapes as requests are normalised, compiles to at most 64 steps, and fits no path beyond 512 characters. */
  readonly value: string;
}

export interface SmartRouteHeader {
  /** How the value is compared: as a whole (`Exact`), by how it begins, by a pattern in RE2 syntax for all of it (bounded as those for paths), or not: what counts is whether it is there. */
  readonly type?: 'Exact' | 'Prefix' | 'Regex' | 'Present' | 'Absent';
  /** In any letter case. */
  readonly name: string;
  /** Compared with each line of the header; one of them must fit. */
  readonly value?: string;
}

export interface SmartRouteParameter {
  /** How the value is compared: as a whole (`Exact`), by how it begins, by a pattern in RE2 syntax for all of it (bounded as those for paths), or not: what counts is whether it is there. */
  readonly type?: 'Exact' | 'Prefix' | 'Regex' | 'Present' | 'Absent';
  /** Decoded. */
  readonly name: string;
  /** Decoded. Of a parameter that comes twice the first counts. */
  readonly value?: string;
}

export interface SmartRouteMatch {
  /** Without it, every path. */
  readonly path?: SmartRoutePath;
  /** Any of these. Without it, every method. */
  readonly methods?: readonly string[];
  /** All of these. */
  readonly headers?: readonly SmartRouteHeader[];
  /** All of these parameters. */
  readonly query?: readonly SmartRouteParameter[];
}

/** A TCP port of the Service. */
export interface SmartRoutePort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
}

export interface SmartRouteForwardBackend {
  /** Name of the Service. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartRoutePort;
  /** Its share is this of the sum of all weights; 1 when not given, 0 for none. */
  readonly weight?: number;
}

/** Path in place of that of the request; the query stays. */
export interface SmartRouteRewritePath {
  /** In place of the whole path, of the elements that the prefix matched, or of the first match of `pattern`. */
  readonly type: 'ReplaceFull' | 'ReplacePrefix' | 'ReplaceRegex';
  /** In RE2 syntax, at most 64 steps; longer paths than 512 characters stay. */
  readonly pattern?: string;
  /** The new path or prefix, or the substitution, in which `$1` stands for the first group. */
  readonly value: string;
}

/** What the backend is asked in place of what the client asked. */
export interface SmartRouteRewrite {
  /** Host name, perhaps with a port, in place of that of the request, which goes on in `X-Forwarded-Host`. */
  readonly host?: string;
  /** Path in place of that of the request; the query stays. */
  readonly path?: SmartRouteRewritePath;
}

/** How an endpoint of a backend is chosen. */
export interface SmartRouteLoadBalancing {
  /** By turns, or the less busy of two random ones. */
  readonly type: 'RoundRobin' | 'LeastRequest';
}

/** To backends. */
export interface SmartRouteForward {
  /** Each gets its share of the requests. One that can't be served answers its share with 503. */
  readonly backends: readonly SmartRouteForwardBackend[];
  /** What the backend is asked in place of what the client asked. */
  readonly rewrite?: SmartRouteRewrite;
  /** How an endpoint of a backend is chosen. */
  readonly loadBalancing?: SmartRouteLoadBalancing;
}

/** Path of the URL. */
export interface SmartRouteRedirectPath {
  /** In place of the whole path, or of the elements that the rule's prefix matched. */
  readonly type: 'ReplaceFull' | 'ReplacePrefix';
  /** The new path or prefix. */
  readonly value: string;
}

/** To another place. What is not given stays as the request has it; the query always does. */
export interface SmartRouteRedirect {
  /** Scheme of the URL. */
  readonly scheme?: 'http' | 'https';
  /** Host name of the URL. */
  readonly host?: string;
  /** Port of the URL. Without it, where the controller publishes `scheme`, or the port of the request when the scheme stays. */
  readonly port?: number;
  /** Path of the URL. */
  readonly path?: SmartRouteRedirectPath;
  /** 302 when not given. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
}

export interface SmartRouteRespondHeader {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

/** An answer without a backend. */
export interface SmartRouteRespond {
  /** The status. */
  readonly status: number;
  /** Header fields of the answer. Without a `content-type` it is plain text in UTF-8. */
  readonly headers?: readonly SmartRouteRespondHeader[];
  /** The text of the answer. */
  readonly body?: string;
}

/** Refused with 403. */
export type SmartRouteBlock = Readonly<Record<string, never>>;

/** What becomes of the request. */
export interface SmartRouteAction {
  /** To backends. */
  readonly forward?: SmartRouteForward;
  /** To another place. What is not given stays as the request has it; the query always does. */
  readonly redirect?: SmartRouteRedirect;
  /** An answer without a backend. */
  readonly respond?: SmartRouteRespond;
  /** Refused with 403. */
  readonly block?: SmartRouteBlock;
}

export interface SmartRouteRule {
  /** Unique in the route; in conditions, the access log and `/debug/routes`. */
  readonly name: string;
  /** The rule gets requests that any of these fits. Without one, all. */
  readonly matches?: readonly SmartRouteMatch[];
  /** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
  readonly policy?: SmartRoutePolicy;
  /** What becomes of the request. */
  readonly action: SmartRouteAction;
}

/** Requests, by rules. */
export interface SmartRouteHttp {
  /** Which rule gets a request is decided by how exactly it matches, then by the order here. */
  readonly rules: readonly SmartRouteRule[];
}

export interface SmartRouteTcpBackend {
  /** Name of the Service. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartRoutePort;
}

/** Connections as a whole, unread. */
export interface SmartRouteTcp {
  /** Where they go. */
  readonly backends: readonly SmartRouteTcpBackend[];
}

/** What is served. */
export interface SmartRouteSpec {
  /** The IngressClass, as in an Ingress. Without one, the default class counts. */
  readonly ingressClassName?: string;
  /** Names in lower case: `shop.example.com`, `*.example.com` for exactly one label more, `**.example.com` for one or more. Without hosts, every name. */
  readonly hosts?: readonly string[];
  /** Before everything else that decides between two routes of one host: the higher one is tried first. An Ingress has 0. */
  readonly priority?: number;
  /** TLS for the hosts. Without it they are served over plain HTTP. */
  readonly tls?: SmartRouteTls;
  /** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
  readonly policy?: SmartRoutePolicy;
  /** Requests, by rules. */
  readonly http?: SmartRouteHttp;
  /** Connections as a whole, unread. */
  readonly tcp?: SmartRouteTcp;
}

export interface SmartRouteCondition {
  /** Which condition. */
  readonly type: string;
  /** Whether it holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** The generation of the object that this speaks of. */
  readonly observedGeneration?: number;
  /** When the status changed last. */
  readonly lastTransitionTime: string;
  /** Why, in one word. */
  readonly reason: string;
  /** Why, in a sentence. */
  readonly message: string;
}

export interface SmartRouteStatusRule {
  /** Name of the rule. */
  readonly name: string;
  /** `Accepted`: all of it is valid and nothing lost against another object. `ResolvedRefs`: every Service and Secret is there and may be used. `Programmed`: the leader's workers serve all of it that is valid. */
  readonly conditions?: readonly SmartRouteCondition[];
}

/** What came of it. Written by the controller. */
export interface SmartRouteStatus {
  /** The hosts, joined. */
  readonly hosts?: string;
  /** How many backends have a ready endpoint, of how many. */
  readonly backends?: string;
  /** `Accepted`: all of it is valid and nothing lost against another object. `ResolvedRefs`: every Service and Secret is there and may be used. `Programmed`: the leader's workers serve all of it that is valid. */
  readonly conditions?: readonly SmartRouteCondition[];
  /** The conditions of each rule. */
  readonly rules?: readonly SmartRouteStatusRule[];
}

// Made from crds/smartproxy.dev_smartroutes.yaml by "npm run generate"; edit that file.

/** The certificate is ordered, and kept in the Secret of `secretRef`, which is made when there is none. */
export interface SmartRouteAcme {
  /** Name of an issuer of the SmartProxyConfig (`acme.issuers`). */
  readonly issuer: string;
}

/** A Secret with `tls.crt` and `tls.key`. */
export interface SmartRouteSecretRef {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
}

/** A second Secret for the same hosts, whose key is of another type than that of `secretRef`: RSA beside ECDSA, say. Clients get the certificate that they can verify. It is never ordered. */
export interface SmartRouteAlternativeSecretRef {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
}

/** Where the certificate comes from. Without it, any certificate that objects of the namespace refer to and that covers the host, else the default certificate. */
export interface SmartRouteCertificate {
  /** The certificate is ordered, and kept in the Secret of `secretRef`, which is made when there is none. */
  readonly acme?: SmartRouteAcme;
  /** A Secret with `tls.crt` and `tls.key`. */
  readonly secretRef: SmartRouteSecretRef;
  /** A second Secret for the same hosts, whose key is of another type than that of `secretRef`: RSA beside ECDSA, say. Clients get the certificate that they can verify. It is never ordered. */
  readonly alternativeSecretRef?: SmartRouteAlternativeSecretRef;
}

/** Secret in the namespace of the route whose `ca.crt` clients' certificates are verified by, and whose `ca.crl`, where it has one, lists those that were revoked. While it can not be read, nobody is served (503). */
export interface SmartRouteCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** Certificates of clients. Backends get `ssl-client-verify` (`SUCCESS`, or `NONE` without one), `ssl-client-subject-dn` and `ssl-client-issuer-dn`; what clients send of them is removed. It holds for the whole of each host, whatever other objects have of it. */
export interface SmartRouteClientAuth {
  /** `Required`: without a certificate of the CA the handshake fails, and plain HTTP is refused with 403. `Optional`: who has none is served too; one of another CA fails. */
  readonly mode: 'Required' | 'Optional';
  /** Secret in the namespace of the route whose `ca.crt` clients' certificates are verified by, and whose `ca.crl`, where it has one, lists those that were revoked. While it can not be read, nobody is served (503). */
  readonly caRef: SmartRouteCaRef;
  /** Whether backends get the certificate too, in PEM and percent-encoded, in `ssl-client-cert`. */
  readonly forwardCertificate?: boolean;
}

/** TLS for the hosts. Without it they are served over plain HTTP. */
export interface SmartRouteTls {
  /** `Terminate` ends TLS here, and what is in it is HTTP, or goes to the backends of `tcp` as it is. `TerminateAndReencrypt` does the same, and speaks TLS to every backend. `Passthrough` hands connections to the backends of `tcp` unread. Hosts of all of them share a port: the server name decides. */
  readonly mode: 'Terminate' | 'TerminateAndReencrypt' | 'Passthrough';
  /** Where the certificate comes from. Without it, any certificate that objects of the namespace refer to and that covers the host, else the default certificate. */
  readonly certificate?: SmartRouteCertificate;
  /** Certificates of clients. Backends get `ssl-client-verify` (`SUCCESS`, or `NONE` without one), `ssl-client-subject-dn` and `ssl-client-issuer-dn`; what clients send of them is removed. It holds for the whole of each host, whatever other objects have of it. */
  readonly clientAuth?: SmartRouteClientAuth;
  /** The oldest version of TLS that is spoken. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** What is offered by ALPN: with `http`, `h2` where `--http2` is on, and a client without ALPN gets HTTP/1.1; with `tcp` any names, and without this field none. With TerminateAndReencrypt the backend of `tcp` is offered what the client got. */
  readonly alpn?: readonly string[];
}

/** Limits of connections: of those that go to a backend as a whole (`tcp`), and of those that bring requests and of WebSockets (`http`). In `defaults` of a SmartProxyConfig they are for `tcp` and Passthrough alone. Times like `5s`, `1m30s`; `0s` is no limit. Numbers hold in each pod; 0 is no limit. */
export interface SmartRouteConnection {
  /** How long a connection may be silent both ways. With `http`: how long it may be open without a request under way, and how long a WebSocket may be silent for which no `policy.timeouts.tunnelIdle` of the object or its rule holds. */
  readonly idleTimeout?: string;
  /** How long a connection may last, busy or not. With `http`: how old it may become; requests that are under way then are answered, and it ends. A WebSocket has that time from its beginning, busy or not. */
  readonly maxLifetime?: string;
  /** How long a client may take to send its first byte once its backend is connected. Not for servers that speak first, and not with `http`. */
  readonly firstDataTimeout?: string;
  /** What keeps a connection: with `Standard` the times as they are; with `Extended` six times `idleTimeout`, or what holds in its place, and a `maxLifetime` of seven days at least; with `Immortal` neither holds. Both of those are probed by TCP after a minute of silence, so that a peer that is gone is noticed. */
  readonly keepAlive?: 'Standard' | 'Extended' | 'Immortal';
  /** What becomes of a connection, with `http` of a WebSocket, whose route is removed: it ends at once (`Cut`), or has the time of a drain to finish (`Drain`). */
  readonly whenRemoved?: 'Cut' | 'Drain';
  /** Open connections of the object, in all workers of a pod together; more are refused. With the engine NFTables the kernel drops them. Not with `http`. */
  readonly maxConnections?: number;
  /** The same from one address; of IPv6 addresses, those with the same first 64 bits are one. Not with `http`. */
  readonly maxConnectionsPerAddress?: number;
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
  /** How long a request may take from its head to the end of its answer, retries included. Tunnels are free of it. `0s` is no limit. */
  readonly request?: string;
}

/** Further attempts for a request that never reached the application, and for those that it says. What a rule says of retries takes the place of all that the object says of them. */
export interface SmartRouteRetries {
  /** How many; 0 is none. Unset, it is what `--retries` says, whatever the object says. */
  readonly attempts?: number;
  /** `Reset`: the connection ended without an answer, or what came was none. `Timeout`: no answer within `timeouts.read`. */
  readonly conditions?: readonly ('Reset' | 'Timeout')[];
  /** Answers with these are given up for another attempt; the last one counts. */
  readonly statuses?: readonly number[];
  /** The same for gRPC calls that end with these, without a message. */
  readonly grpcStatuses?: readonly ('CANCELLED' | 'DEADLINE_EXCEEDED' | 'RESOURCE_EXHAUSTED' | 'INTERNAL' | 'UNAVAILABLE')[];
  /** Whether methods that may have an effect twice, such as POST, are tried again too once a backend may have seen the request. */
  readonly nonIdempotent?: boolean;
  /** How long an attempt may take until its answer begins, connecting included. One that is late is tried again. */
  readonly perTryTimeout?: string;
  /** How long to wait before the first retry, half of it by chance; it doubles up to ten times this. Exact to 100ms. */
  readonly backOff?: string;
}

/** How much each worker lets the backend have at once. What is over a limit is answered with 503; passthrough connections over that of connections end. */
export interface SmartRouteLimits {
  /** Connections to all endpoints together. An idle one to another endpoint gives way. */
  readonly connections?: number;
  /** Requests that wait for a connection to open. */
  readonly pendingRequests?: number;
  /** Requests under way, tunnels included. */
  readonly requests?: number;
  /** How many of all requests may be retries, in percent, beside ten at once. */
  readonly retryPercent?: number;
}

/** When an endpoint is taken out of rotation by what requests and connections meet there, judged by each worker. Without it, five failed connects in a row do that. */
export interface SmartRouteOutlierDetection {
  /** How many connects must fail in a row. */
  readonly consecutiveConnectFailures?: number;
  /** How many requests in a row must be answered with 5xx, or not at all, or end as gRPC calls with UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE or DATA_LOSS. 0 counts none. */
  readonly consecutiveErrors?: number;
  /** For how long it is out the first time; each time in a row that much longer. */
  readonly baseEjectionTime?: string;
  /** For how long at most. */
  readonly maxEjectionTime?: string;
  /** How many of the endpoints that get traffic may be out at once, in percent, rounded down. 0 is never one. */
  readonly maxEjectionPercent?: number;
}

/** Endpoints are asked whether they are well, by each worker. One that is not gets nothing while another is; should none be, all are used as if they were. */
export interface SmartRouteHealthCheck {
  /** `HTTP` asks with GET, as the backend is spoken to. `TCP` opens a connection. `GRPC` calls `Check` of `grpc.health.v1.Health`, over HTTP/2 in any case. */
  readonly type: 'HTTP' | 'TCP' | 'GRPC';
  /** From one check of an endpoint to the next, a tenth more or less by chance. */
  readonly interval?: string;
  /** How long an endpoint may take for its answer. */
  readonly timeout?: string;
  /** How many checks in a row must fail until it gets nothing more. */
  readonly unhealthyThreshold?: number;
  /** How many checks in a row must pass until it gets something again. */
  readonly healthyThreshold?: number;
  /** Where it is asked. */
  readonly port?: number;
  /** What it is asked for, with a query perhaps. */
  readonly path?: string;
  /** Host name that it is asked for, perhaps with a port. */
  readonly host?: string;
  /** What it answers when it is well: `204`, `200-299`. */
  readonly statuses?: readonly string[];
  /** Name of the gRPC service that is asked about. Without it, the server as a whole. */
  readonly service?: string;
}

/** A PROXY header opens every connection to the backend and names the client. Clients then share no connection: each request has one of its own, and over HTTP/2 each connection of a client. */
export interface SmartRouteProxyProtocol {
  /** The line of version 1, or the binary header of version 2. */
  readonly version: 'V1' | 'V2';
  /** What version 2 says besides: the application protocol of the client's TLS (`ALPN`), the server name that it asked for (`Authority`), where its TLS ends here the version, the cipher and the common name of a verified certificate (`SSL`), the connection's id in our log (`UniqueId`), a checksum of the header (`CRC32C`). Of the first three, what is not known here is what the PROXY header of a load balancer in front said. */
  readonly tlvs?: readonly ('ALPN' | 'Authority' | 'UniqueId' | 'SSL' | 'CRC32C')[];
}

/** Secret in the namespace of the route whose `ca.crt` verifies the backend. Without it, its certificate is not verified. */
export interface SmartRouteBackendTlsCaRef {
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
  readonly caRef?: SmartRouteBackendTlsCaRef;
  /** TLS Secret in the namespace of the route whose certificate is shown to a backend that asks for one. */
  readonly clientCertificateRef?: SmartRouteClientCertificateRef;
}

/** How backends are spoken to. */
export interface SmartRouteBackend {
  /** HTTP/1.1 (`HTTP`, over TLS `HTTPS`) or HTTP/2 (`H2C`, over TLS `H2`). Without it, `appProtocol` of the Service port says it. */
  readonly protocol?: 'HTTP' | 'HTTPS' | 'H2C' | 'H2';
  /** How much each worker lets the backend have at once. What is over a limit is answered with 503; passthrough connections over that of connections end. */
  readonly limits?: SmartRouteLimits;
  /** When an endpoint is taken out of rotation by what requests and connections meet there, judged by each worker. Without it, five failed connects in a row do that. */
  readonly outlierDetection?: SmartRouteOutlierDetection;
  /** Endpoints are asked whether they are well, by each worker. One that is not gets nothing while another is; should none be, all are used as if they were. */
  readonly healthCheck?: SmartRouteHealthCheck;
  /** A PROXY header opens every connection to the backend and names the client. Clients then share no connection: each request has one of its own, and over HTTP/2 each connection of a client. */
  readonly proxyProtocol?: SmartRouteProxyProtocol;
  /** TLS to a backend that is spoken to over it. */
  readonly tls?: SmartRouteBackendTls;
}

export interface SmartRouteSet {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

/** Of requests to backends; in `response`, of their answers, and of those that `redirect` and `respond` give. Fields are removed, then set, then added. */
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
  /** Of requests to backends; in `response`, of their answers, and of those that `redirect` and `respond` give. Fields are removed, then set, then added. */
  readonly request?: SmartRouteRequest;
  /** Of requests to backends; in `response`, of their answers, and of those that `redirect` and `respond` give. Fields are removed, then set, then added. */
  readonly response?: SmartRouteRequest;
}

/** What pages of other origins may ask. Preflights are answered by the proxy, and go to the rule that the request would go to, by its method; what the backend says of CORS gives way. */
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

/** Answers of backends are compressed for clients that ask for it (`Accept-Encoding`). What is encoded already, a part, or marked `no-transform` goes on as it is, and so does everything while a worker is overloaded. */
export interface SmartRouteCompression {
  /** In order of preference among those that a client likes equally. An empty list is no compression. */
  readonly algorithms?: readonly ('Gzip' | 'Brotli' | 'Zstd')[];
  /** Media types in lower case, like `text/html`, or `text/*` for all of a kind. */
  readonly types?: readonly string[];
  /** Smaller answers go on as they are; those of unknown size are compressed. In bytes, or with `Ki` or `Mi`. */
  readonly minSize?: string;
  /** From little time to few bytes. */
  readonly level?: 'Fast' | 'Balanced' | 'Best';
}

/** What is held in memory so that slow clients do not keep backends waiting. All of it is bounded: for each request here, and for a worker by its memory. */
export interface SmartRouteBuffering {
  /** A backend is looked for when the body has come as a whole. Not for gRPC and upgrades. */
  readonly request?: boolean;
  /** Larger bodies are answered 413. In bytes, or with `Ki` or `Mi`, at most 64 MiB. */
  readonly maxRequest?: string;
  /** An answer is taken as fast as its backend sends it, whatever its client takes. */
  readonly answer?: boolean;
  /** Beyond so much that the client has not taken yet the backend waits for it. In bytes, or with `Ki` or `Mi`, at most 64 MiB. */
  readonly maxAnswer?: string;
}

/** A TCP port of the Service. */
export interface SmartRoutePort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
}

/** Where copies go. While it is missing there are none. */
export interface SmartRouteMirrorBackend {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartRoutePort;
}

/** Copies of requests go to another Service, marked with `X-Smartproxy-Mirror`; their answers are thrown away, and no request waits for its copy. */
export interface SmartRouteMirror {
  /** Where copies go. While it is missing there are none. */
  readonly backend: SmartRouteMirrorBackend;
  /** Of how many requests in a hundred; 0 is none. */
  readonly percent?: number;
  /** Requests with larger bodies are not copied. In bytes, or with `Ki`; at most 1 MiB. */
  readonly maxBody?: string;
}

/** A ConfigMap of the route's namespace, labelled `smartproxy.dev/error-pages: "true"`, whose data has the page: text of at most 64 KiB. Without it errors go on as they are. */
export interface SmartRouteConfigMapRef {
  /** Name of the object. */
  readonly name: string;
  /** Of its `data`. */
  readonly key: string;
}

/** A Service that is asked for `/` and told what happened (`X-Code`, `X-Original-URI` and more); its answer is the client's, the status included. While it can't answer, clients get the status with a line of text. */
export interface SmartRouteErrorPageBackend {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartRoutePort;
}

export interface SmartRouteErrorPage {
  /** Statuses of errors. */
  readonly statuses: readonly number[];
  /** Whose errors; with `Proxy`, those of backends go on as they are. */
  readonly errorsOf?: 'All' | 'Proxy';
  /** The page. The status stays. */
  readonly text?: string;
  /** Its media type. */
  readonly contentType?: string;
  /** A ConfigMap of the route's namespace, labelled `smartproxy.dev/error-pages: "true"`, whose data has the page: text of at most 64 KiB. Without it errors go on as they are. */
  readonly configMapRef?: SmartRouteConfigMapRef;
  /** A Service that is asked for `/` and told what happened (`X-Code`, `X-Original-URI` and more); its answer is the client's, the status included. While it can't answer, clients get the status with a line of text. */
  readonly backend?: SmartRouteErrorPageBackend;
}

/** Who is one client. All that share an IPv6 /64 do. */
export interface SmartRouteKey {
  /** By the address that trusted proxies vouch for, else the peer's (`ClientAddress`); by the value of a request header, and by the address without one (`Header`); or all together (`Everybody`). */
  readonly type: 'ClientAddress' | 'Header' | 'Everybody';
  /** Its name, in any letter case. */
  readonly header?: string;
}

export interface SmartRouteRateLimit {
  /** So many in the time that `per` says, in the long run. */
  readonly requests: number;
  /** The time that `requests` is for. */
  readonly per: 'Second' | 'Minute' | 'Hour';
  /** So many at once after a time without any. */
  readonly burst?: number;
  /** Who is one client. All that share an IPv6 /64 do. */
  readonly key?: SmartRouteKey;
  /** Addresses or CIDRs whose requests are not counted. */
  readonly exempt?: readonly string[];
}

/** Nobody but `allow` is served, for the time being; with `tcp`, others' connections are closed. What a rule says takes the place of all that the object says of it. */
export interface SmartRouteMaintenance {
  /** Whether it is so. */
  readonly enabled: boolean;
  /** Addresses or CIDRs of clients that are served all the same, by what the trusted proxies in front vouch for, else the peer. */
  readonly allow?: readonly string[];
  /** Status of the answer. */
  readonly status?: number;
  /** How long clients should wait, in `Retry-After` as seconds. */
  readonly retryAfter?: string;
  /** What `body` is. */
  readonly contentType?: string;
  /** The text of the answer. */
  readonly body?: string;
}

/** Nobody is asked, whatever the object says. */
export type SmartRouteNone = Readonly<Record<string, never>>;

/** Secret in the namespace of the route whose `auth` is a file of htpasswd: bcrypt (`-B`), `$apr1$` or `{SHA}`. */
export interface SmartRouteBasicSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** User name and password (RFC 7617). Who has none of those that are listed gets 401; while the list can not be read, everybody gets 503. */
export interface SmartRouteBasic {
  /** Secret in the namespace of the route whose `auth` is a file of htpasswd: bcrypt (`-B`), `$apr1$` or `{SHA}`. */
  readonly secretRef: SmartRouteBasicSecretRef;
  /** With `AuthMap` every entry of the Secret is a user, its value the hash of the password, in place of `auth`. */
  readonly secretType?: 'AuthFile' | 'AuthMap';
  /** What a browser asks for. */
  readonly realm?: string;
  /** Request header that tells the backend the name of the user. What clients send of it is removed. */
  readonly userHeader?: string;
  /** Whether the backend gets the password too, in `Authorization` as the client sent it. */
  readonly forwardAuthorization?: boolean;
}

/** A TCP port of the Service. */
export interface SmartRouteExternalBackendPort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
}

/** Service that is asked. */
export interface SmartRouteExternalBackend {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartRouteExternalBackendPort;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
export interface SmartRouteExternalCaRef {
  /** Name of the object. */
  readonly name: string;
}

export interface SmartRouteCacheKey {
  /** The value of a header, cookie or query parameter, the client's address, or path and query (`Target`). */
  readonly type: 'Header' | 'Cookie' | 'Query' | 'ClientAddress' | 'Target';
  /** Of a header in any letter case, of a parameter decoded. */
  readonly name?: string;
}

export interface SmartRouteDuration {
  /** Of a 2xx, 401 or 403. */
  readonly statuses: readonly number[];
  /** A time like `30s`, from a second to a day. */
  readonly duration: string;
}

/** Its answers are kept by each worker, and requests of the rule that are equal in all of `key`, and in their host, are not asked about again. One that has nothing of `key` is. Answers with `Set-Cookie` or a `Cache-Control` of `no-store`, `no-cache` or `private` are not kept, nor are those over 4 KiB. */
export interface SmartRouteCache {
  /** What the server looks at. */
  readonly key: readonly SmartRouteCacheKey[];
  /** For how long answers are kept; those with another status are not. */
  readonly durations?: readonly SmartRouteDuration[];
}

/** Another server decides. It is asked with the headers of the request and no body, `X-Original-URL`, `X-Original-Method` and what tells of the client. A 2xx lets the request on; 401, 403 and redirects go to the client. Anything else, or none in time, is a 503. Its `Set-Cookie` goes to the client in any case. */
export interface SmartRouteExternal {
  /** Where it is asked. `https` is verified by `caRef`, without it by the public CAs that Node.js knows. */
  readonly url?: string;
  /** Service that is asked. */
  readonly backend?: SmartRouteExternalBackend;
  /** Path, perhaps with a query, that `backend` is asked for. */
  readonly path?: string;
  /** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
  readonly caRef?: SmartRouteExternalCaRef;
  /** How it is asked. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** How long it may take. */
  readonly timeout?: string;
  /** Headers of the request that it gets. */
  readonly requestHeaders?: readonly string[];
  /** Headers of its 2xx that the backend gets. What clients send of them is removed. */
  readonly responseHeaders?: readonly string[];
  /** Headers of its 401, 403 and redirects that the client gets, beside `Set-Cookie`. */
  readonly clientHeaders?: readonly string[];
  /** Where a browser is sent in place of a 401, with the URL of the request in the parameter `rd`. `$host`, `$scheme`, `$request_uri` and `$escaped_request_uri` stand for those of the request. */
  readonly signIn?: string;
  /** Whether requests go on when it does not answer in time, or with a 5xx. */
  readonly failOpen?: boolean;
  /** Its answers are kept by each worker, and requests of the rule that are equal in all of `key`, and in their host, are not asked about again. One that has nothing of `key` is. Answers with `Set-Cookie` or a `Cache-Control` of `no-store`, `no-cache` or `private` are not kept, nor are those over 4 KiB. */
  readonly cache?: SmartRouteCache;
}

/** Secret in the namespace of the route with a `jwks.json`. */
export interface SmartRouteJwksSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
export interface SmartRouteJwksCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** The keys of the issuer, as a JSON Web Key Set. One from a URL is fetched again after 10 minutes, or for a key that is not in it, and the last good one is kept for a day while the server does not answer. */
export interface SmartRouteJwks {
  /** Where it is. `https` is verified by `caRef`, without it by the public CAs that Node.js knows. */
  readonly url?: string;
  /** Secret in the namespace of the route with a `jwks.json`. */
  readonly secretRef?: SmartRouteJwksSecretRef;
  /** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
  readonly caRef?: SmartRouteJwksCaRef;
}

/** Where the token is. */
export interface SmartRouteFrom {
  /** In this header, perhaps after `Bearer`, which must be there in `Authorization`. */
  readonly header?: string;
  /** In this cookie. */
  readonly cookie?: string;
  /** In this parameter of the query. */
  readonly query?: string;
}

export interface SmartRouteClaimHeader {
  /** Request header that tells the backend the name of the user. What clients send of it is removed. */
  readonly header: string;
  /** Name of the claim, or the way to it with points in between. */
  readonly claim: string;
}

export interface SmartRouteRequiredClaim {
  /** Name of the claim, or the way to it with points in between. */
  readonly claim: string;
  /** One of which it must be, or have among its own. */
  readonly values: readonly string[];
}

/** A signed token (RFC 7519) that has not expired. Without one, or with one that is not valid, the answer is 401; without the claims that are required, 403; while there are no keys to check it by, 503. */
export interface SmartRouteJwt {
  /** What `iss` must be. */
  readonly issuer: string;
  /** What `aud` must name one of. Without it tokens for anybody are taken. */
  readonly audiences?: readonly string[];
  /** The keys of the issuer, as a JSON Web Key Set. One from a URL is fetched again after 10 minutes, or for a key that is not in it, and the last good one is kept for a day while the server does not answer. */
  readonly jwks: SmartRouteJwks;
  /** What tokens may be signed with. */
  readonly algorithms?: readonly ('RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA')[];
  /** By how much clocks may differ. */
  readonly leeway?: string;
  /** Where the token is. */
  readonly from?: SmartRouteFrom;
  /** Whether the backend gets the token too. */
  readonly forwardToken?: boolean;
  /** Claims that the backend gets. What clients send of the headers is removed. */
  readonly claimHeaders?: readonly SmartRouteClaimHeader[];
  /** All of these. */
  readonly requiredClaims?: readonly SmartRouteRequiredClaim[];
}

/** Secret in the namespace of the route with a `cookie-key` of 43 random characters or more, and a `client-secret` if the client has one. */
export interface SmartRouteOidcSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the provider. Without it, the public CAs that Node.js knows. */
export interface SmartRouteOidcCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** Login at an OpenID provider (authorization code with PKCE). Browsers are sent there, and come back with a session in an encrypted cookie; other requests without one get 401. While the provider does not answer, 503. */
export interface SmartRouteOidc {
  /** URL of the provider, below which its `.well-known/openid-configuration` is. */
  readonly issuer: string;
  /** What the provider knows this client by. */
  readonly clientId: string;
  /** Secret in the namespace of the route with a `cookie-key` of 43 random characters or more, and a `client-secret` if the client has one. */
  readonly secretRef: SmartRouteOidcSecretRef;
  /** Secret in the namespace of the route whose `ca.crt` verifies the provider. Without it, the public CAs that Node.js knows. */
  readonly caRef?: SmartRouteOidcCaRef;
  /** What is asked for, beside `openid`. Sessions are refreshed if the provider gives a refresh token, for which many want `offline_access`. */
  readonly scopes?: readonly string[];
  /** Path of this host that the provider sends browsers back to. The rule must match it. */
  readonly callbackPath?: string;
  /** Path of this host that ends the session, and that at the provider where it can. The rule must match it. */
  readonly logoutPath?: string;
  /** Where a browser goes after that, a path or a URL. */
  readonly afterLogout?: string;
  /** Name of the cookie. Backends do not get it. */
  readonly cookieName?: string;
  /** How long a session lasts at most. */
  readonly session?: string;
  /** Whether the backend gets the access token in `Authorization`. Otherwise that header is as the client sent it. */
  readonly forwardAccessToken?: boolean;
  /** Claims that the backend gets. What clients send of the headers is removed. */
  readonly claimHeaders?: readonly SmartRouteClaimHeader[];
  /** All of these. */
  readonly requiredClaims?: readonly SmartRouteRequiredClaim[];
}

/** Who may ask, by who they are. What a rule says takes the place of all that the object says of it. */
export interface SmartRouteAuth {
  /** Nobody is asked, whatever the object says. */
  readonly none?: SmartRouteNone;
  /** User name and password (RFC 7617). Who has none of those that are listed gets 401; while the list can not be read, everybody gets 503. */
  readonly basic?: SmartRouteBasic;
  /** Another server decides. It is asked with the headers of the request and no body, `X-Original-URL`, `X-Original-Method` and what tells of the client. A 2xx lets the request on; 401, 403 and redirects go to the client. Anything else, or none in time, is a 503. Its `Set-Cookie` goes to the client in any case. */
  readonly external?: SmartRouteExternal;
  /** A signed token (RFC 7519) that has not expired. Without one, or with one that is not valid, the answer is 401; without the claims that are required, 403; while there are no keys to check it by, 503. */
  readonly jwt?: SmartRouteJwt;
  /** Login at an OpenID provider (authorization code with PKCE). Browsers are sent there, and come back with a session in an encrypted cookie; other requests without one get 401. While the provider does not answer, 503. */
  readonly oidc?: SmartRouteOidc;
}

/** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
export interface SmartRoutePolicy {
  /** Plain HTTP for a host with TLS is answered with 308 to HTTPS, ACME challenges excepted. */
  readonly redirectToHttps?: boolean;
  /** Times like `5s`, `1m30s`, `500ms`. */
  readonly timeouts?: SmartRouteTimeouts;
  /** Largest request body in bytes, or with `Ki`, `Mi` or `Gi`; a larger one is answered with 413. `0` is no limit. */
  readonly maxRequestBody?: string;
  /** Further attempts for a request that never reached the application, and for those that it says. What a rule says of retries takes the place of all that the object says of them. */
  readonly retries?: SmartRouteRetries;
  /** How backends are spoken to. */
  readonly backend?: SmartRouteBackend;
  /** Changes of headers. What a rule says of one direction takes the place of what the object says of it. */
  readonly headers?: SmartRouteHeaders;
  /** What pages of other origins may ask. Preflights are answered by the proxy, and go to the rule that the request would go to, by its method; what the backend says of CORS gives way. */
  readonly cors?: SmartRouteCors;
  /** Who may ask, by address: what the trusted proxies in front vouch for, else the peer. Others get 403, and with Passthrough their connection ends. */
  readonly clients?: SmartRouteClients;
  /** What lets a request in, where there are both `clients.allow` and `auth`: both (`All`), or either (`Any`), so that who is in `clients.allow` is not asked, and others are. Who is in `clients.deny` is refused in any case. */
  readonly satisfy?: 'All' | 'Any';
  /** Answers of backends are compressed for clients that ask for it (`Accept-Encoding`). What is encoded already, a part, or marked `no-transform` goes on as it is, and so does everything while a worker is overloaded. */
  readonly compression?: SmartRouteCompression;
  /** Largest request line and header fields together; more is answered 431. In bytes, or with `Ki`. `--max-header-size` holds beside it. */
  readonly maxRequestHeader?: string;
  /** What is held in memory so that slow clients do not keep backends waiting. All of it is bounded: for each request here, and for a worker by its memory. */
  readonly buffering?: SmartRouteBuffering;
  /** Whether requests, connections and UDP sessions are in the access log, where `--access-log` says that there is one. What the kernel forwards is in none. */
  readonly accessLog?: boolean;
  /** Copies of requests go to another Service, marked with `X-Smartproxy-Mirror`; their answers are thrown away, and no request waits for its copy. */
  readonly mirror?: SmartRouteMirror;
  /** What clients get in place of an error. The first page that names its status counts. Calls of gRPC keep their own status, and what a rule responds is no error. */
  readonly errorPages?: readonly SmartRouteErrorPage[];
  /** How many requests a client may make, with Passthrough how many connections, and with `udp` how many sessions. Every limit counts by itself, where it is written: on the object for all of its rules together. A request that one of them has no room for is answered 429 with `Retry-After`. An empty list is no limit. */
  readonly rateLimits?: readonly SmartRouteRateLimit[];
  /** How many requests may be answered at once, in all workers of a pod together; more are answered 503. It counts where it is written: on the object for all of its rules together. A WebSocket counts until it ends. 0 is no limit. */
  readonly maxRequests?: number;
  /** The same of one client address, as trusted proxies vouch for it; of IPv6 addresses, those with the same first 64 bits are one. Each request of an HTTP/2 connection counts. */
  readonly maxRequestsPerAddress?: number;
  /** Nobody but `allow` is served, for the time being; with `tcp`, others' connections are closed. What a rule says takes the place of all that the object says of it. */
  readonly maintenance?: SmartRouteMaintenance;
  /** Who may ask, by who they are. What a rule says takes the place of all that the object says of it. */
  readonly auth?: SmartRouteAuth;
}

/** Without it, every path. */
export interface SmartRoutePath {
  /** The whole path, its first elements (`/a` fits `/a` and `/a/b`, not `/ab`), or a pattern in RE2 syntax that fits the whole path. */
  readonly type: 'Exact' | 'Prefix' | 'Regex';
  /** Escaped or not, `/café` is `/caf%C3%A9`. A pattern sees escapes as requests are normalised, and compiles to at most 64 steps. A path whose characters times these steps are over 32,768 is answered 503. */
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

/** A port of the Service, of UDP for `udp` and else of TCP. */
export interface SmartRouteForwardBackendPort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
  /** The number that clients dial: the published port of the listener where they come in. The Service needs a port for every listener of the route; `listeners` makes them few. */
  readonly preserve?: boolean;
}

export interface SmartRouteForwardBackend {
  /** Name of the Service. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A port of the Service, of UDP for `udp` and else of TCP. */
  readonly port: SmartRouteForwardBackendPort;
  /** Its share is this of the sum of all weights; 1 when not given, 0 for none. */
  readonly weight?: number;
}

/** Path in place of that of the request; the query stays. */
export interface SmartRouteRewritePath {
  /** In place of the whole path, of the elements that the prefix matched, or of the first match of `pattern`. */
  readonly type: 'ReplaceFull' | 'ReplacePrefix' | 'ReplaceRegex';
  /** In RE2 syntax, at most 64 steps. A path whose characters times these steps are over 32,768 is answered 503. */
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

/** What decides with ConsistentHash, between the backends by their weights too. Requests without it go by turns. */
export interface SmartRouteHash {
  /** The value of a header, cookie or query parameter, the client's address, or path and query (`Target`). */
  readonly type: 'Header' | 'Cookie' | 'Query' | 'ClientAddress' | 'Target';
  /** Of a header in any letter case, of a parameter decoded. */
  readonly name?: string;
  /** The most requests under way that an endpoint gets, of what each had if all had the same, counted by each worker. The next best endpoint takes what is above. Without it there is no bound. */
  readonly maxLoadPercent?: number;
}

/** A cookie keeps a client with the endpoint that it got first, in every worker and replica, also while the endpoint terminates, until it is gone or can't be reached. Its value says nothing of the endpoint. */
export interface SmartRouteSessionCookie {
  /** `Persistent`: the endpoint that a client got first is its own. `Balanced`: the cookie is a random text whose hash chooses, so that endpoints that come get their share of the sessions; one that is not ready has none until it is again. */
  readonly mode?: 'Persistent' | 'Balanced';
  /** Of the cookie. */
  readonly name?: string;
  /** Where the browser sends it. */
  readonly path?: string;
  /** For which names the browser sends it, this one and all below it. */
  readonly domain?: string;
  /** How long the browser keeps it from when it was set, which is once for each endpoint. */
  readonly maxAge?: string;
  /** Whether it is for HTTPS alone. */
  readonly secure?: boolean;
  /** Whether it is hidden from scripts of the page. */
  readonly httpOnly?: boolean;
  /** With which requests from pages of other sites the browser sends it. `None` makes it `secure`. */
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
}

/** How an endpoint of a backend is chosen. */
export interface SmartRouteLoadBalancing {
  /** By turns, the less busy of two random ones, or the same one for the same `hash`, in every worker and replica. */
  readonly type?: 'RoundRobin' | 'LeastRequest' | 'ConsistentHash';
  /** What decides with ConsistentHash, between the backends by their weights too. Requests without it go by turns. */
  readonly hash?: SmartRouteHash;
  /** How long an endpoint that becomes ready gets less than its share: a tenth at first, then as much of it as has passed of this time. */
  readonly slowStart?: string;
  /** A cookie keeps a client with the endpoint that it got first, in every worker and replica, also while the endpoint terminates, until it is gone or can't be reached. Its value says nothing of the endpoint. */
  readonly sessionCookie?: SmartRouteSessionCookie;
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

/** How an endpoint of the backend is chosen. */
export interface SmartRouteTcpLoadBalancing {
  /** By turns, the less busy of two random ones, or the same one for the same client address. */
  readonly type?: 'RoundRobin' | 'LeastRequest' | 'ConsistentHash';
  /** How long an endpoint that becomes ready gets less than its share: a tenth at first, then as much of it as has passed of this time. */
  readonly slowStart?: string;
}

/** New connections (with UDP, sessions) over this rate are dropped. */
export interface SmartRouteConnectionRate {
  /** So many a second. */
  readonly perSecond: number;
  /** So many at once. */
  readonly burst?: number;
  /** `Client`: each address has the rate for itself, 65,536 at a time; of IPv6 addresses, those with the same first 64 bits are one. `Route`: all have it together. */
  readonly per?: 'Client' | 'Route';
}

/** How the kernel forwards. */
export interface SmartRouteNftables {
  /** Backends see the client's address in place of this machine's. Their answers must come back through this machine. */
  readonly preserveSource?: boolean;
  /** New connections (with UDP, sessions) over this rate are dropped. */
  readonly connectionRate?: SmartRouteConnectionRate;
}

export interface SmartRouteTcpBackend {
  /** Name of the Service. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A port of the Service, of UDP for `udp` and else of TCP. */
  readonly port: SmartRouteForwardBackendPort;
  /** Its share is this of the sum of all weights; 1 when not given, 0 for none. */
  readonly weight?: number;
}

/** Connections as a whole, unread. */
export interface SmartRouteTcp {
  /** How an endpoint of the backend is chosen. */
  readonly loadBalancing?: SmartRouteTcpLoadBalancing;
  /** `Node`: workers forward. `NFTables`: the kernel of the machine does, where `--nftables` is on; connections that come to a worker all the same are ended. */
  readonly engine?: 'Node' | 'NFTables';
  /** How the kernel forwards. */
  readonly nftables?: SmartRouteNftables;
  /** Each gets its share of the connections. One that can't be served ends its share. */
  readonly backends: readonly SmartRouteTcpBackend[];
}

export interface SmartRouteUdpBackend {
  /** Name of the Service. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A port of the Service, of UDP for `udp` and else of TCP. */
  readonly port: SmartRouteForwardBackendPort;
  /** Its share is this of the sum of all weights; 1 when not given, 0 for none. */
  readonly weight?: number;
}

/** Datagrams, by sessions: what comes from one address and port of a client goes to one endpoint, and its answers back. Which endpoint is decided by a hash of both, alike in every worker and replica. */
export interface SmartRouteUdp {
  /** `Node`: workers forward. `NFTables`: the kernel of the machine does, where `--nftables` is on; connections that come to a worker all the same are ended. */
  readonly engine?: 'Node' | 'NFTables';
  /** How the kernel forwards. */
  readonly nftables?: SmartRouteNftables;
  /** A session without a datagram in either direction for so long ends; before the first answer, after 10 s at the latest. With the engine NFTables, the kernel decides (`net.netfilter.nf_conntrack_udp_timeout`). */
  readonly idleTimeout?: string;
  /** Sessions of the object at a time, in all workers of a pod together; datagrams that would begin more are dropped. With the engine NFTables, the kernel does so. 0 is no limit. */
  readonly maxSessions?: number;
  /** The same from one address; of IPv6 addresses, those with the same first 64 bits are one. */
  readonly maxSessionsPerAddress?: number;
  /** Each gets its share of the sessions. One that can't be served drops its share. */
  readonly backends: readonly SmartRouteUdpBackend[];
}

/** What is served. */
export interface SmartRouteSpec {
  /** The IngressClass, as in an Ingress. Without one, the default class counts. */
  readonly ingressClassName?: string;
  /** Names of listeners, of options or of the SmartProxyConfig, that it is served on: of protocol HTTP and HTTPS for `http`, HTTPS for `tcp` with `tls`, TCP for `tcp` without, UDP for `udp`. Without any, all of HTTP and HTTPS. */
  readonly listeners?: readonly string[];
  /** Names in lower case: `shop.example.com`, `*.example.com` for exactly one label more, `**.example.com` for one or more. Without hosts, every name. */
  readonly hosts?: readonly string[];
  /** Clients that it is for, as addresses or CIDRs; others meet the next route that fits. With `http`, the address is that which the trusted proxies in front vouch for, else the peer's. Without any, everybody. A route that lets in nobody else is one with `policy.clients`. */
  readonly clientCIDRs?: readonly string[];
  /** Before everything else that decides between two routes of one host, or who has a listener: the higher one comes first. An Ingress has 0. */
  readonly priority?: number;
  /** TLS for the hosts. Without it they are served over plain HTTP. */
  readonly tls?: SmartRouteTls;
  /** Limits of connections: of those that go to a backend as a whole (`tcp`), and of those that bring requests and of WebSockets (`http`). In `defaults` of a SmartProxyConfig they are for `tcp` and Passthrough alone. Times like `5s`, `1m30s`; `0s` is no limit. Numbers hold in each pod; 0 is no limit. */
  readonly connection?: SmartRouteConnection;
  /** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
  readonly policy?: SmartRoutePolicy;
  /** Requests, by rules. */
  readonly http?: SmartRouteHttp;
  /** Connections as a whole, unread. */
  readonly tcp?: SmartRouteTcp;
  /** Datagrams, by sessions: what comes from one address and port of a client goes to one endpoint, and its answers back. Which endpoint is decided by a hash of both, alike in every worker and replica. */
  readonly udp?: SmartRouteUdp;
}

export interface SmartRouteAddresse {
  /** An IP address or a host name. */
  readonly value: string;
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
  /** `Accepted`: all of it is valid and nothing lost against another object. `ResolvedRefs`: every Service and Secret is there and may be used, and no certificate has expired. `Programmed`: the leader's workers, and the kernel for the engine NFTables, serve all of it that is valid. `Published`: the Service in front carries the listeners that it names. */
  readonly conditions?: readonly SmartRouteCondition[];
}

/** What came of it. Written by the controller. */
export interface SmartRouteStatus {
  /** Where clients reach it, as in the status of an Ingress. Empty while nothing of it is served. */
  readonly addresses?: readonly SmartRouteAddresse[];
  /** The hosts, joined. */
  readonly hosts?: string;
  /** How many backends have a ready endpoint, of how many. */
  readonly backends?: string;
  /** `Accepted`: all of it is valid and nothing lost against another object. `ResolvedRefs`: every Service and Secret is there and may be used, and no certificate has expired. `Programmed`: the leader's workers, and the kernel for the engine NFTables, serve all of it that is valid. `Published`: the Service in front carries the listeners that it names. */
  readonly conditions?: readonly SmartRouteCondition[];
  /** The conditions of each rule, `Published` excepted. */
  readonly rules?: readonly SmartRouteStatusRule[];
}

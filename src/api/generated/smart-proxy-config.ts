// Made from crds/smartproxy.dev_smartproxyconfigs.yaml by "npm run generate"; edit that file.

/** The PROXY header, version 1 or 2, of load balancers in front. */
export interface SmartProxyConfigProxyProtocol {
  /** Peers that must send one, which is believed, as addresses or CIDRs. Nobody else may send one. */
  readonly from: readonly string[];
}

export interface SmartProxyConfigListener {
  /** What routes call it by. */
  readonly name: string;
  /** Port of the pod. Ports below 1024 need a right that the pod does not have by itself. */
  readonly port: number;
  /** Port that clients dial when a Service stands in front, used by redirects, `X-Forwarded-Port` and `preserve`. */
  readonly publishedPort?: number;
  /** `HTTP`, `HTTPS` (TLS that ends here or passes through, by server name), `TCP` (connections as a whole, without a byte awaited), or `UDP` (datagrams, by sessions of a client's address and port). */
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'UDP';
  /** Namespaces of the Ingresses and SmartRoutes that are served on it, whether they name it or not. Others that name it are refused, and told. With an empty list nobody is. */
  readonly namespaces?: readonly string[];
  /** The PROXY header, version 1 or 2, of load balancers in front. */
  readonly proxyProtocol?: SmartProxyConfigProxyProtocol;
}

/** How an end is made, of a pod or of what a connection goes to. The pod's `terminationGracePeriodSeconds` must be longer than both together. */
export interface SmartProxyConfigDrain {
  /** How long a pod that is told to stop goes on accepting, so that load balancers notice. */
  readonly delay?: string;
  /** How long open requests and connections may take to finish after that, or when their endpoint or their draining route is gone. */
  readonly timeout?: string;
}

/** What clients have time for. */
export interface SmartProxyConfigTimeouts {
  /** From accept to the first byte. */
  readonly firstByte?: string;
  /** For the TLS handshake, ClientHello included. */
  readonly handshake?: string;
  /** From a request's first byte to the end of its header. */
  readonly header?: string;
  /** Between two reads of a request body, or two writes to a client, that make progress. */
  readonly body?: string;
  /** Between two requests on one connection. */
  readonly keepAlive?: string;
}

/** Who may connect, by address. */
export interface SmartProxyConfigClients {
  /** Only these, when there are any. */
  readonly allow?: readonly string[];
  /** Never these, even when allowed. */
  readonly deny?: readonly string[];
}

/** Limits of clients, counted in each worker; 0 is no limit. A change holds for connections that come from then on, and a time from when it begins to run. */
export interface SmartProxyConfigLimits {
  /** Open connections. */
  readonly maxConnections?: number;
  /** Open connections from one address. */
  readonly maxConnectionsPerAddress?: number;
  /** New connections a minute from one address; where `--redis-url` names a Redis, of all replicas together. */
  readonly connectionRate?: number;
  /** UDP sessions of all routes. */
  readonly maxUdpSessions?: number;
  /** TLS handshakes under way; further ones wait unread, eight for each. */
  readonly maxHandshakes?: number;
  /** How old a connection may become, busy or not; `0s` is no limit. Tunnels and connections that go to a backend as a whole have limits of their own. */
  readonly maxConnectionLifetime?: string;
  /** Requests on one connection. */
  readonly keepAliveRequests?: number;
  /** What clients have time for. */
  readonly timeouts?: SmartProxyConfigTimeouts;
  /** Who may connect, by address. */
  readonly clients?: SmartProxyConfigClients;
}

/** How TLS of clients is ended. For handshakes from then on. */
export interface SmartProxyConfigTls {
  /** What may be spoken at all, as Mozilla's guidelines have it: `Intermediate` is TLS 1.2 and 1.3, `Modern` TLS 1.3 alone, whatever a route says. */
  readonly profile?: 'Intermediate' | 'Modern';
  /** The oldest version of TLS that hosts speak whose routes do not say it themselves. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** How often the key of session tickets is replaced; tickets of the one before are read for as long again. `0s` is never. */
  readonly ticketKeyRotation?: string;
}

/** The access log on standard output of the pod. For what ends from then on. */
export interface SmartProxyConfigAccessLog {
  /** Nothing, a line for each request and L4 connection, or for those that failed (`Errors`: status 400 and above, answers that broke off, connections that ended badly). */
  readonly mode?: 'Off' | 'All' | 'Errors';
  /** `JSON`, or the line that ingress-nginx writes by default (`IngressNginx`), paths with their query and user agents included. */
  readonly format?: 'JSON' | 'IngressNginx';
}

export interface SmartProxyConfigHostClaim {
  /** As in a SmartRoute: `shop.example.com`, `*.example.com` for exactly one label more, `**.example.com` for one or more. */
  readonly hosts: readonly string[];
  /** Namespaces of the Ingresses and SmartRoutes that may name them. Without any, nobody may. */
  readonly namespaces: readonly string[];
}

/** Secret in the namespace of this object whose `ca.crt` verifies the server of the directory, in place of the CAs that the system trusts. */
export interface SmartProxyConfigCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** Secret in the namespace of this object whose `hmac-key` is the key, in base64url as CAs hand it out. */
export interface SmartProxyConfigSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Ties the account to one that the CA has already. It is used once, when the account is made. */
export interface SmartProxyConfigExternalAccountBinding {
  /** Which account, in the words of the CA. */
  readonly keyId: string;
  /** Secret in the namespace of this object whose `hmac-key` is the key, in base64url as CAs hand it out. */
  readonly secretRef: SmartProxyConfigSecretRef;
}

/** Secret in the namespace of this object whose `tsig-secret` is the key in base64, as `tsig-keygen` prints it. */
export interface SmartProxyConfigTsigSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** The key that updates are signed with. */
export interface SmartProxyConfigTsig {
  /** What the server knows the key by. */
  readonly keyName: string;
  /** How it signs. */
  readonly algorithm?: 'hmac-sha256' | 'hmac-sha512';
  /** Secret in the namespace of this object whose `tsig-secret` is the key in base64, as `tsig-keygen` prints it. */
  readonly secretRef: SmartProxyConfigTsigSecretRef;
}

/** A server that takes dynamic updates (RFC 2136) over TCP, signed with TSIG. */
export interface SmartProxyConfigRfc2136 {
  /** The primary server of the zone, as `ns.example.com` or with a port. */
  readonly server: string;
  /** The key that updates are signed with. */
  readonly tsig: SmartProxyConfigTsig;
}

/** Secret in the namespace of this object with a `token`, or a `username` and a `password`, that are sent along. */
export interface SmartProxyConfigWebhookSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Secret in the namespace of this object whose `ca.crt` verifies the server, in place of the CAs that the system trusts. */
export interface SmartProxyConfigWebhookCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** A server of your own that is told what to write. */
export interface SmartProxyConfigWebhook {
  /** Records are posted as JSON to `/present` and `/cleanup` below it. */
  readonly url: string;
  /** Secret in the namespace of this object with a `token`, or a `username` and a `password`, that are sent along. */
  readonly secretRef?: SmartProxyConfigWebhookSecretRef;
  /** Secret in the namespace of this object whose `ca.crt` verifies the server, in place of the CAs that the system trusts. */
  readonly caRef?: SmartProxyConfigWebhookCaRef;
}

/** Secret in the namespace of this object whose `api-token` may read zones and edit DNS. */
export interface SmartProxyConfigCloudflareSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Zones at Cloudflare. */
export interface SmartProxyConfigCloudflare {
  /** Secret in the namespace of this object whose `api-token` may read zones and edit DNS. */
  readonly secretRef: SmartProxyConfigCloudflareSecretRef;
}

/** Secret in the namespace of this object with `access-key-id`, `secret-access-key`, and a `session-token` where there is one. Without it the role counts that the pod has at Amazon. */
export interface SmartProxyConfigRoute53SecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Zones at Amazon Route 53. */
export interface SmartProxyConfigRoute53 {
  /** Secret in the namespace of this object with `access-key-id`, `secret-access-key`, and a `session-token` where there is one. Without it the role counts that the pod has at Amazon. */
  readonly secretRef?: SmartProxyConfigRoute53SecretRef;
  /** The zone, where several have its name. */
  readonly hostedZoneId?: string;
}

/** Who writes records for `dns-01`: one of these. A CNAME of `_acme-challenge` is followed, so that the records may be in a zone of their own. */
export interface SmartProxyConfigDns {
  /** A server that takes dynamic updates (RFC 2136) over TCP, signed with TSIG. */
  readonly rfc2136?: SmartProxyConfigRfc2136;
  /** A server of your own that is told what to write. */
  readonly webhook?: SmartProxyConfigWebhook;
  /** Zones at Cloudflare. */
  readonly cloudflare?: SmartProxyConfigCloudflare;
  /** Zones at Amazon Route 53. */
  readonly route53?: SmartProxyConfigRoute53;
}

export interface SmartProxyConfigIssuer {
  /** What objects call it by. */
  readonly name: string;
  /** URL of its directory. */
  readonly directory: string;
  /** Secret in the namespace of this object whose `ca.crt` verifies the server of the directory, in place of the CAs that the system trusts. */
  readonly caRef?: SmartProxyConfigCaRef;
  /** Where the CA writes to about the account. */
  readonly email?: string;
  /** Ties the account to one that the CA has already. It is used once, when the account is made. */
  readonly externalAccountBinding?: SmartProxyConfigExternalAccountBinding;
  /** Of several chains, the one with an issuer of this common name. */
  readonly preferredChain?: string;
  /** Profile of certificates, as the directory of the CA lists them. */
  readonly profile?: string;
  /** `ECDSA` (P-256) or `RSA` (2,048 bits), for the keys of certificates. It holds from the next order on. */
  readonly keyType?: 'ECDSA' | 'RSA';
  /** How names are proven: over plain HTTP (`http-01`, port 80), in the handshake of TLS (`tls-alpn-01`, port 443), or by records in DNS (`dns-01`, which takes `dns`). Wildcards are by DNS alone. */
  readonly challenge?: 'http-01' | 'tls-alpn-01' | 'dns-01';
  /** Whether this controller looks by itself at what it is to be proven by, before the CA is told to. With `Lenient` what is evidently wrong holds the CA back (a name without an address, another answer); what can not be reached from here does so twice, for it may be only here. With `Strict` both do always. With `Off` nobody looks. */
  readonly selfCheck?: 'Strict' | 'Lenient' | 'Off';
  /** DNS resolvers, as `192.0.2.53` or with a port, that are asked for the self-check and for the zones of `dns`. Public ones show what the CA will see where names lead elsewhere inside of the network. */
  readonly resolvers?: readonly string[];
  /** Who writes records for `dns-01`: one of these. A CNAME of `_acme-challenge` is followed, so that the records may be in a zone of their own. */
  readonly dns?: SmartProxyConfigDns;
}

/** Certificates by ACME (RFC 8555), where `--acme` is on. Who names an issuer here agrees to the terms of its CA. */
export interface SmartProxyConfigAcme {
  /** Issuer of the certificates that Ingresses and SmartRoutes name a Secret for without naming an issuer, while that Secret does not exist or is one that was ordered here. */
  readonly defaultIssuer?: string;
  /** CAs that certificates can be ordered from. Ingresses name one in `smartproxy.dev/acme-issuer`, SmartRoutes in `tls.certificate.acme`. */
  readonly issuers?: readonly SmartProxyConfigIssuer[];
}

/** Limits of connections that go to a backend as a whole (`tcp`). Times like `5s`, `1m30s`; `0s` is no limit. Numbers hold in each pod; 0 is no limit. */
export interface SmartProxyConfigConnection {
  /** How long a connection may be silent both ways. */
  readonly idleTimeout?: string;
  /** How long a connection may last, busy or not. */
  readonly maxLifetime?: string;
  /** How long a client may take to send its first byte once its backend is connected. Not for servers that speak first. */
  readonly firstDataTimeout?: string;
  /** What keeps a connection: with `Standard` the times as they are; with `Extended` six times `idleTimeout`, and a `maxLifetime` of seven days at least; with `Immortal` neither holds. Both of those are probed by TCP after a minute of silence, so that a peer that is gone is noticed. */
  readonly keepAlive?: 'Standard' | 'Extended' | 'Immortal';
  /** What becomes of a connection whose route is removed: it ends at once (`Cut`), or has the time of a drain to finish (`Drain`). */
  readonly whenRemoved?: 'Cut' | 'Drain';
  /** Open connections of the object, in all workers of a pod together; more are refused. With the engine NFTables the kernel drops them. */
  readonly maxConnections?: number;
  /** The same from one address; of IPv6 addresses, those with the same first 64 bits are one. */
  readonly maxConnectionsPerAddress?: number;
}

/** Times like `5s`, `1m30s`, `500ms`. */
export interface SmartProxyConfigPolicyTimeouts {
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
export interface SmartProxyConfigRetries {
  /** How many; 0 is none. */
  readonly attempts: number;
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
export interface SmartProxyConfigBackendLimits {
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
export interface SmartProxyConfigOutlierDetection {
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
export interface SmartProxyConfigHealthCheck {
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
export interface SmartProxyConfigBackendProxyProtocol {
  /** The line of version 1, or the binary header of version 2. */
  readonly version: 'V1' | 'V2';
  /** What version 2 says besides: the application protocol of the client's TLS (`ALPN`), the server name that it asked for (`Authority`), where its TLS ends here the version, the cipher and the common name of a verified certificate (`SSL`), the connection's id in our log (`UniqueId`), a checksum of the header (`CRC32C`). Of the first three, what is not known here is what the PROXY header of a load balancer in front said. */
  readonly tlvs?: readonly ('ALPN' | 'Authority' | 'UniqueId' | 'SSL' | 'CRC32C')[];
}

/** Secret in the namespace of the route whose `ca.crt` verifies the backend. Without it, its certificate is not verified. */
export interface SmartProxyConfigBackendTlsCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** TLS Secret in the namespace of the route whose certificate is shown to a backend that asks for one. */
export interface SmartProxyConfigClientCertificateRef {
  /** Name of the object. */
  readonly name: string;
}

/** TLS to a backend that is spoken to over it. */
export interface SmartProxyConfigBackendTls {
  /** Server name that is sent, and that a verified certificate must have. */
  readonly serverName?: string;
  /** Secret in the namespace of the route whose `ca.crt` verifies the backend. Without it, its certificate is not verified. */
  readonly caRef?: SmartProxyConfigBackendTlsCaRef;
  /** TLS Secret in the namespace of the route whose certificate is shown to a backend that asks for one. */
  readonly clientCertificateRef?: SmartProxyConfigClientCertificateRef;
}

/** How backends are spoken to. */
export interface SmartProxyConfigBackend {
  /** HTTP/1.1 (`HTTP`, over TLS `HTTPS`) or HTTP/2 (`H2C`, over TLS `H2`). Without it, `appProtocol` of the Service port says it. */
  readonly protocol?: 'HTTP' | 'HTTPS' | 'H2C' | 'H2';
  /** How much each worker lets the backend have at once. What is over a limit is answered with 503; passthrough connections over that of connections end. */
  readonly limits?: SmartProxyConfigBackendLimits;
  /** When an endpoint is taken out of rotation by what requests and connections meet there, judged by each worker. Without it, five failed connects in a row do that. */
  readonly outlierDetection?: SmartProxyConfigOutlierDetection;
  /** Endpoints are asked whether they are well, by each worker. One that is not gets nothing while another is; should none be, all are used as if they were. */
  readonly healthCheck?: SmartProxyConfigHealthCheck;
  /** A PROXY header opens every connection to the backend and names the client. Clients then share no connection: each request has one of its own, and over HTTP/2 each connection of a client. */
  readonly proxyProtocol?: SmartProxyConfigBackendProxyProtocol;
  /** TLS to a backend that is spoken to over it. */
  readonly tls?: SmartProxyConfigBackendTls;
}

export interface SmartProxyConfigSet {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

export interface SmartProxyConfigAdd {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

/** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
export interface SmartProxyConfigRequest {
  /** In place of every field of the name. */
  readonly set?: readonly SmartProxyConfigSet[];
  /** Beside those that are there. */
  readonly add?: readonly SmartProxyConfigAdd[];
  /** Names, in any letter case. */
  readonly remove?: readonly string[];
}

export interface SmartProxyConfigResponseSet {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

export interface SmartProxyConfigResponseAdd {
  /** In any letter case. */
  readonly name: string;
  /** Printable ASCII. */
  readonly value: string;
}

/** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
export interface SmartProxyConfigResponse {
  /** In place of every field of the name. */
  readonly set?: readonly SmartProxyConfigResponseSet[];
  /** Beside those that are there. */
  readonly add?: readonly SmartProxyConfigResponseAdd[];
  /** Names, in any letter case. */
  readonly remove?: readonly string[];
}

/** Changes of headers. What a rule says of one direction takes the place of what the object says of it. */
export interface SmartProxyConfigHeaders {
  /** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
  readonly request?: SmartProxyConfigRequest;
  /** Of requests to backends; in `response`, of their answers. Fields are removed, then set, then added. */
  readonly response?: SmartProxyConfigResponse;
}

/** What pages of other origins may ask. Preflights are answered by the proxy, for which the rule must match OPTIONS; what the backend says of CORS gives way. */
export interface SmartProxyConfigCors {
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
export interface SmartProxyConfigPolicyClients {
  /** Addresses or CIDRs. In `allow`, only these when there are any; in `deny`, never these, whatever `allow` says. */
  readonly allow?: readonly string[];
  /** Addresses or CIDRs. In `allow`, only these when there are any; in `deny`, never these, whatever `allow` says. */
  readonly deny?: readonly string[];
}

/** Answers of backends are compressed for clients that ask for it (`Accept-Encoding`). What is encoded already, a part, or marked `no-transform` goes on as it is, and so does everything while a worker is overloaded. */
export interface SmartProxyConfigCompression {
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
export interface SmartProxyConfigBuffering {
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
export interface SmartProxyConfigPort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
}

/** Where copies go. While it is missing there are none. */
export interface SmartProxyConfigMirrorBackend {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartProxyConfigPort;
}

/** Copies of requests go to another Service, marked with `X-Smartproxy-Mirror`; their answers are thrown away, and no request waits for its copy. */
export interface SmartProxyConfigMirror {
  /** Where copies go. While it is missing there are none. */
  readonly backend: SmartProxyConfigMirrorBackend;
  /** Of how many requests in a hundred; 0 is none. */
  readonly percent?: number;
  /** Requests with larger bodies are not copied. In bytes, or with `Ki`; at most 1 MiB. */
  readonly maxBody?: string;
}

/** A ConfigMap of the route's namespace, labelled `smartproxy.dev/error-pages: "true"`, whose data has the page: text of at most 64 KiB. Without it errors go on as they are. */
export interface SmartProxyConfigConfigMapRef {
  /** Name of the object. */
  readonly name: string;
  /** Of its `data`. */
  readonly key: string;
}

/** A TCP port of the Service. */
export interface SmartProxyConfigErrorPageBackendPort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
}

/** A Service that is asked for `/` and told what happened (`X-Code`, `X-Original-URI` and more); its answer is the client's, the status included. While it can't answer, clients get the status with a line of text. */
export interface SmartProxyConfigErrorPageBackend {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartProxyConfigErrorPageBackendPort;
}

export interface SmartProxyConfigErrorPage {
  /** Statuses of errors. */
  readonly statuses: readonly number[];
  /** Whose errors; with `Proxy`, those of backends go on as they are. */
  readonly errorsOf?: 'All' | 'Proxy';
  /** The page. The status stays. */
  readonly text?: string;
  /** Its media type. */
  readonly contentType?: string;
  /** A ConfigMap of the route's namespace, labelled `smartproxy.dev/error-pages: "true"`, whose data has the page: text of at most 64 KiB. Without it errors go on as they are. */
  readonly configMapRef?: SmartProxyConfigConfigMapRef;
  /** A Service that is asked for `/` and told what happened (`X-Code`, `X-Original-URI` and more); its answer is the client's, the status included. While it can't answer, clients get the status with a line of text. */
  readonly backend?: SmartProxyConfigErrorPageBackend;
}

/** Who is one client. All that share an IPv6 /64 do. */
export interface SmartProxyConfigKey {
  /** By the address that trusted proxies vouch for, else the peer's (`ClientAddress`); by the value of a request header, and by the address without one (`Header`); or all together (`Everybody`). */
  readonly type: 'ClientAddress' | 'Header' | 'Everybody';
  /** Its name, in any letter case. */
  readonly header?: string;
}

export interface SmartProxyConfigRateLimit {
  /** So many in the time that `per` says, in the long run. */
  readonly requests: number;
  /** The time that `requests` is for. */
  readonly per: 'Second' | 'Minute' | 'Hour';
  /** So many at once after a time without any. */
  readonly burst?: number;
  /** Who is one client. All that share an IPv6 /64 do. */
  readonly key?: SmartProxyConfigKey;
  /** Addresses or CIDRs whose requests are not counted. */
  readonly exempt?: readonly string[];
}

/** Nobody but `allow` is served, for the time being; with `tcp`, others' connections are closed. What a rule says takes the place of all that the object says of it. */
export interface SmartProxyConfigMaintenance {
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
export type SmartProxyConfigNone = Readonly<Record<string, never>>;

/** Secret in the namespace of the route whose `auth` is a file of htpasswd: bcrypt (`-B`), `$apr1$` or `{SHA}`. */
export interface SmartProxyConfigBasicSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** User name and password (RFC 7617). Who has none of those that are listed gets 401; while the list can not be read, everybody gets 503. */
export interface SmartProxyConfigBasic {
  /** Secret in the namespace of the route whose `auth` is a file of htpasswd: bcrypt (`-B`), `$apr1$` or `{SHA}`. */
  readonly secretRef: SmartProxyConfigBasicSecretRef;
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
export interface SmartProxyConfigExternalBackendPort {
  /** By name. */
  readonly name?: string;
  /** By number. */
  readonly number?: number;
}

/** Service that is asked. */
export interface SmartProxyConfigExternalBackend {
  /** Name of the object. */
  readonly name: string;
  /** Another namespace than that of the route. It takes a ReferenceGrant there. */
  readonly namespace?: string;
  /** A TCP port of the Service. */
  readonly port: SmartProxyConfigExternalBackendPort;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
export interface SmartProxyConfigExternalCaRef {
  /** Name of the object. */
  readonly name: string;
}

export interface SmartProxyConfigCacheKey {
  /** The value of a header, cookie or query parameter, the client's address, or path and query (`Target`). */
  readonly type: 'Header' | 'Cookie' | 'Query' | 'ClientAddress' | 'Target';
  /** Of a header in any letter case, of a parameter decoded. */
  readonly name?: string;
}

export interface SmartProxyConfigDuration {
  /** Of a 2xx, 401 or 403. */
  readonly statuses: readonly number[];
  /** A time like `30s`, from a second to a day. */
  readonly duration: string;
}

/** Its answers are kept by each worker, and requests of the rule that are equal in all of `key`, and in their host, are not asked about again. One that has nothing of `key` is. Answers with `Set-Cookie` or a `Cache-Control` of `no-store`, `no-cache` or `private` are not kept, nor are those over 4 KiB. */
export interface SmartProxyConfigCache {
  /** What the server looks at. */
  readonly key: readonly SmartProxyConfigCacheKey[];
  /** For how long answers are kept; those with another status are not. */
  readonly durations?: readonly SmartProxyConfigDuration[];
}

/** Another server decides. It is asked with the headers of the request and no body, `X-Original-URL`, `X-Original-Method` and what tells of the client. A 2xx lets the request on; 401, 403 and redirects go to the client. Anything else, or none in time, is a 503. Its `Set-Cookie` goes to the client in any case. */
export interface SmartProxyConfigExternal {
  /** Where it is asked. `https` is verified by `caRef`, without it by the public CAs that Node.js knows. */
  readonly url?: string;
  /** Service that is asked. */
  readonly backend?: SmartProxyConfigExternalBackend;
  /** Path, perhaps with a query, that `backend` is asked for. */
  readonly path?: string;
  /** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
  readonly caRef?: SmartProxyConfigExternalCaRef;
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
  readonly cache?: SmartProxyConfigCache;
}

/** Secret in the namespace of the route with a `jwks.json`. */
export interface SmartProxyConfigJwksSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
export interface SmartProxyConfigJwksCaRef {
  /** Name of the object. */
  readonly name: string;
}

/** The keys of the issuer, as a JSON Web Key Set. One from a URL is fetched again after 10 minutes, or for a key that is not in it, and the last good one is kept for a day while the server does not answer. */
export interface SmartProxyConfigJwks {
  /** Where it is. `https` is verified by `caRef`, without it by the public CAs that Node.js knows. */
  readonly url?: string;
  /** Secret in the namespace of the route with a `jwks.json`. */
  readonly secretRef?: SmartProxyConfigJwksSecretRef;
  /** Secret in the namespace of the route whose `ca.crt` verifies the server of `url`. */
  readonly caRef?: SmartProxyConfigJwksCaRef;
}

/** Where the token is. */
export interface SmartProxyConfigFrom {
  /** In this header, perhaps after `Bearer`, which must be there in `Authorization`. */
  readonly header?: string;
  /** In this cookie. */
  readonly cookie?: string;
  /** In this parameter of the query. */
  readonly query?: string;
}

export interface SmartProxyConfigClaimHeader {
  /** Request header that tells the backend the name of the user. What clients send of it is removed. */
  readonly header: string;
  /** Name of the claim, or the way to it with points in between. */
  readonly claim: string;
}

export interface SmartProxyConfigRequiredClaim {
  /** Name of the claim, or the way to it with points in between. */
  readonly claim: string;
  /** One of which it must be, or have among its own. */
  readonly values: readonly string[];
}

/** A signed token (RFC 7519) that has not expired. Without one, or with one that is not valid, the answer is 401; without the claims that are required, 403; while there are no keys to check it by, 503. */
export interface SmartProxyConfigJwt {
  /** What `iss` must be. */
  readonly issuer: string;
  /** What `aud` must name one of. Without it tokens for anybody are taken. */
  readonly audiences?: readonly string[];
  /** The keys of the issuer, as a JSON Web Key Set. One from a URL is fetched again after 10 minutes, or for a key that is not in it, and the last good one is kept for a day while the server does not answer. */
  readonly jwks: SmartProxyConfigJwks;
  /** What tokens may be signed with. */
  readonly algorithms?: readonly ('RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA')[];
  /** By how much clocks may differ. */
  readonly leeway?: string;
  /** Where the token is. */
  readonly from?: SmartProxyConfigFrom;
  /** Whether the backend gets the token too. */
  readonly forwardToken?: boolean;
  /** Claims that the backend gets. What clients send of the headers is removed. */
  readonly claimHeaders?: readonly SmartProxyConfigClaimHeader[];
  /** All of these. */
  readonly requiredClaims?: readonly SmartProxyConfigRequiredClaim[];
}

/** Secret in the namespace of the route with a `cookie-key` of 43 random characters or more, and a `client-secret` if the client has one. */
export interface SmartProxyConfigOidcSecretRef {
  /** Name of the object. */
  readonly name: string;
}

/** Secret in the namespace of the route whose `ca.crt` verifies the provider. Without it, the public CAs that Node.js knows. */
export interface SmartProxyConfigOidcCaRef {
  /** Name of the object. */
  readonly name: string;
}

export interface SmartProxyConfigOidcClaimHeader {
  /** Request header that tells the backend the name of the user. What clients send of it is removed. */
  readonly header: string;
  /** Name of the claim, or the way to it with points in between. */
  readonly claim: string;
}

export interface SmartProxyConfigOidcRequiredClaim {
  /** Name of the claim, or the way to it with points in between. */
  readonly claim: string;
  /** One of which it must be, or have among its own. */
  readonly values: readonly string[];
}

/** Login at an OpenID provider (authorization code with PKCE). Browsers are sent there, and come back with a session in an encrypted cookie; other requests without one get 401. While the provider does not answer, 503. */
export interface SmartProxyConfigOidc {
  /** URL of the provider, below which its `.well-known/openid-configuration` is. */
  readonly issuer: string;
  /** What the provider knows this client by. */
  readonly clientId: string;
  /** Secret in the namespace of the route with a `cookie-key` of 43 random characters or more, and a `client-secret` if the client has one. */
  readonly secretRef: SmartProxyConfigOidcSecretRef;
  /** Secret in the namespace of the route whose `ca.crt` verifies the provider. Without it, the public CAs that Node.js knows. */
  readonly caRef?: SmartProxyConfigOidcCaRef;
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
  readonly claimHeaders?: readonly SmartProxyConfigOidcClaimHeader[];
  /** All of these. */
  readonly requiredClaims?: readonly SmartProxyConfigOidcRequiredClaim[];
}

/** Who may ask, by who they are. What a rule says takes the place of all that the object says of it. */
export interface SmartProxyConfigAuth {
  /** Nobody is asked, whatever the object says. */
  readonly none?: SmartProxyConfigNone;
  /** User name and password (RFC 7617). Who has none of those that are listed gets 401; while the list can not be read, everybody gets 503. */
  readonly basic?: SmartProxyConfigBasic;
  /** Another server decides. It is asked with the headers of the request and no body, `X-Original-URL`, `X-Original-Method` and what tells of the client. A 2xx lets the request on; 401, 403 and redirects go to the client. Anything else, or none in time, is a 503. Its `Set-Cookie` goes to the client in any case. */
  readonly external?: SmartProxyConfigExternal;
  /** A signed token (RFC 7519) that has not expired. Without one, or with one that is not valid, the answer is 401; without the claims that are required, 403; while there are no keys to check it by, 503. */
  readonly jwt?: SmartProxyConfigJwt;
  /** Login at an OpenID provider (authorization code with PKCE). Browsers are sent there, and come back with a session in an encrypted cookie; other requests without one get 401. While the provider does not answer, 503. */
  readonly oidc?: SmartProxyConfigOidc;
}

/** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
export interface SmartProxyConfigPolicy {
  /** Plain HTTP for a host with TLS is answered with 308 to HTTPS, ACME challenges excepted. */
  readonly redirectToHttps?: boolean;
  /** Times like `5s`, `1m30s`, `500ms`. */
  readonly timeouts?: SmartProxyConfigPolicyTimeouts;
  /** Largest request body in bytes, or with `Ki`, `Mi` or `Gi`; a larger one is answered with 413. `0` is no limit. */
  readonly maxRequestBody?: string;
  /** Further attempts for a request that never reached the application, and for those that it says. What a rule says of retries takes the place of all that the object says of them. */
  readonly retries?: SmartProxyConfigRetries;
  /** How backends are spoken to. */
  readonly backend?: SmartProxyConfigBackend;
  /** Changes of headers. What a rule says of one direction takes the place of what the object says of it. */
  readonly headers?: SmartProxyConfigHeaders;
  /** What pages of other origins may ask. Preflights are answered by the proxy, for which the rule must match OPTIONS; what the backend says of CORS gives way. */
  readonly cors?: SmartProxyConfigCors;
  /** Who may ask, by address: what the trusted proxies in front vouch for, else the peer. Others get 403, and with Passthrough their connection ends. */
  readonly clients?: SmartProxyConfigPolicyClients;
  /** What lets a request in, where there are both `clients.allow` and `auth`: both (`All`), or either (`Any`), so that who is in `clients.allow` is not asked, and others are. Who is in `clients.deny` is refused in any case. */
  readonly satisfy?: 'All' | 'Any';
  /** Answers of backends are compressed for clients that ask for it (`Accept-Encoding`). What is encoded already, a part, or marked `no-transform` goes on as it is, and so does everything while a worker is overloaded. */
  readonly compression?: SmartProxyConfigCompression;
  /** Largest request line and header fields together; more is answered 431. In bytes, or with `Ki`. `--max-header-size` holds beside it. */
  readonly maxRequestHeader?: string;
  /** What is held in memory so that slow clients do not keep backends waiting. All of it is bounded: for each request here, and for a worker by its memory. */
  readonly buffering?: SmartProxyConfigBuffering;
  /** Whether requests, connections and UDP sessions are in the access log, where `--access-log` says that there is one. What the kernel forwards is in none. */
  readonly accessLog?: boolean;
  /** Copies of requests go to another Service, marked with `X-Smartproxy-Mirror`; their answers are thrown away, and no request waits for its copy. */
  readonly mirror?: SmartProxyConfigMirror;
  /** What clients get in place of an error. The first page that names its status counts. Calls of gRPC keep their own status, and what a rule responds is no error. */
  readonly errorPages?: readonly SmartProxyConfigErrorPage[];
  /** How many requests a client may make, and with Passthrough how many connections. Every limit counts by itself, where it is written: on the object for all of its rules together. A request that one of them has no room for is answered 429 with `Retry-After`. An empty list is no limit. */
  readonly rateLimits?: readonly SmartProxyConfigRateLimit[];
  /** How many requests may be answered at once, in all workers of a pod together; more are answered 503. It counts where it is written: on the object for all of its rules together. A WebSocket counts until it ends. 0 is no limit. */
  readonly maxRequests?: number;
  /** The same of one client address, as trusted proxies vouch for it; of IPv6 addresses, those with the same first 64 bits are one. Each request of an HTTP/2 connection counts. */
  readonly maxRequestsPerAddress?: number;
  /** Nobody but `allow` is served, for the time being; with `tcp`, others' connections are closed. What a rule says takes the place of all that the object says of it. */
  readonly maintenance?: SmartProxyConfigMaintenance;
  /** Who may ask, by who they are. What a rule says takes the place of all that the object says of it. */
  readonly auth?: SmartProxyConfigAuth;
}

/** What decides with ConsistentHash, between the backends by their weights too. Requests without it go by turns. */
export interface SmartProxyConfigHash {
  /** The value of a header, cookie or query parameter, the client's address, or path and query (`Target`). */
  readonly type: 'Header' | 'Cookie' | 'Query' | 'ClientAddress' | 'Target';
  /** Of a header in any letter case, of a parameter decoded. */
  readonly name?: string;
  /** The most requests under way that an endpoint gets, of what each had if all had the same, counted by each worker. The next best endpoint takes what is above. Without it there is no bound. */
  readonly maxLoadPercent?: number;
}

/** A cookie keeps a client with the endpoint that it got first, in every worker and replica, also while the endpoint terminates, until it is gone or can't be reached. Its value says nothing of the endpoint. */
export interface SmartProxyConfigSessionCookie {
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
export interface SmartProxyConfigLoadBalancing {
  /** By turns, the less busy of two random ones, or the same one for the same `hash`, in every worker and replica. */
  readonly type?: 'RoundRobin' | 'LeastRequest' | 'ConsistentHash';
  /** What decides with ConsistentHash, between the backends by their weights too. Requests without it go by turns. */
  readonly hash?: SmartProxyConfigHash;
  /** How long an endpoint that becomes ready gets less than its share: a tenth at first, then as much of it as has passed of this time. */
  readonly slowStart?: string;
  /** A cookie keeps a client with the endpoint that it got first, in every worker and replica, also while the endpoint terminates, until it is gone or can't be reached. Its value says nothing of the endpoint. */
  readonly sessionCookie?: SmartProxyConfigSessionCookie;
}

/** What every SmartRoute and Ingress inherits, field by field, where neither it nor a rule of it says otherwise. It comes before the options. */
export interface SmartProxyConfigDefaults {
  /** Limits of connections that go to a backend as a whole (`tcp`). Times like `5s`, `1m30s`; `0s` is no limit. Numbers hold in each pod; 0 is no limit. */
  readonly connection?: SmartProxyConfigConnection;
  /** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
  readonly policy?: SmartProxyConfigPolicy;
  /** How an endpoint of a backend is chosen. */
  readonly loadBalancing?: SmartProxyConfigLoadBalancing;
}

/** What holds for the installation as a whole. All of it can be changed while it runs. */
export interface SmartProxyConfigSpec {
  /** Ports to listen on, beside those of the options. One called `http` or `https` takes the place of the option's. */
  readonly listeners?: readonly SmartProxyConfigListener[];
  /** Addresses or CIDRs of proxies in front whose `X-Forwarded-*` headers are believed. For connections that come from then on. */
  readonly trustedProxies?: readonly string[];
  /** How an end is made, of a pod or of what a connection goes to. The pod's `terminationGracePeriodSeconds` must be longer than both together. */
  readonly drain?: SmartProxyConfigDrain;
  /** Limits of clients, counted in each worker; 0 is no limit. A change holds for connections that come from then on, and a time from when it begins to run. */
  readonly limits?: SmartProxyConfigLimits;
  /** How TLS of clients is ended. For handshakes from then on. */
  readonly tls?: SmartProxyConfigTls;
  /** The access log on standard output of the pod. For what ends from then on. */
  readonly accessLog?: SmartProxyConfigAccessLog;
  /** Which namespaces may serve which hosts; others are refused, and told. The most specific claim that covers a host decides. Wildcards that would take in hosts claimed for others are refused, too; routes for every name are not. */
  readonly hostClaims?: readonly SmartProxyConfigHostClaim[];
  /** Whose a host is that nobody claimed: of all who name it, whose routes are put together (`Shared`), or of the namespace whose object is the oldest of those (`Oldest`). */
  readonly unclaimedHosts?: 'Shared' | 'Oldest';
  /** Certificates by ACME (RFC 8555), where `--acme` is on. Who names an issuer here agrees to the terms of its CA. */
  readonly acme?: SmartProxyConfigAcme;
  /** What every SmartRoute and Ingress inherits, field by field, where neither it nor a rule of it says otherwise. It comes before the options. */
  readonly defaults?: SmartProxyConfigDefaults;
}

export interface SmartProxyConfigCondition {
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

export interface SmartProxyConfigStatusListener {
  /** Name of the listener. */
  readonly name: string;
  /** `Accepted`: it is the configuration of an installation, and all of it is valid. `Programmed`: the leader's workers listen on every port. `Published`: the Service in front carries every port; without one there is no such condition. */
  readonly conditions?: readonly SmartProxyConfigCondition[];
}

/** What came of it. Written by the controller. */
export interface SmartProxyConfigStatus {
  /** How many listeners have their port open, of how many. */
  readonly summary?: string;
  /** `Accepted`: it is the configuration of an installation, and all of it is valid. `Programmed`: the leader's workers listen on every port. `Published`: the Service in front carries every port; without one there is no such condition. */
  readonly conditions?: readonly SmartProxyConfigCondition[];
  /** The conditions of each listener. */
  readonly listeners?: readonly SmartProxyConfigStatusListener[];
}

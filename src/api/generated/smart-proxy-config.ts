// Made from crds/smartproxy.dev_smartproxyconfigs.yaml by "npm run generate"; edit that file.
import type { SmartRouteConnection, SmartRouteLoadBalancing, SmartRoutePolicy } from './smart-route.ts';

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
  /** How long open requests and connections may take to finish after that; connections of TCP and passthrough also when their endpoint or their draining route is gone. Requests and WebSockets go on then, for as long as both sides like; WebSockets whose draining route is gone have it too. */
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

/** Limits of clients; 0 is no limit. Connections and their rate are counted in the pod, all else in each worker. A change holds for connections that come from then on, and a time from when it begins to run. */
export interface SmartProxyConfigLimits {
  /** Open connections. */
  readonly maxConnections?: number;
  /** Open connections from one address. */
  readonly maxConnectionsPerAddress?: number;
  /** New connections a minute from one address; where `--redis-url` names a Redis, of all replicas together. So many UDP sessions too, in the pod. */
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
  /** What becomes of the Secret of a certificate when all Ingresses and SmartRoutes of this installation that name it are deleted. With `Retain` it stays. With `Delete` they are its owners, so that the garbage collector of the cluster deletes it with the last of them; from a folder of manifests it has no effect. */
  readonly reclaimPolicy?: 'Retain' | 'Delete';
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

/** Limits of UDP sessions. */
export interface SmartProxyConfigUdp {
  /** A session without a datagram in either direction for so long ends; before the first answer, after 10 s at the latest. With the engine NFTables, the kernel decides (`net.netfilter.nf_conntrack_udp_timeout`). */
  readonly idleTimeout?: string;
  /** Sessions of the object at a time, in all workers of a pod together; datagrams that would begin more are dropped. With the engine NFTables, the kernel does so. 0 is no limit. */
  readonly maxSessions?: number;
  /** The same from one address; of IPv6 addresses, those with the same first 64 bits are one. */
  readonly maxSessionsPerAddress?: number;
}

/** What every SmartRoute and Ingress inherits, field by field, where neither it nor a rule of it says otherwise. It comes before the options. What it names without a namespace is in the namespace of this object. */
export interface SmartProxyConfigDefaults {
  /** Limits of connections: of those that go to a backend as a whole (`tcp`), and of those that bring requests and of WebSockets (`http`). In `defaults` of a SmartProxyConfig they are for `tcp` and Passthrough alone. Times like `5s`, `1m30s`; `0s` is no limit. Numbers hold in each pod; 0 is no limit. */
  readonly connection?: SmartRouteConnection;
  /** Settings of every rule. A rule has such a policy of its own, and what it sets comes first, field by field; what nobody sets is as the options of the controller say. */
  readonly policy?: SmartRoutePolicy;
  /** How an endpoint of a backend is chosen. */
  readonly loadBalancing?: SmartRouteLoadBalancing;
  /** Limits of UDP sessions. */
  readonly udp?: SmartProxyConfigUdp;
}

/** What holds for the installation as a whole. All of it can be changed while it runs. */
export interface SmartProxyConfigSpec {
  /** Ports to listen on, beside those of the options. One called `http` or `https` takes the place of the option's. */
  readonly listeners?: readonly SmartProxyConfigListener[];
  /** Addresses or CIDRs of proxies in front whose `X-Forwarded-*` headers are believed. For connections that come from then on. */
  readonly trustedProxies?: readonly string[];
  /** How an end is made, of a pod or of what a connection goes to. The pod's `terminationGracePeriodSeconds` must be longer than both together. */
  readonly drain?: SmartProxyConfigDrain;
  /** Limits of clients; 0 is no limit. Connections and their rate are counted in the pod, all else in each worker. A change holds for connections that come from then on, and a time from when it begins to run. */
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
  /** What every SmartRoute and Ingress inherits, field by field, where neither it nor a rule of it says otherwise. It comes before the options. What it names without a namespace is in the namespace of this object. */
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
  /** `Accepted`: it is the configuration of an installation, and all of it is valid. `ResolvedRefs`, of one in use: every Service, Secret and ConfigMap is there and may be used. `Programmed`: the leader's workers listen on every port. `Published`: the Service in front carries every port; without one there is no such condition. */
  readonly conditions?: readonly SmartProxyConfigCondition[];
}

/** What came of it. Written by the controller. */
export interface SmartProxyConfigStatus {
  /** How many listeners have their port open, of how many. */
  readonly summary?: string;
  /** `Accepted`: it is the configuration of an installation, and all of it is valid. `ResolvedRefs`, of one in use: every Service, Secret and ConfigMap is there and may be used. `Programmed`: the leader's workers listen on every port. `Published`: the Service in front carries every port; without one there is no such condition. */
  readonly conditions?: readonly SmartProxyConfigCondition[];
  /** The conditions of each listener. */
  readonly listeners?: readonly SmartProxyConfigStatusListener[];
}

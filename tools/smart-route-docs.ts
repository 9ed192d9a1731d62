import { fieldRows } from './field-rows.ts';
import { smartRouteFields } from './smart-route-fields.ts';

const introduction = `# SmartRoute

One custom resource says what an Ingress can't: \`smartproxy.dev/v1alpha1\`, kind \`SmartRoute\`, short name \`sr\`. Its CRD is
[crds/smartproxy.dev_smartroutes.yaml](../crds/smartproxy.dev_smartroutes.yaml); a cluster without it is served as before, and one that gets
it later is served without a restart. A folder of manifests can hold SmartRoutes too, and they are checked by the same rules.

By what you want to do: [smartroute-by-example.md](smartroute-by-example.md).

\`\`\`yaml
apiVersion: smartproxy.dev/v1alpha1
kind: SmartRoute
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: smartproxy
  hosts: [shop.example.com]
  tls: {mode: Terminate, certificate: {secretRef: {name: shop-tls}}}
  policy: {timeouts: {read: 30s}}
  http:
    rules:
      - name: api
        matches: [{path: {type: Prefix, value: /api}, methods: [GET]}]
        policy: {timeouts: {read: 5s}, retries: {attempts: 2}}
        action:
          forward:
            backends:
              - {name: api, port: {name: http}, weight: 9}
              - {name: api-next, port: {name: http}, weight: 1}
      - name: old
        matches: [{path: {type: Prefix, value: /old}}]
        action: {redirect: {path: {type: ReplacePrefix, value: /new}, status: 301}}
\`\`\`

What [ingress.md](ingress.md) says of classes, Services, endpoints, certificates and answers holds here too. SmartRoutes and Ingresses share
hosts: their routes are put together.

## Which route wins

1. The host: exact before longer wildcard (\`*.\` before \`**.\` of the same name) before none. When no route of a host fits, the next host
   that covers the name is tried.
2. The higher \`priority\`.
3. A route with \`listeners\` before one without, then one with \`clientCIDRs\` before one without.
4. \`Exact\` before \`Prefix\` before \`Regex\`. The prefix \`/\` comes last: it says nothing of a path.
5. The longer path; between patterns, the longer text.
6. A match with methods before one without.
7. More headers, then more query parameters.
8. The oldest object by \`creationTimestamp\`, then the first by \`namespace/name\`, of whatever kind.
9. Within one object, the order written.

The same match with the same priority in two objects is a conflict: the oldest is served, the other is told (\`PathConflict\`). Who is oldest
also decides whether there is HTTP or TCP in the TLS of a host, or it passes through (\`PassthroughConflict\`), and which certificate it shows
(\`CertificateConflict\`).

## Headers that are not the client's

Matches by header, hashes, keys of rate limits and of \`auth.external.cache\` go by what the backend will be told, before \`headers.request\` and who asks change it.
So nobody gets a route by saying that he is somebody else:

- \`X-Forwarded-For\`, \`-Proto\`, \`-Host\`, \`-Port\` and \`X-Real-IP\` have what the proxy writes there: what a client says counts for nothing, what a
  [trusted proxy](configuration.md#traffic) says is part of it. Any other \`X-Forwarded-…\` is never there.
- \`ssl-client-verify\`, \`-subject-dn\`, \`-issuer-dn\` and \`-cert\` have what was seen of the client's certificate, where the host asks for certificates. Elsewhere
  they are fields as any other.
- \`Host\` is the host and port that were asked for. \`Upgrade: websocket\` is a WebSocket, over HTTP/2 (RFC 8441) too, in any letter case.
- What belongs to the client's connection (\`Connection\`, \`Transfer-Encoding\` …), \`Expect\`, \`Proxy\` and names with \`_\` are in no request by then: to ask for one
  of them is a problem of the object (\`NoEffect\`).

## Connections of HTTP

\`connection\` of a route with \`http\` is about the connections that bring its requests, and about WebSockets:

\`\`\`yaml
spec:
  hosts: [chat.example.com]
  connection: {idleTimeout: 5m, maxLifetime: 24h, whenRemoved: Drain}
  policy: {timeouts: {tunnelIdle: 1h}}
  http: {rules: [{name: all, action: {forward: {backends: [{name: chat, port: {name: web}}]}}}]}
\`\`\`

| Field | A connection with requests, HTTP/1.1 or HTTP/2 | A WebSocket, or another upgrade |
|---|---|---|
| \`idleTimeout\` | how long it may be open without a request under way, in place of \`limits.timeouts.keepAlive\`: \`inactivity\` | how long it may be silent both ways, where neither the rule nor the object has a \`policy.timeouts.tunnelIdle\`: \`inactivity\` |
| \`maxLifetime\` | how old it may become: it is told so with its next answer (\`Connection: close\`, GOAWAY), and ends when nothing is under way: \`connection_timeout\` | how long it may last, busy or not: it ends in order, as \`connection_timeout\` |
| \`keepAlive\` | is of the idle time that holds, that of the installation too; TCP probes the client | the same; TCP probes the backend too |
| \`whenRemoved\` | nothing: its next request finds what is there | ends it as \`route_removed\` when its match, rule or host is no longer in the table, or not for its listener; without it, it lives on |

- A connection carries requests for many routes: the route of the last request that began on it has the say. Where that says nothing, and
  before the first, the SmartProxyConfig and the options have it. A request without a route changes nothing.
- Two objects of one host each have their own.
- \`limits.maxConnectionLifetime\` holds besides, for connections with requests: what the installation bounds no route lifts.
- A WebSocket over HTTP/2 is a stream: it ends by itself, and its connection goes on. That is ended in order when it is too old, once its streams are over.
  \`networkproxy_upgrades_closed_total\` counts why WebSockets ended, of either version.
- A process that ends, and a worker that is short of memory, end connections before their time, as ever.

## TCP by listener

\`tcp\` without \`tls\` takes every connection of its listeners, which are of protocol \`TCP\` and come from a [SmartProxyConfig](smartproxyconfig.md).
No byte is awaited, so servers that speak first (mail, databases, SSH) work; a side that has finished sending may still receive. A listener
is one route's: of two the one of the higher \`priority\` has it, then the oldest; the other is told (\`ListenerConflict\`). Routes with other
\`clientCIDRs\` stand beside it, and beside one another, whether workers or the kernel forward them: a client meets the first that is for it by
priority and age, then the one for everybody.

\`\`\`yaml
spec:
  listeners: [mail]
  tcp: {backends: [{name: postfix, port: {preserve: true}}]}
\`\`\`

\`preserve\` takes the Service's port of the number that clients dial: the \`publishedPort\` of the listener. It works for hosts too, of HTTP and of
TLS that passes through: each listener of the route has its own port of the Service. A listener whose number the Service lacks is the problem
\`ServicePortNotFound\`, and its share is answered 503, or ended; name \`listeners\` to have fewer of them.

Connections live on when backends or weights change. They end as \`route_removed\` when their route loses the listener or their Service is
no longer among the backends of any (\`connection.whenRemoved\`), as \`endpoint_removed\` when their endpoint is gone for the drain time, and as \`no_endpoints\` when there
is nobody to answer.

## TCP by host

\`tcp\` with \`tls\` takes the connections for its hosts on listeners of protocol \`HTTPS\`, chosen by server name: hosts of HTTP, of TCP and of
Passthrough share a port.

\`\`\`yaml
spec:
  hosts: [db.example.com]
  tls: {mode: Terminate, certificate: {secretRef: {name: db-tls}}, alpn: [postgresql]}
  connection: {idleTimeout: 1h, whenRemoved: Drain}
  tcp: {backends: [{name: postgres, port: {name: sql}}]}
\`\`\`

| \`tls.mode\` | What the backend gets |
|---|---|
| \`Passthrough\` | what the client sent, TLS and all |
| \`Terminate\` | what is in the TLS, which ends here with the certificate of the route |
| \`TerminateAndReencrypt\` | the same over TLS of our own, with \`policy.backend.tls\` |

Where TLS ends here, clients are asked for certificates as with HTTP (\`tls.clientAuth\`), and nothing is negotiated by ALPN unless \`tls.alpn\`
names something. Lists of clients, rates and limits of \`connection\` are asked before the handshake; the backend is dialled after it. A
side that has finished sending may still receive. A request of HTTP for such a host, on a connection that was made for another name, is
answered 421. HTTP and TCP can not share a host: the oldest object has it, the other is told (\`PassthroughConflict\`).

## UDP by listener

\`udp\` takes every datagram of its listeners, which are of protocol \`UDP\`. What comes from one address and port of a client is a session: it
goes to one endpoint, from a port of its own, and what that endpoint sends comes back. The endpoint is chosen by a hash of the client's address and
port, so that every worker and replica chooses the same; when it goes, or says that nobody listens, the session finds another with its next
datagram. Connection ids of QUIC are not read: a client that changes its address or port, by itself or because a NAT forgot it, begins another session,
which the hash may give to another endpoint; that one does not know the connection, and the client begins anew. With one endpoint the connection lives on.

\`\`\`yaml
spec:
  listeners: [dns]
  udp: {idleTimeout: 10s, backends: [{name: coredns, port: {name: dns}}]}
\`\`\`

Sessions end after \`idleTimeout\`, and as \`route_removed\` with their route: [connections.md](connections.md#udp-sessions). Their number
is limited in the pod by \`maxSessions\` and \`maxSessionsPerAddress\` of the route, in a worker by \`--max-udp-sessions\`, and that of one address by
\`--max-connections-per-ip\`. Answers leave from the address that routing chooses.

## Forwarding by the kernel

\`engine: NFTables\` on \`tcp\` or \`udp\` by listener lets the kernel of the node forward, where the installation has it on: what that takes,
gives and costs is in [nftables.md](nftables.md).

## Inheritance

\`policy\` may stand on the object and on a rule. Field by field, the rule's comes first, then the object's, then the
[defaults of the SmartProxyConfig](smartproxyconfig.md#defaults), then the options of the controller ([an overview](concepts.md#policies)). An
Ingress's [annotations](annotations.md) set the same things.

## References

A Service or Secret of another namespace takes a \`ReferenceGrant\` (\`gateway.networking.k8s.io\`, v1 or v1beta1) there, from group
\`smartproxy.dev\`, kind \`SmartRoute\` and the namespace of the route. A SmartProxyConfig takes one from kind \`SmartProxyConfig\`. Where that CRD is not installed there are no grants.

## What does not work

| What is wrong | What is served |
|---|---|
| the object is not what the CRD allows: \`policy\`, \`tls\`, \`clientCIDRs\` or anything else outside of rules, as a whole or in one field | 503 for all that its rules may match on its hosts, which stay its own as those of a valid object do: nothing falls through to a route that asks for less. Parts that can't be read are left out, so that more is covered: all clients, all listeners; without rules that can be read, all paths. Connections and datagrams of \`tcp\` and \`udp\` end |
| the same, and no host can be read, or it says neither hosts nor rules | nothing of it |
| the same within rules alone | 503 for what those rules may match; the rest. A path without a value, and what is no match, or no rule, may match all that no longer path takes. A rule whose name is none, or that of another, is called by its place in the list: \`invalid-2\` |
| a field that does not exist, or has no meaning for \`tcp\` or \`udp\` | the rest |
| a pattern that is not RE2 syntax (no look-ahead, no back-reference) or too large, a path with an escaped \`..\` | 503 for what that match covers: of a pattern all that begins with its plain text; its other conditions hold. The next rule might let in whom this one would not |
| a match that another object, or an earlier rule, has | the other |
| a backend that is missing or not permitted | its share of the requests is answered 503; all of them when no other has a weight |
| a list of clients with something that is no address, a pattern for rewriting that can not be used | 503 |
| a CA or client certificate for backends that is missing or broken | 503 |
| a certificate that is missing, broken, not permitted or for other names | TLS with the default certificate |
| every backend of \`tcp\` is missing | with Passthrough, no passthrough; else connections end |
| a CA for certificates of clients that is missing or broken | 503; with \`tcp\`, connections end |
| a listener that is not there or of another protocol | the others that it names |
| a listener that another object has | the other |
| a listener that is kept for other namespaces | the others that it names |
| \`engine: NFTables\` where \`--nftables\` is off, or the kernel refuses | connections end, datagrams are dropped |

Each is an entry in the object's conditions, a Warning Event ([problems.md](problems.md)) and an entry in \`/debug/problems\`.

## Status

- \`Accepted\`: all of the object is valid and nothing of it lost against another. \`False\` does not mean that nothing is served: each rule
  has conditions of its own in \`status.rules\`, and the message names the field and the winner.
- \`ResolvedRefs\`: every Service and Secret is there and may be used, and no certificate has expired.
- \`Programmed\`: all workers of the leader, and with \`engine: NFTables\` its kernel, serve what is valid of it. \`KernelNotProgrammed\` says why not. \`Pending\` after 5 s when some do not. \`False\` with
  the reason of a problem when nothing of it is served.
- \`Published\`, where it names listeners and the Service of \`--publish-service\` is there: that Service has a port for each of them.
- \`rules\`: the first three of each rule.
- \`addresses\`: what an Ingress has in its status, addresses and host names, while something of it is served.
- \`backends\`: how many of the Service ports that it forwards to have an endpoint that can be used, of how many.

The reason is the condition's own name while it holds, else that of the first
[problem](problems.md). The leader writes, nothing without a change, and one object at most every 30 s. \`--no-status\` turns it off.

## Fields

Below \`spec\`. \`http.rules[].policy\` has the fields of \`policy\`. Each field with a value has a test that drives traffic through it.

| Field | Default | Meaning | Test |
|---|---|---|---|
`;

const howTo = `
## Adding a field

A field goes into the CRD together with what it does; [ADR 005](adr/005-smartroute.md) says why. In this order:

1. The CRD: type, bounds (every list and text has one), a description, no default, and a rule in CEL where the types are not enough. It must be
   one that both the API server and \`src/api/schema-check.ts\` can compute: no functions beyond standard CEL and RE2.
2. \`npm run generate\`: types and schema in \`src/api/generated\`.
3. Cases in \`test/tools/smart-route-cases.ts\`: what each rule accepts and refuses. A real API server and translate run the same table.
4. What may be inherited: a field of \`RouteSettings\`, read in \`smart-route-policy.ts\` (and by an annotation, if Ingress gets it too), and put
   into the table's \`Policy\` by \`policies.ts\`. What may not: the table's \`Route\`, by \`read-smart-route.ts\` and \`resolve-smart-route.ts\`.
5. The table: \`route.ts\` or \`policy.ts\`, its invariant in \`validate-table.ts\`, precedence in \`compare-routes.ts\` if it matches.
6. The data plane: a row in \`filters/filter-table.ts\`, or the part that acts on it.
7. A golden in \`test/golden\`, the field in \`test/property/translate/arbitrary-objects.ts\`, a test in \`test/feature/program\` that drives traffic
   through it, and its row in \`tools/smart-route-fields.ts\`; \`npm run generate\` again for this page.
`;

/** The text of docs/smartroute.md. */
export function renderSmartRouteDocs(crdPath: string): string {
  return `${introduction}${fieldRows(crdPath, smartRouteFields).join('\n')}\n${howTo}`;
}

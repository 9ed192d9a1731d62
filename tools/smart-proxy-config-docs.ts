import { fieldRows } from './field-rows.ts';
import { sharedPlaces } from './shared-schemas.ts';
import { inheritableFields, sharedFields, smartProxyConfigFields } from './smart-proxy-config-fields.ts';
import { smartRouteFields } from './smart-route-fields.ts';

const introduction = `# SmartProxyConfig

Settings of one installation that can be changed while it runs: \`smartproxy.dev/v1alpha1\`, kind \`SmartProxyConfig\`, short name \`spc\`. Its CRD
is [crds/smartproxy.dev_smartproxyconfigs.yaml](../crds/smartproxy.dev_smartproxyconfigs.yaml). Without one the
[options](configuration.md) alone hold, and so they do for what it does not say.

\`\`\`yaml
apiVersion: smartproxy.dev/v1alpha1
kind: SmartProxyConfig
metadata: {name: smartproxy-ingress, namespace: smartproxy-ingress}
spec:
  listeners:
    - {name: mail, port: 2525, publishedPort: 25, protocol: TCP, proxyProtocol: {from: [10.0.0.0/8]}}
    - {name: admin, port: 9443, protocol: HTTPS}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec:
  controller: smartproxy.dev/ingress-controller
  parameters:
    apiGroup: smartproxy.dev
    kind: SmartProxyConfig
    name: smartproxy-ingress
    namespace: smartproxy-ingress
    scope: Namespace
\`\`\`

More of it: [examples/smartproxyconfig](../examples/smartproxyconfig/config.yaml).

## Which one counts

The one that an IngressClass of this controller names in \`spec.parameters\`, that of \`--ingress-class\` before other classes, which go by
name. It must be in the controller's own namespace: nothing else is read, so nobody but who may write there can change the installation.
The others are told so in their conditions. \`install.yaml\` and the chart name one that is called as the release; it need not exist.

- With \`--watch-namespace\` classes can't be read: it is the one that is called as \`--ingress-class\`, in the controller's own namespace.
- In a folder of manifests the IngressClass of the folder names it, in any namespace.

## Listeners

They are beside those of \`--http-port\` and \`--https-port\`. One called \`http\` or \`https\` takes the place of that option's, with its published
port. A port is opened and closed in running workers, without losing a connection that waits in its queue
([how](adr/001-listeners-and-sockets.md)); a closed port's open connections live on, and those of its TCP routes end as \`route_removed\`. A
listener whose port or protocol changes is closed and opened again. Addresses are those of \`--address\`.

A listener with \`namespaces\` serves the Ingresses and SmartRoutes of those alone, whether they name it or not. Others are 404 there, and told
(\`ListenerNotPermitted\`) when they name it, or when nothing is left that they could be served on. Which certificate a name gets is not
affected, nor who has a match that two namespaces want: it is lost on every listener.

A listener that says who is served on it never becomes one for more because it is written wrongly. While the program runs the last valid spec
holds. When the program begins with such an entry, the option's listener of its name is open and for nobody, as with an empty \`namespaces\`: on
HTTP all is 404, and redirects to HTTPS stay. A listener of its own is not opened. Where the name can't be read, it may be any of the options:
those that no other entry names are for nobody. The condition \`Accepted\` names the entry, and what of it to correct.

A pod's port is no port of the Service in front by itself. The chart adds it (\`smartProxyConfig\`, \`service.extraPorts\`); what is missing
there is the condition \`Published\`.

## Defaults

\`defaults.policy\` and \`defaults.connection\` have the fields of a SmartRoute's \`policy\` and \`connection\` ([there](smartroute.md#fields)). What
counts of a field is the first of: the rule, the object (an Ingress's annotations), the SmartProxyConfig, the options. A field that is a whole,
such as \`cors\` or \`headers.request\`, is inherited or replaced as a whole; so is \`clients\`, to which a
\`denylist-source-range\` of an Ingress only adds. A list of clients with something that is no address lets nobody in.
\`maxRequestBody\` does not limit the messages of a gRPC call, which only the route's own does. \`defaults.connection\` is for connections that go to a
backend as a whole: those that bring requests have \`limits.timeouts.keepAlive\` and \`limits.maxConnectionLifetime\`, and WebSockets \`policy.timeouts.tunnelIdle\`.

\`defaults.loadBalancing\` has the fields of a forward's \`loadBalancing\`, and is one whole: a forward that says anything of it inherits nothing
of it, and \`loadBalancing: {}\` is as the options say; an Ingress says something with \`load-balance\`, \`upstream-hash-by\` or \`affinity\`.
Connections that go to a backend as a whole have its \`type\` and \`slowStart\`, where \`tcp.loadBalancing\` says nothing: of hashes only that of
\`ClientAddress\`, without a bound, and no cookie. The default backend inherits all of it, as it does the policy.

\`defaults.udp\` has \`idleTimeout\`, \`maxSessions\` and \`maxSessionsPerAddress\` of a SmartRoute's \`udp\`, each inherited by itself: 0 takes a limit away.

Services and ConfigMaps that the policy names (\`errorPages\`, \`mirror\`) are those of the SmartProxyConfig's namespace where it says no other,
for every object and the default backend. A Service of another namespace takes a \`ReferenceGrant\` there, from group \`smartproxy.dev\`, kind
\`SmartProxyConfig\` and that namespace ([more](smartroute.md#references)). What is missing, or not permitted, is told by the SmartProxyConfig alone, and not done.

Secrets that the policy names are those of the SmartProxyConfig's namespace, for every object and the default backend; they can't be in another. With
\`policy.backend.tls\` backends that are spoken to over TLS must have a certificate of that CA, and are shown that client certificate: what a route says
of \`serverName\`, \`caRef\` or \`clientCertificateRef\` takes the place of that field alone. The name that is verified is \`serverName\`, without it the address
of the endpoint. While the Secret is missing or broken, those who inherit it speak TLS to no backend: 503.
The certificate is shown to backends of every namespace, so what lets it in lets in whoever may write routes. How the Secrets may be read: [rbac.md](rbac.md#secrets-of-defaults).

### Who may ask

With \`policy.auth\` everybody has to say who they are, by the one way that it has ([auth.md](auth.md)), for requests of every SmartRoute, Ingress and the
default backend: also those that are redirected or answered here. A way is one whole. What says otherwise:

- a rule or SmartRoute with an \`auth\` of its own, of which \`none: {}\` asks nobody; an Ingress with \`auth-secret\` or \`auth-url\`, or with
  \`enable-global-auth: "false"\`, which asks nobody. **It is a default, not a rule**: whoever may write routes in a namespace may leave it. Who has to keep
  others from that limits who writes such objects, by RBAC or an admission policy.
- The redirect to HTTPS and CORS preflights come before it, as before that of a route; answers to ACME challenges are never asked for, whether the
  controller gives them or a solver of cert-manager behind its Ingress. Error pages (\`errorPages\`) are for its refusals, too.
- Connections that go to a backend as a whole (TCP, UDP, TLS that passes through) can't be asked: nothing of it holds for them.
- \`forwardAuthorization\`, \`forwardToken\` and \`forwardAccessToken\` hand what users log in with to the backends of every namespace.
- \`oidc\` comes back to \`callbackPath\` of the host that was asked for: the provider must know that URL of every host, and a route must have the path.

\`policy.satisfy\` is inherited by itself, also by routes with lists or an \`auth\` of their own: with \`Any\`, either of the two lets in there too. While a Secret or
Service that \`auth\` names is missing or broken, those who inherit it are answered 503, whatever \`failOpen\` says.

## For every connection

\`trustedProxies\`, \`drain\` and \`limits\` take the place of the options of the same meaning, field by field, and hold for connections that
come from then on: those that are open stay. Times of \`limits.timeouts\` and \`keepAliveRequests\` hold for open connections too, from when they
begin to run. Connections and their rate are counted in the pod, UDP sessions and handshakes in each worker.
Nothing of a SmartProxyConfig needs a restart; what does (sizes of headers, of what is held for slow clients, \`--workers\` and the like) is an
[option](configuration.md) alone.

## TLS

\`tls\` holds for handshakes from then on. The profiles are Mozilla's, of which \`Old\` is not offered ([why](tls.md#settings)). \`profile\` says
what may be spoken at all: a route that asks for less than \`Modern\` is told (\`NoEffect\`), and speaks TLS 1.3. \`minVersion\` is for hosts
whose routes say none, and for names that no host has. \`ticketKeyRotation\` is about [sessions](tls.md#sessions-and-their-key).

## Access log

\`accessLog\` takes the place of \`--access-log\` and \`--access-log-format\`, field by field, for requests and connections that end from then
on: turn it on to look into something, and off again. Its lines are described in [operations.md](operations.md#logs). A route can leave it
(\`accessLog: false\` in a policy), and none can turn it on.

## Whose hosts

Without \`hostClaims\` any namespace may name any host: routes of all objects are put together, and the oldest object has each match and says how
TLS is done ([why](adr/010-unclaimed-hosts.md)). A claim leaves a host to its namespaces; objects of others are told (\`HostNotPermitted\`) and served on their other hosts.
\`unclaimedHosts: Oldest\` leaves every other host to the namespace that named it first.

\`\`\`yaml
spec:
  hostClaims:
    - {hosts: ['**.shop.example.com'], namespaces: [shop]}
    - {hosts: [admin.shop.example.com], namespaces: [ops]}
  unclaimedHosts: Oldest
\`\`\`

## What does not work

| What is wrong | What holds | Condition |
|---|---|---|
| it becomes what the CRD does not allow, or some \`proxyProtocol.from\` no address | its last valid spec, while the program runs | \`Accepted\` False, \`ConfigKept\` |
| it is so when the program begins, not where it says who is let in | what of it is valid, else the options | \`Accepted\` False, \`ConfigReduced\` |
| it is so where it says who is let in (\`hostClaims\`, \`trustedProxies\`, \`limits.clients\`, \`defaults.policy.auth\` and the like) | nobody is let in | \`Accepted\` False, \`ConfigClosed\` |
| no class names it, or another one is in use | the other, or the options | \`Accepted\` False, \`NotReferenced\` or \`ConfigConflict\` |
| a listener has the port of an option's | the option's; one that takes the place of another option has that one's port, and is for whom it says | \`Accepted\` False, \`PortConflict\` |
| it is so in an entry of \`listeners\` with \`namespaces\` or \`proxyProtocol\` | that listener is for nobody, and the others are as they are | \`Accepted\` False, \`ConfigReduced\` and \`ListenerClosed\` |
| \`trustedProxies\`, \`limits.clients\` have something that is no address | the rest of the list; an \`allow\` of which nothing is left lets nobody in | \`Accepted\` False, \`InvalidAddress\` |
| a Secret that \`defaults\` name is missing or broken | the rest; what it is for is closed to those who inherit it | \`ResolvedRefs\` False, with the reason |
| another Secret, a Service or ConfigMap that it names is missing, broken or not permitted | the rest; what it is for is not done | \`ResolvedRefs\` False, with the reason |
| the port is taken, or may not be bound | everything else; it is tried again every second | \`Programmed\` False, \`AddressInUse\` or \`AddressUnavailable\` |
| the Service of \`--publish-service\` has no port that leads to it | all of it | \`Published\` False, \`NotPublished\` |

Each is a Warning Event, too, and each but the port that is taken an entry in \`/debug/problems\` ([problems.md](problems.md)); that one is in
the log of every pod, while the leader's alone is the Event.

## Status

Conditions of the whole and of each listener, written by the leader about its own workers: \`Accepted\`, of the whole \`ResolvedRefs\` (every
Service, Secret and ConfigMap is there and may be used; one that is not in use does not have it), \`Programmed\` (the workers listen;
\`Pending\` after 5 s when some do not), and \`Published\` where a Service in front is known. \`summary\` is how many listeners are open, of how many.

## Fields

Below \`spec\`. Each field with a value has a test that drives traffic through it.

| Field | Default | Meaning | Test |
|---|---|---|---|
`;

const inherited = `
## Fields of defaults

Below \`spec.defaults\`; what each means is said of [a SmartRoute](smartroute.md#fields). A way of asking (\`policy.auth\`) is one field here. Each has a case with its name in
[the test of defaults](../test/feature/program/smart-proxy-config-defaults.test.ts), which looks at what a SmartRoute and an Ingress
that say nothing of it do with it and, where the difference can be waited for, without.

| Field | Without it |
|---|---|
`;

/** The text of docs/smartproxyconfig.md. */
export function renderSmartProxyConfigDocs(crdPath: string): string {
  return `${introduction}${fieldRows(crdPath, smartProxyConfigFields, sharedFields).join('\n')}\n${inherited}${defaultRows(crdPath).join('\n')}\n`;
}

function defaultRows(crdPath: string): readonly string[] {
  return inheritableFields(crdPath).map((field) => {
    const path = field.replace(/^defaults\./, '');
    const place = path.replace(/^\w+/, (name) => sharedPlaces[name]?.place ?? name);
    // What a connection of HTTP goes by is `limits`.
    const byDefault = (smartRouteFields[place]?.byDefault ?? '').replace(/; with `http`, .*/, '');
    return `| \`${path}\` | ${byDefault.replace('that of the route', 'that of the SmartProxyConfig')} |`;
  });
}

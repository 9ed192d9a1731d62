import type { FieldFacts } from './field-rows.ts';

const http = 'feature/program/smart-route.test.ts';
const tls = 'feature/program/smart-route-tls.test.ts';
const policy = 'feature/program/smart-route-policy.test.ts';

const l4 = 'feature/program/smart-route-l4.test.ts';
const tcpInTls = 'feature/program/smart-route-terminated-tcp.test.ts';
const connection = 'feature/program/smart-route-connection.test.ts';
const httpConnection = 'feature/program/smart-route-http-connection.test.ts';
const proxied = 'feature/program/smart-route-proxy-protocol.test.ts';
const preserved = 'feature/program/smart-route-preserved-ports.test.ts';
const udp = 'feature/program/smart-route-udp.test.ts';
const kernel = 'feature/program/smart-route-nftables.test.ts';
const rewriting = 'feature/program/smart-route-rewrite.test.ts';

const basic = 'feature/program/auth-basic.test.ts';
const external = 'feature/program/auth-external.test.ts';

const jwt = 'feature/program/auth-jwt.test.ts';

const tokens = [jwt, 'lets in who brings a valid token'] as const;
const places = [jwt, 'takes the token from where'] as const;
const claims = [jwt, 'hands claims on'] as const;
const oidc = 'feature/program/auth-oidc.test.ts';
const login = [oidc, 'sends browsers to log in'] as const;
const mtls = 'feature/program/client-certificates.test.ts';

const closed = ['feature/program/maintenance.test.ts', 'a route that is closed answers'] as const;
const keptAnswers = [external, 'cache asks once about requests'] as const;
const asked = [external, 'asks a Service, hands on'] as const;

const headers = [rewriting, 'removes, sets and adds headers'] as const;
const cors = [rewriting, 'cors answers preflights and marks answers'] as const;
const clients = [rewriting, 'clients lets in whom it allows'] as const;
const compressing = 'feature/program/compression.test.ts';
const compressed = [compressing, 'compression encodes answers'] as const;
const compressedTypes = [compressing, 'compression leaves alone'] as const;
const buffering = 'feature/program/buffering.test.ts';
const errorPages = 'feature/program/error-pages.test.ts';
const mirroring = 'feature/program/mirror.test.ts';
const mirrored = [mirroring, 'mirror sends a copy'] as const;
const requestLimits = 'feature/program/request-limits.test.ts';
const rates = ['feature/program/rate-limits.test.ts', 'rateLimits answer 429'] as const;
const rateKeys = ['feature/program/rate-limits.test.ts', 'rateLimits count by'] as const;
const paths = [rewriting, 'rewrites the path as a whole'] as const;
const reencrypt = [tls, 'TerminateAndReencrypt speaks TLS to the backend'] as const;
const matching = [http, 'matches path, method, headers and query'] as const;
const patterns = [http, 'matches paths by pattern'] as const;
const byType = [http, 'matches headers and query by type'] as const;
const redirects = [http, 'redirects with what the rule changes'] as const;
const answers = [http, 'answers by itself with status, headers and body'] as const;
const weights = [http, 'forwards to weighted backends in their proportion'] as const;
const balancing = 'feature/program/load-balancing.test.ts';
const hashing = [balancing, 'ConsistentHash sends equal requests to one endpoint'] as const;
const cookie = [balancing, 'sessionCookie keeps a client with its endpoint'] as const;
const attributes = [balancing, 'the cookie has the attributes'] as const;
const health = 'feature/program/health-checks.test.ts';
const checking = [health, 'HTTP: an endpoint that says that it is ill'] as const;
const thresholds = [health, 'statuses, unhealthyThreshold and healthyThreshold'] as const;
const where = [health, 'port says where'] as const;
const outliers = 'feature/program/outlier-detection.test.ts';
const errors = [outliers, 'consecutiveErrors in a row'] as const;
const limits = 'feature/program/backend-limits.test.ts';
const retrying = 'feature/program/retries.test.ts';
const kernelRates = [kernel, 'connectionRate drops what is over it'] as const;
const twoKeys = ['feature/program/two-keys.test.ts', 'certificates of clients, a list of those that were revoked'] as const;
const passthrough = [tls, 'Passthrough hands the connection to the backend of tcp'] as const;

/** Every field of `spec` that holds a value, by its path. A test fails when one is missing here, or its test is. */
export const smartRouteFields: Readonly<Record<string, FieldFacts>> = {
  ingressClassName: { byDefault: 'the default class', test: [http, 'is served by its class alone'] },
  listeners: { byDefault: 'all of HTTP and HTTPS', test: [l4, 'listeners are what an HTTP route is served on'] },
  hosts: { byDefault: 'every name', test: [http, 'serves its hosts'] },
  clientCIDRs: {
    byDefault: 'everybody',
    test: ['feature/program/smart-route-clients.test.ts', 'clientCIDRs choose between routes of one host'],
  },
  priority: { byDefault: '0', test: [http, 'a priority comes before everything else'] },
  'tls.mode': { byDefault: 'required', test: [tls, 'Terminate shows the certificate of the Secret'] },
  'tls.certificate.acme.issuer': { byDefault: 'required', test: ['acme/program.test.ts', 'issuers give certificates to'] },
  'tls.certificate.secretRef.name': { byDefault: 'required', test: [tls, 'Terminate shows the certificate of the Secret'] },
  'tls.certificate.secretRef.namespace': {
    byDefault: 'that of the route',
    test: [tls, 'refers to a Secret of another namespace only with a ReferenceGrant'],
  },
  'tls.certificate.alternativeSecretRef.name': { byDefault: 'required', test: twoKeys },
  'tls.certificate.alternativeSecretRef.namespace': { byDefault: 'that of the route', test: twoKeys },
  'connection.idleTimeout': {
    byDefault: '`policy.timeouts.tunnelIdle`; with `http`, `limits.timeouts.keepAlive` between requests',
    test: [connection, 'idleTimeout ends a silent connection'],
    httpTest: [httpConnection, 'idleTimeout ends a connection without requests'],
  },
  'connection.maxLifetime': {
    byDefault: 'none',
    test: [connection, 'maxLifetime ends a connection'],
    httpTest: [httpConnection, 'maxLifetime ends a connection in order'],
  },
  'connection.firstDataTimeout': { byDefault: 'none', test: [connection, 'firstDataTimeout ends a connection'] },
  'connection.keepAlive': {
    byDefault: '`Standard`',
    test: [connection, 'keepAlive Extended outlives Standard'],
    httpTest: [httpConnection, 'keepAlive Extended outlives Standard'],
  },
  'connection.whenRemoved': {
    byDefault: '`Cut`; with `http`, WebSockets live on',
    test: [connection, 'whenRemoved Drain lets connections finish'],
    httpTest: [httpConnection, 'whenRemoved Drain lets WebSockets finish'],
  },
  'connection.maxConnections': { byDefault: 'no limit', test: [connection, 'maxConnections and maxConnectionsPerAddress'] },
  'connection.maxConnectionsPerAddress': { byDefault: 'no limit', test: [connection, 'maxConnections and maxConnectionsPerAddress'] },
  'tls.clientAuth.mode': { byDefault: 'required', test: [mtls, 'asks for certificates'] },
  'tls.clientAuth.caRef.name': { byDefault: 'required', test: [mtls, 'asks for certificates'] },
  'tls.clientAuth.forwardCertificate': { byDefault: '`false`', test: [mtls, 'asks for certificates'] },
  'tls.minVersion': { byDefault: '`TLSv1.2`, or that of the SmartProxyConfig', test: [mtls, 'speaks what the route says'] },
  'tls.alpn': { byDefault: 'all; with `tcp`, none', test: [tcpInTls, 'without alpn nothing is negotiated'] },
  'policy.redirectToHttps': { byDefault: '`--https-redirect`', test: [tls, 'Terminate shows the certificate of the Secret'] },
  'policy.timeouts.connect': { byDefault: '`--connect-timeout`', test: [policy, 'timeouts.connect'] },
  'policy.timeouts.read': { byDefault: '`--upstream-read-timeout`', test: [policy, 'timeouts.read'] },
  'policy.timeouts.send': { byDefault: '`--upstream-send-timeout`', test: [policy, 'timeouts.send'] },
  'policy.timeouts.tunnelIdle': {
    byDefault: '`--tunnel-idle-timeout`; with `http`, `connection.idleTimeout` comes before it',
    test: [policy, 'timeouts.tunnelIdle'],
  },
  'policy.timeouts.request': { byDefault: 'no limit', test: [retrying, 'timeouts.request'] },
  'policy.maxRequestBody': { byDefault: '`--max-request-body`', test: [policy, 'maxRequestBody'] },
  'policy.retries.attempts': { byDefault: '`--retries`', test: [policy, 'retries.attempts'] },
  'policy.retries.conditions': { byDefault: 'neither', test: [retrying, 'conditions Reset and Timeout'] },
  'policy.retries.statuses': { byDefault: 'none', test: [retrying, 'statuses'] },
  'policy.retries.grpcStatuses': { byDefault: 'none', test: [retrying, 'grpcStatuses'] },
  'policy.retries.nonIdempotent': { byDefault: '`false`', test: [retrying, 'nonIdempotent'] },
  'policy.retries.perTryTimeout': { byDefault: 'no limit', test: [retrying, 'perTryTimeout'] },
  'policy.retries.backOff': { byDefault: 'at once', test: [retrying, 'backOff'] },
  'policy.backend.protocol': { byDefault: '`appProtocol`, else `HTTP`', test: [tls, 'policy.backend.protocol'] },
  'policy.backend.healthCheck.type': { byDefault: 'required', test: checking },
  'policy.backend.healthCheck.interval': { byDefault: '10s', test: checking },
  'policy.backend.healthCheck.timeout': { byDefault: '2s', test: where },
  'policy.backend.healthCheck.unhealthyThreshold': { byDefault: '3', test: thresholds },
  'policy.backend.healthCheck.healthyThreshold': { byDefault: '2', test: thresholds },
  'policy.backend.healthCheck.port': { byDefault: 'that of the endpoint', test: where },
  'policy.backend.healthCheck.path': { byDefault: '`/`', test: checking },
  'policy.backend.healthCheck.host': { byDefault: 'address and port', test: checking },
  'policy.backend.healthCheck.statuses': { byDefault: '`200-399`', test: thresholds },
  'policy.backend.healthCheck.service': { byDefault: 'the server as a whole', test: [health, 'GRPC: the health service'] },
  'policy.backend.outlierDetection.consecutiveConnectFailures': { byDefault: '5', test: [outliers, 'consecutiveConnectFailures says'] },
  'policy.backend.outlierDetection.consecutiveErrors': { byDefault: '0', test: errors },
  'policy.backend.outlierDetection.baseEjectionTime': { byDefault: '30s', test: errors },
  'policy.backend.outlierDetection.maxEjectionTime': { byDefault: '5m', test: errors },
  'policy.backend.outlierDetection.maxEjectionPercent': { byDefault: '50', test: [outliers, 'maxEjectionPercent says'] },
  'policy.backend.limits.connections': { byDefault: 'no limit', test: [limits, 'connections bounds those to all endpoints'] },
  'policy.backend.limits.pendingRequests': { byDefault: 'no limit', test: [limits, 'pendingRequests bounds'] },
  'policy.backend.limits.requests': { byDefault: 'no limit', test: [limits, 'requests bounds'] },
  'policy.backend.limits.retryPercent': { byDefault: '20', test: [limits, 'retryPercent 0'] },
  'policy.backend.proxyProtocol.version': { byDefault: 'required', test: [proxied, 'each request has a connection of its own'] },
  'policy.backend.proxyProtocol.tlvs': { byDefault: 'none', test: [proxied, 'policy.backend.proxyProtocol.tlvs tell'] },
  'policy.backend.tls.serverName': { byDefault: 'none', test: reencrypt },
  'policy.backend.tls.caRef.name': { byDefault: 'required', test: reencrypt },
  'policy.backend.tls.clientCertificateRef.name': { byDefault: 'required', test: reencrypt },
  'policy.headers.request.set[].name': { byDefault: 'required', test: headers },
  'policy.headers.request.set[].value': { byDefault: 'required', test: headers },
  'policy.headers.request.add[].name': { byDefault: 'required', test: headers },
  'policy.headers.request.add[].value': { byDefault: 'required', test: headers },
  'policy.headers.request.remove': { byDefault: 'none', test: headers },
  'policy.headers.response.set[].name': { byDefault: 'required', test: headers },
  'policy.headers.response.set[].value': { byDefault: 'required', test: headers },
  'policy.headers.response.add[].name': { byDefault: 'required', test: headers },
  'policy.headers.response.add[].value': { byDefault: 'required', test: headers },
  'policy.headers.response.remove': { byDefault: 'none', test: headers },
  'policy.cors.allowOrigins': { byDefault: 'required', test: cors },
  'policy.cors.allowMethods': { byDefault: '`GET`, `HEAD`, `POST`', test: cors },
  'policy.cors.allowHeaders': { byDefault: 'what the browser asks for', test: cors },
  'policy.cors.exposeHeaders': { byDefault: 'none', test: cors },
  'policy.cors.allowCredentials': { byDefault: '`false`', test: cors },
  'policy.cors.maxAge': { byDefault: 'the browser decides', test: cors },
  'policy.clients.allow': { byDefault: 'everybody', test: clients },
  'policy.clients.deny': { byDefault: 'nobody', test: clients },
  'policy.satisfy': { byDefault: '`All`', test: ['feature/program/satisfy.test.ts', 'satisfy Any lets in'] },
  'policy.compression.algorithms': { byDefault: '`Zstd`, `Brotli`, `Gzip`', test: compressed },
  'policy.compression.types': {
    byDefault: 'text, JSON, JavaScript, XML, SVG, WebAssembly, fonts that are not compressed',
    test: compressedTypes,
  },
  'policy.compression.minSize': { byDefault: '`1Ki`', test: compressedTypes },
  'policy.compression.level': { byDefault: '`Balanced`', test: [compressing, 'compression.level'] },
  'policy.maxRequestHeader': { byDefault: '`--max-header-size`', test: [buffering, 'maxRequestHeader'] },
  'policy.buffering.request': { byDefault: '`false`', test: [buffering, 'buffering.request'] },
  'policy.buffering.maxRequest': { byDefault: '`1Mi`', test: [buffering, 'buffering.maxRequest'] },
  'policy.buffering.answer': { byDefault: '`false`', test: [buffering, 'buffering.answer'] },
  'policy.buffering.maxAnswer': { byDefault: '`1Mi`', test: [buffering, 'buffering.maxAnswer'] },
  'policy.errorPages[].statuses': { byDefault: 'required', test: [errorPages, 'errorPages with a text'] },
  'policy.errorPages[].errorsOf': { byDefault: '`All`', test: [errorPages, 'errorPages.errorsOf'] },
  'policy.errorPages[].text': { byDefault: 'see the others', test: [errorPages, 'errorPages with a text'] },
  'policy.errorPages[].contentType': { byDefault: '`text/html; charset=utf-8`', test: [errorPages, 'errorPages with a text'] },
  'policy.errorPages[].configMapRef.name': { byDefault: 'see the others', test: [errorPages, 'errorPages with a ConfigMap'] },
  'policy.errorPages[].configMapRef.key': { byDefault: 'required', test: [errorPages, 'errorPages with a ConfigMap'] },
  'policy.errorPages[].backend.name': { byDefault: 'see the others', test: [errorPages, 'errorPages with a backend'] },
  'policy.errorPages[].backend.namespace': {
    byDefault: 'that of the route',
    test: [errorPages, 'a backend of error pages that is missing'],
  },
  'policy.errorPages[].backend.port.name': { byDefault: 'none', test: [errorPages, 'errorPages with a backend'] },
  'policy.errorPages[].backend.port.number': { byDefault: 'none', test: [errorPages, 'a backend of error pages that is missing'] },
  'policy.accessLog': { byDefault: '`true`', test: ['feature/program/access-log.test.ts', 'accessLog false leaves'] },
  'policy.mirror.backend.name': { byDefault: 'required', test: mirrored },
  'policy.mirror.backend.namespace': { byDefault: 'that of the route', test: [mirroring, 'a mirror that is missing'] },
  'policy.mirror.backend.port.name': { byDefault: 'none', test: mirrored },
  'policy.mirror.backend.port.number': { byDefault: 'none', test: [mirroring, 'mirror.percent'] },
  'policy.mirror.percent': { byDefault: '100', test: [mirroring, 'mirror.percent'] },
  'policy.mirror.maxBody': { byDefault: '`64Ki`', test: [mirroring, 'mirror.maxBody'] },
  'policy.maxRequests': { byDefault: 'no limit', test: [requestLimits, 'maxRequests bounds what is answered at once'] },
  'policy.maxRequestsPerAddress': { byDefault: 'no limit', test: [requestLimits, 'maxRequestsPerAddress bounds it for each client'] },
  'policy.rateLimits[].requests': { byDefault: 'required', test: rates },
  'policy.rateLimits[].per': { byDefault: 'required', test: rates },
  'policy.rateLimits[].burst': { byDefault: '`requests`', test: rates },
  'policy.rateLimits[].key.type': { byDefault: '`ClientAddress`', test: rateKeys },
  'policy.rateLimits[].key.header': { byDefault: 'see `type`', test: rateKeys },
  'policy.rateLimits[].exempt': { byDefault: 'nobody', test: rateKeys },
  'policy.maintenance.enabled': { byDefault: 'required', test: closed },
  'policy.maintenance.allow': { byDefault: 'nobody', test: closed },
  'policy.maintenance.status': { byDefault: '503', test: closed },
  'policy.maintenance.retryAfter': { byDefault: 'none', test: closed },
  'policy.maintenance.contentType': { byDefault: '`text/plain; charset=utf-8`', test: closed },
  'policy.maintenance.body': { byDefault: '`Down for maintenance`', test: closed },
  'policy.auth.none': { byDefault: 'none', test: [basic, 'lets in who is on the list'] },
  'policy.auth.basic.secretRef.name': { byDefault: 'required', test: [basic, 'lets in who is on the list'] },
  'policy.auth.basic.secretType': { byDefault: '`AuthFile`', test: [basic, 'AuthMap takes users from the entries'] },
  'policy.auth.basic.realm': { byDefault: '`Restricted`', test: [basic, 'lets in who is on the list'] },
  'policy.auth.basic.userHeader': { byDefault: 'none', test: [basic, 'tells the backend the name'] },
  'policy.auth.basic.forwardAuthorization': { byDefault: '`false`', test: [basic, 'tells the backend the name'] },
  'policy.auth.external.url': { byDefault: 'none', test: [external, 'asks a server by its URL'] },
  'policy.auth.external.backend.name': { byDefault: 'required', test: asked },
  'policy.auth.external.backend.namespace': { byDefault: 'that of the route', test: [external, 'asks a Service of another namespace'] },
  'policy.auth.external.backend.port.name': { byDefault: 'none', test: asked },
  'policy.auth.external.backend.port.number': { byDefault: 'none', test: [external, 'asks a Service of another namespace'] },
  'policy.auth.external.path': { byDefault: '`/`', test: asked },
  'policy.auth.external.caRef.name': { byDefault: 'required', test: [external, 'asks a server by its URL'] },
  'policy.auth.external.method': { byDefault: '`GET`', test: asked },
  'policy.auth.external.timeout': { byDefault: '`5s`', test: [external, 'lets nobody in while nobody decides'] },
  'policy.auth.external.requestHeaders': { byDefault: 'all', test: asked },
  'policy.auth.external.responseHeaders': { byDefault: 'none', test: asked },
  'policy.auth.external.clientHeaders': {
    byDefault: '`WWW-Authenticate`, `Location`, `Content-Type`, `Retry-After`, `Cache-Control`',
    test: asked,
  },
  'policy.auth.external.signIn': { byDefault: 'none', test: [external, 'sends browsers to sign in'] },
  'policy.auth.external.cache.key[].type': { byDefault: 'required', test: keptAnswers },
  'policy.auth.external.cache.key[].name': { byDefault: 'see `type`', test: keptAnswers },
  'policy.auth.external.cache.durations[].statuses': { byDefault: '200, 202, 401', test: keptAnswers },
  'policy.auth.external.cache.durations[].duration': { byDefault: '5m', test: keptAnswers },
  'policy.auth.external.failOpen': { byDefault: '`false`', test: [external, 'lets nobody in while nobody decides'] },
  'policy.auth.jwt.issuer': { byDefault: 'required', test: tokens },
  'policy.auth.jwt.audiences': { byDefault: 'anybody', test: tokens },
  'policy.auth.jwt.jwks.url': { byDefault: 'none', test: [jwt, 'checks tokens by keys from a URL'] },
  'policy.auth.jwt.jwks.secretRef.name': { byDefault: 'required', test: tokens },
  'policy.auth.jwt.jwks.caRef.name': { byDefault: 'required', test: [jwt, 'checks tokens by keys from a URL'] },
  'policy.auth.jwt.algorithms': { byDefault: '`RS256`, `ES256`, `EdDSA`', test: tokens },
  'policy.auth.jwt.leeway': { byDefault: '`30s`', test: tokens },
  'policy.auth.jwt.from.header': { byDefault: '`Authorization`', test: places },
  'policy.auth.jwt.from.cookie': { byDefault: 'none', test: places },
  'policy.auth.jwt.from.query': { byDefault: 'none', test: places },
  'policy.auth.jwt.forwardToken': { byDefault: '`false`', test: places },
  'policy.auth.jwt.claimHeaders[].header': { byDefault: 'required', test: claims },
  'policy.auth.jwt.claimHeaders[].claim': { byDefault: 'required', test: claims },
  'policy.auth.jwt.requiredClaims[].claim': { byDefault: 'required', test: claims },
  'policy.auth.jwt.requiredClaims[].values': { byDefault: 'required', test: claims },
  'policy.auth.oidc.issuer': { byDefault: 'required', test: login },
  'policy.auth.oidc.clientId': { byDefault: 'required', test: login },
  'policy.auth.oidc.secretRef.name': { byDefault: 'required', test: login },
  'policy.auth.oidc.caRef.name': { byDefault: 'required', test: [oidc, 'asks a provider over TLS'] },
  'policy.auth.oidc.scopes': { byDefault: '`profile`, `email`', test: login },
  'policy.auth.oidc.callbackPath': { byDefault: '`/oauth2/callback`', test: login },
  'policy.auth.oidc.logoutPath': { byDefault: '`/oauth2/logout`', test: login },
  'policy.auth.oidc.afterLogout': { byDefault: '`/`', test: login },
  'policy.auth.oidc.cookieName': { byDefault: '`smartproxy-session`', test: login },
  'policy.auth.oidc.session': { byDefault: '`12h`', test: login },
  'policy.auth.oidc.forwardAccessToken': { byDefault: '`false`', test: [oidc, 'hands on the access token'] },
  'policy.auth.oidc.claimHeaders[].header': { byDefault: 'required', test: login },
  'policy.auth.oidc.claimHeaders[].claim': { byDefault: 'required', test: login },
  'policy.auth.oidc.requiredClaims[].claim': { byDefault: 'required', test: login },
  'policy.auth.oidc.requiredClaims[].values': { byDefault: 'required', test: login },
  'http.rules[].name': { byDefault: 'required', test: matching },
  'http.rules[].matches[].path.type': { byDefault: 'required', test: patterns },
  'http.rules[].matches[].path.value': { byDefault: 'required', test: matching },
  'http.rules[].matches[].methods': { byDefault: 'every method', test: matching },
  'http.rules[].matches[].headers[].type': { byDefault: '`Exact`', test: byType },
  'http.rules[].matches[].headers[].name': { byDefault: 'required', test: matching },
  'http.rules[].matches[].headers[].value': { byDefault: 'see `type`', test: matching },
  'http.rules[].matches[].query[].type': { byDefault: '`Exact`', test: byType },
  'http.rules[].matches[].query[].name': { byDefault: 'required', test: matching },
  'http.rules[].matches[].query[].value': { byDefault: 'see `type`', test: matching },
  'http.rules[].action.forward.backends[].name': { byDefault: 'required', test: weights },
  'http.rules[].action.forward.backends[].namespace': {
    byDefault: 'that of the route',
    test: [tls, 'refers to a Service of another namespace only while a ReferenceGrant'],
  },
  'http.rules[].action.forward.backends[].port.name': { byDefault: 'none', test: weights },
  'http.rules[].action.forward.backends[].port.number': { byDefault: 'none', test: weights },
  'http.rules[].action.forward.backends[].port.preserve': {
    byDefault: '`false`',
    test: [preserved, 'preserve takes the port of the listener that a request'],
  },
  'http.rules[].action.forward.backends[].weight': { byDefault: '1', test: weights },
  'http.rules[].action.forward.rewrite.host': { byDefault: 'as requested', test: [rewriting, 'rewrites the host'] },
  'http.rules[].action.forward.rewrite.path.type': { byDefault: 'required', test: paths },
  'http.rules[].action.forward.rewrite.path.pattern': { byDefault: 'none', test: paths },
  'http.rules[].action.forward.rewrite.path.value': { byDefault: 'required', test: paths },
  'http.rules[].action.forward.loadBalancing.type': { byDefault: '`--load-balancing`', test: [policy, 'loadBalancing LeastRequest'] },
  'http.rules[].action.forward.loadBalancing.hash.type': { byDefault: 'required', test: hashing },
  'http.rules[].action.forward.loadBalancing.hash.name': { byDefault: 'see `type`', test: hashing },
  'http.rules[].action.forward.loadBalancing.hash.maxLoadPercent': {
    byDefault: 'no bound',
    test: [balancing, 'maxLoadPercent sends to the next endpoint'],
  },
  'http.rules[].action.forward.loadBalancing.sessionCookie.mode': {
    byDefault: '`Persistent`',
    test: [balancing, 'sessionCookie Balanced gives an endpoint that comes'],
  },
  'http.rules[].action.forward.loadBalancing.sessionCookie.name': { byDefault: '`smartproxy-session`', test: cookie },
  'http.rules[].action.forward.loadBalancing.sessionCookie.path': {
    byDefault: 'that of the match, `/` for a pattern',
    test: attributes,
  },
  'http.rules[].action.forward.loadBalancing.sessionCookie.domain': { byDefault: 'the host of the request alone', test: attributes },
  'http.rules[].action.forward.loadBalancing.sessionCookie.maxAge': { byDefault: 'until the browser closes', test: attributes },
  'http.rules[].action.forward.loadBalancing.sessionCookie.secure': { byDefault: '`true` for who comes over HTTPS', test: attributes },
  'http.rules[].action.forward.loadBalancing.sessionCookie.httpOnly': { byDefault: '`true`', test: attributes },
  'http.rules[].action.forward.loadBalancing.sessionCookie.sameSite': { byDefault: 'the browser decides', test: attributes },
  'http.rules[].action.forward.loadBalancing.slowStart': {
    byDefault: 'a whole share at once',
    test: [balancing, 'slowStart gives an endpoint'],
  },
  'http.rules[].action.redirect.scheme': { byDefault: 'as requested', test: redirects },
  'http.rules[].action.redirect.host': { byDefault: 'as requested', test: redirects },
  'http.rules[].action.redirect.port': { byDefault: 'see there', test: redirects },
  'http.rules[].action.redirect.path.type': { byDefault: 'required', test: redirects },
  'http.rules[].action.redirect.path.value': { byDefault: 'required', test: redirects },
  'http.rules[].action.redirect.status': { byDefault: '302', test: redirects },
  'http.rules[].action.respond.status': { byDefault: 'required', test: answers },
  'http.rules[].action.respond.headers[].name': { byDefault: 'required', test: answers },
  'http.rules[].action.respond.headers[].value': { byDefault: 'required', test: answers },
  'http.rules[].action.respond.body': { byDefault: 'none', test: answers },
  'http.rules[].action.block': { byDefault: 'none', test: answers },
  'tcp.loadBalancing.slowStart': {
    byDefault: 'a whole share at once',
    test: [balancing, 'tcp.loadBalancing.slowStart gives an endpoint'],
  },
  'tcp.loadBalancing.type': { byDefault: '`--load-balancing`', test: [balancing, 'tcp.loadBalancing sends connections of one address'] },
  'tcp.engine': { byDefault: '`Node`', test: [kernel, 'engine NFTables forwards TCP'] },
  'tcp.nftables.preserveSource': { byDefault: '`false`', test: [kernel, 'preserveSource shows backends the client'] },
  'tcp.nftables.connectionRate.perSecond': { byDefault: 'required', test: kernelRates },
  'tcp.nftables.connectionRate.burst': { byDefault: '`perSecond`', test: kernelRates },
  'tcp.nftables.connectionRate.per': { byDefault: '`Client`', test: kernelRates },
  'tcp.backends[].name': { byDefault: 'required', test: passthrough },
  'tcp.backends[].port.name': { byDefault: 'none', test: [l4, 'backends share connections by weight'] },
  'tcp.backends[].port.number': { byDefault: 'none', test: [l4, 'a server that speaks first'] },
  'tcp.backends[].port.preserve': { byDefault: '`false`', test: [l4, 'preserve takes the port that clients dial'] },
  'tcp.backends[].weight': { byDefault: '1', test: [l4, 'backends share connections by weight'] },
  'tcp.backends[].namespace': {
    byDefault: 'that of the route',
    test: [tls, 'refers to a Service of another namespace for a whole connection'],
  },
  'udp.engine': { byDefault: '`Node`', test: [kernel, 'engine NFTables forwards UDP'] },
  'udp.nftables.preserveSource': { byDefault: '`false`', test: [kernel, 'preserveSource shows backends the client'] },
  'udp.nftables.connectionRate.perSecond': { byDefault: 'required', test: kernelRates },
  'udp.nftables.connectionRate.burst': { byDefault: '`perSecond`', test: kernelRates },
  'udp.nftables.connectionRate.per': { byDefault: '`Client`', test: kernelRates },
  'udp.maxSessions': { byDefault: 'no limit', test: [udp, 'maxSessions and maxSessionsPerAddress'] },
  'udp.maxSessionsPerAddress': { byDefault: 'no limit', test: [udp, 'maxSessions and maxSessionsPerAddress'] },
  'udp.idleTimeout': { byDefault: '30s', test: [udp, 'idleTimeout ends sessions'] },
  'udp.backends[].name': { byDefault: 'required', test: [udp, 'forwards datagrams to a UDP port'] },
  'udp.backends[].port.name': { byDefault: 'none', test: [udp, 'backends share sessions by weight'] },
  'udp.backends[].port.number': { byDefault: 'none', test: [udp, 'backends share sessions by weight'] },
  'udp.backends[].port.preserve': { byDefault: '`false`', test: [udp, 'preserve takes the port that clients dial'] },
  'udp.backends[].namespace': { byDefault: 'that of the route', test: [udp, 'refers to a Service of another namespace'] },
  'udp.backends[].weight': { byDefault: '1', test: [udp, 'backends share sessions by weight'] },
};

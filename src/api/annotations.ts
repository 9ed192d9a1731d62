import {
  authCacheDurationsValue,
  authCacheKeyValue,
  authorityValue,
  booleanValue,
  choiceValue,
  codingsValue,
  cookieNameValue,
  cookiePathValue,
  dnsNameValue,
  durationValue,
  fieldNamesValue,
  hashSourceValue,
  headerNamesValue,
  integerValue,
  issuerNameValue,
  locationValue,
  methodsValue,
  networksValue,
  nextUpstreamValue,
  objectNameValue,
  originsValue,
  quotableValue,
  serviceValue,
  sizeValue,
  statusesValue,
  urlValue,
  type ValueType,
  wordValue,
} from './annotation-values.ts';

/** Everything of ours on a user's object starts with this. */
export const annotationPrefix = 'smartproxy.dev/';

/** The class of an Ingress before `spec.ingressClassName` existed. */
export const legacyClassAnnotation = 'kubernetes.io/ingress.class';

/** Marks the IngressClass of Ingresses that name none. */
export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

/** One annotation on an Ingress: everything that reading and documentation need. */
export interface Annotation<T> {
  /** Without the prefix. */
  readonly name: string;
  readonly type: ValueType<T>;
  /** What holds without it, for the documentation. */
  readonly defaultText: string;
  /** One or two sentences for the documentation. */
  readonly doc: string;
  /** What happens while its value can't be read, where the default would be less safe; undefined: the default holds. */
  readonly whileUnreadable: string | undefined;
}

/** What `backend-protocol` may say, and what is spoken then. */
const backendProtocols = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['h2c', 'h2c'],
  ['h2', 'h2'],
  ['grpc', 'h2c'],
  ['grpcs', 'h2'],
] as const);

const sameSites = new Map([
  ['strict', 'Strict'],
  ['lax', 'Lax'],
  ['none', 'None'],
] as const);

const verifyClientValue = choiceValue(['on', 'optional', 'off']);

const authMethods = new Map([
  ['get', 'GET'],
  ['head', 'HEAD'],
  ['post', 'POST'],
] as const);

const authSecretTypes = new Map([
  ['auth-file', 'file'],
  ['auth-map', 'map'],
] as const);

/** The default would let more pages ask, or ask for more. */
const noOtherOrigin = 'until then pages of other origins may not ask';

/** Every annotation that we read from an Ingress, by the name of its field in `AnnotationValues`. */
export const ingressAnnotations = {
  sslRedirect: annotation('ssl-redirect', booleanValue, '`--https-redirect`', {
    doc: 'Answers plain HTTP for a host with TLS with a 308 to HTTPS, paths below `/.well-known/acme-challenge/` excepted.',
  }),
  tlsPassthrough: annotation('tls-passthrough', booleanValue, '`false`', {
    doc: 'Hands TLS connections for the hosts of the Ingress to its backend unread, by server name. The backend holds the certificate; for these connections count `allowlist-source-range`, `denylist-source-range`, `limit-rps`, `limit-rpm`, `limit-connections`, `connect-timeout`, `tunnel-idle-timeout`, `retries`, `load-balance`, `upstream-hash-by` and `enable-access-log`, and neither paths nor anything else. With an annotation that asks clients who they are, TLS is not passed through.',
  }),
  backendProtocol: annotation(
    'backend-protocol',
    wordValue(backendProtocols, ['fcgi', 'auto_http'], 'the appProtocol of the Service port decides, and without one "http" is used'),
    '`appProtocol` of the Service port, else `http`',
    {
      doc: 'What the backend speaks: HTTP/1.1 (`http`, over TLS `https`) or HTTP/2 (`h2c` or `grpc`, over TLS `h2` or `grpcs`). It comes before the `appProtocol` of the Service port: [which ones are known](ingress.md#what-backends-speak).',
    },
  ),
  backendTlsServerName: annotation('backend-tls-server-name', dnsNameValue, 'none', {
    doc: 'Server name that is sent to a backend over TLS, and that its certificate must have when it is verified.',
  }),
  backendTlsCaSecret: annotation('backend-tls-ca-secret', objectNameValue, 'none', {
    doc: 'Secret in the same namespace whose `ca.crt` verifies the certificate of a backend over TLS. Without it the certificate is not verified.',
    whileUnreadable: 'until then the backend is not used',
  }),
  backendTlsClientSecret: annotation('backend-tls-client-secret', objectNameValue, 'none', {
    doc: 'Secret of type `kubernetes.io/tls` in the same namespace with the certificate and key that are shown to a backend over TLS which asks for them. While it is missing or broken the backend is not used.',
    whileUnreadable: 'until then the backend is not used',
  }),
  authType: annotation('auth-type', choiceValue(['basic']), '`basic` with `auth-secret`, else none', {
    doc: 'How users say who they are. With `basic`, and without an `auth-secret`, nobody is let in.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authSecret: annotation('auth-secret', objectNameValue, 'none', {
    doc: 'Secret in the same namespace whose `auth` is a file of htpasswd: bcrypt (`-B`), `$apr1$` or `{SHA}`. Others get 401, and while it is missing or broken everybody gets 503. Backends do not get the password.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authSecretType: annotation('auth-secret-type', wordValue(authSecretTypes, [], ''), '`auth-file`', {
    doc: 'With `auth-map` every entry of `auth-secret` is a user: its name that of the user, its value the hash of the password.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authRealm: annotation('auth-realm', quotableValue, '`Restricted`', {
    doc: 'What a browser asks for with `auth-secret`.',
  }),
  authUrl: annotation('auth-url', urlValue, 'none', {
    doc: 'URL of a server that decides: it is asked with the headers of the request, `X-Original-URL` and `X-Original-Method`, and a 2xx lets the request on. 401, 403 and redirects go to the client; anything else is a 503. It names its host itself: `http://oauth2-proxy.auth.svc/oauth2/auth`, not `$host`.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authMethod: annotation('auth-method', wordValue(authMethods, [], ''), '`GET`', {
    doc: 'How `auth-url` is asked.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authResponseHeaders: annotation('auth-response-headers', headerNamesValue, 'none', {
    doc: 'Headers of a 2xx of `auth-url` that the backend gets, in place of what the client sent.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authSignin: annotation('auth-signin', locationValue, 'none', {
    doc: 'Where a browser is sent when `auth-url` says 401, with the URL of the request in the parameter `rd` unless it has one. `$host`, `$scheme`, `$request_uri` and `$escaped_request_uri` stand for those of the request.',
    whileUnreadable: 'until then nobody is let in',
  }),
  authCacheKey: annotation('auth-cache-key', authCacheKeyValue, 'every request is asked about', {
    doc: 'What answers of `auth-url` are kept by, as in `$remote_addr$http_authorization`: requests of the Ingress that agree in all of it, and in their host, are not asked about again. One that has none of it is: [how](auth.md#answers-that-are-kept).',
    whileUnreadable: 'until then nobody is let in',
  }),
  authCacheDuration: annotation('auth-cache-duration', authCacheDurationsValue, '`200 202 401 5m`', {
    doc: 'How long answers are kept, by status. Commas divide several.',
    whileUnreadable: 'until then nobody is let in',
  }),
  allowlistSourceRange: annotation('allowlist-source-range', networksValue(1), 'everybody', {
    doc: 'Client addresses that may ask, by what trusted proxies vouch for, else the peer; others get 403.',
    whileUnreadable: 'until then nobody is let in',
  }),
  denylistSourceRange: annotation('denylist-source-range', networksValue(0), 'nobody', {
    doc: 'Client addresses that get 403, whatever else lets them in. Lists of the [installation](smartproxyconfig.md#defaults) hold beside it; `allowlist-source-range` takes their place.',
    whileUnreadable: 'until then nobody is let in',
  }),
  enableGlobalAuth: annotation('enable-global-auth', booleanValue, '`true`', {
    doc: '`false` is the way out of what `defaults.policy.auth` of the [SmartProxyConfig](smartproxyconfig.md#who-may-ask) says: nobody is asked. Without effect beside `auth-secret` or `auth-url`, which are asked in its place.',
  }),
  satisfy: annotation('satisfy', choiceValue(['all', 'any']), '`all`', {
    doc: 'With `any`, who is in `allowlist-source-range` is not asked who they are, and others are in place of the 403: [how](auth.md#addresses-or-users).',
  }),
  acmeIssuer: annotation('acme-issuer', issuerNameValue, 'none', {
    doc: 'Orders a certificate from this issuer of the SmartProxyConfig (`acme.issuers`) for each entry of `spec.tls` that has hosts and a `secretName`, and keeps it in that Secret: [acme.md](acme.md).',
    whileUnreadable: 'until then nothing is ordered',
  }),
  authTlsSecret: annotation('auth-tls-secret', objectNameValue, 'none', {
    doc: 'Secret in the same namespace whose `ca.crt` verifies certificates of clients, and whose `ca.crl`, where it has one, lists those that were revoked. Without one of it the handshake fails, and plain HTTP is refused with 403; while the Secret is missing or broken nobody is served. It holds for the whole of each host. Backends get `ssl-client-verify`, `ssl-client-subject-dn` and `ssl-client-issuer-dn`, which clients can not send.',
    whileUnreadable: 'until then nobody is served',
  }),
  authTlsVerifyClient: annotation('auth-tls-verify-client', verifyClientValue, '`on`', {
    doc: 'With `optional`, clients without a certificate are served too; one of another CA fails. With `off` none is asked for.',
    whileUnreadable: 'until then nobody is served',
  }),
  authTlsPassCertificate: annotation('auth-tls-pass-certificate-to-upstream', booleanValue, '`false`', {
    doc: "Gives backends the client's certificate in PEM, percent-encoded, in `ssl-client-cert`.",
    whileUnreadable: 'until then nobody is served',
  }),
  enableCors: annotation('enable-cors', booleanValue, '`false`', {
    doc: 'Answers preflights of pages of other origins, and marks answers for them; what the backend says of CORS gives way.',
  }),
  corsAllowOrigin: annotation('cors-allow-origin', originsValue, '`*`', {
    doc: 'Origins whose pages may ask: `https://app.example.com`, `https://*.example.com` for any names below it, or `*`.',
    whileUnreadable: noOtherOrigin,
  }),
  corsAllowMethods: annotation('cors-allow-methods', methodsValue, '`GET, PUT, POST, DELETE, PATCH, OPTIONS`', {
    doc: 'Methods that a preflight allows.',
    whileUnreadable: noOtherOrigin,
  }),
  corsAllowHeaders: annotation('cors-allow-headers', fieldNamesValue, 'what the browser asks for', {
    doc: 'Request headers that a preflight allows.',
    whileUnreadable: noOtherOrigin,
  }),
  corsExposeHeaders: annotation('cors-expose-headers', fieldNamesValue, 'none', { doc: 'Answer headers that the page may read.' }),
  corsAllowCredentials: annotation('cors-allow-credentials', booleanValue, '`true` for origins that are named', {
    doc: 'Whether cookies and the like may come along. Browsers do not take that together with the origin `*`.',
    whileUnreadable: noOtherOrigin,
  }),
  corsMaxAge: annotation('cors-max-age', durationValue(0), '`480h`', {
    doc: 'How long a browser may remember the answer to a preflight.',
  }),
  upstreamVhost: annotation('upstream-vhost', authorityValue, 'as requested', {
    doc: 'The host that backends get in place of that of the request, which goes on in `X-Forwarded-Host`.',
  }),
  connectTimeout: annotation('connect-timeout', durationValue(1), '`--connect-timeout`', {
    doc: 'How long a connection to the backend may take to open.',
  }),
  readTimeout: annotation('read-timeout', durationValue(0), '`--upstream-read-timeout`', {
    doc: 'How long the backend may stay silent, before the first byte of its answer and between any two.',
  }),
  sendTimeout: annotation('send-timeout', durationValue(0), '`--upstream-send-timeout`', {
    doc: 'How long the backend may take no byte of a request.',
  }),
  tunnelIdleTimeout: annotation('tunnel-idle-timeout', durationValue(0), '`--tunnel-idle-timeout`', {
    doc: 'How long a WebSocket, another upgraded connection or a passthrough connection may be silent in both directions.',
  }),
  maxBodySize: annotation('max-body-size', sizeValue, '`--max-request-body`', {
    doc: 'Largest request body; a larger one is answered with 413. For a gRPC call it counts all messages together, and only when it is set here.',
  }),
  retries: annotation('retries', integerValue(0, 10), '`--retries`', {
    doc: 'How often a request that never reached the application is tried again, on another endpoint where there is one.',
  }),
  limitRps: annotation('limit-rps', integerValue(0, 1_000_000), 'no limit', {
    doc: 'Requests of one client address in a second, in the long run; further ones are answered 429 with `Retry-After`. All paths of the Ingress count together. `0` is no limit.',
  }),
  limitRpm: annotation('limit-rpm', integerValue(0, 1_000_000), 'no limit', {
    doc: 'The same in a minute. Both may be set, and count by themselves.',
  }),
  limitBurstMultiplier: annotation('limit-burst-multiplier', integerValue(1, 1000), '`5`', {
    doc: 'How many times the number of `limit-rps` and `limit-rpm` is allowed at once.',
  }),
  limitAllowlist: annotation('limit-allowlist', networksValue(0), 'nobody', {
    doc: 'Client addresses that `limit-rps`, `limit-rpm` and `limit-connections` do not count.',
  }),
  limitConnections: annotation('limit-connections', integerValue(0, 1_000_000), 'no limit', {
    doc: 'Requests of one client address that are answered at once, all paths of the Ingress together; further ones are answered 503. Each request of an HTTP/2 connection counts, and a WebSocket until it ends. Of hosts that pass through, connections count. `0` is no limit.',
  }),
  requestBuffering: annotation('request-buffering', choiceValue(['on', 'off']), '`off`', {
    doc: 'Waits for the whole body of a request, at most 1 MiB, before a backend is looked for; a larger one is answered 413: [how](traffic.md#buffering).',
  }),
  responseBuffering: annotation('response-buffering', choiceValue(['on', 'off']), '`off`', {
    doc: 'Takes answers as fast as the backend sends them, up to 1 MiB that the client has not taken yet.',
  }),
  customHttpErrors: annotation('custom-http-errors', statusesValue, 'none', {
    doc: 'Statuses, of backends and our own, in place of which `error-backend` answers: [how](traffic.md#error-pages).',
  }),
  errorBackend: annotation('error-backend', serviceValue, 'none', {
    doc: 'Service in the same namespace that is asked for `/` with `X-Code` and what else happened, for `custom-http-errors`.',
  }),
  enableAccessLog: annotation('enable-access-log', booleanValue, '`true`', {
    doc: 'Whether requests, or connections that pass through, are in the [access log](operations.md#logs), where there is one.',
  }),
  mirrorService: annotation('mirror-service', serviceValue, 'none', {
    doc: 'Service in the same namespace that gets a copy of each request, whose answer is thrown away: [how](traffic.md#mirror).',
  }),
  mirrorPercent: annotation('mirror-percent', integerValue(0, 100), '`100`', {
    doc: 'Of how many requests in a hundred `mirror-service` gets a copy.',
  }),
  compression: annotation('compression', codingsValue, 'off', {
    doc: 'Compresses answers of text and the like from 1 KiB on with the codings named, the first that the client likes best: [how](traffic.md#compression).',
  }),
  nextUpstream: annotation('next-upstream', nextUpstreamValue, 'what never reached the application', {
    doc: "Which requests are tried again beside those that never reached the application, as often as `retries` says: words of nginx's `proxy_next_upstream`, with spaces between. Only methods that may be repeated, without `non_idempotent`. `off` is no retry at all.",
  }),
  requestTimeout: annotation('request-timeout', durationValue(0), 'no limit', {
    doc: 'How long a request may take from its head to the end of its answer, retries included.',
  }),
  loadBalance: annotation('load-balance', choiceValue(['round-robin', 'least-request']), '`--load-balancing`', {
    doc: 'How an endpoint is chosen.',
  }),
  affinity: annotation('affinity', choiceValue(['cookie']), 'none', {
    doc: 'A cookie keeps a client with the endpoint that it got first, also while that terminates, until it is gone or can not be reached: [how](endpoints.md#sticky-sessions).',
  }),
  affinityMode: annotation('affinity-mode', choiceValue(['persistent', 'balanced']), '`persistent`', {
    doc: 'With `balanced` the cookie is a random text whose hash decides, as `upstream-hash-by` does: endpoints that come get their share of the sessions too, and the session of one that is not ready is elsewhere until it is again.',
  }),
  sessionCookieName: annotation('session-cookie-name', cookieNameValue, '`INGRESSCOOKIE`', { doc: 'Name of the cookie of `affinity`.' }),
  sessionCookiePath: annotation('session-cookie-path', cookiePathValue, 'the path of the rule', {
    doc: 'Where the browser sends the cookie.',
  }),
  sessionCookieDomain: annotation('session-cookie-domain', dnsNameValue, 'the host of the request alone', {
    doc: 'For which names the browser sends the cookie: this one and all below it.',
  }),
  sessionCookieMaxAge: annotation('session-cookie-max-age', durationValue(1000), 'until the browser closes', {
    doc: 'How long the browser keeps the cookie from when it was set.',
  }),
  sessionCookieExpires: annotation('session-cookie-expires', durationValue(1000), 'until the browser closes', {
    doc: 'The same, for those who write it so: it is sent as `Max-Age` too, and `session-cookie-max-age` comes first.',
  }),
  sessionCookieChangeOnFailure: annotation(
    'session-cookie-change-on-failure',
    wordValue(new Map([['true', true]] as const), ['false'], 'a session moves, or it would end with its endpoint'),
    '`true`',
    { doc: 'A session whose endpoint can not be reached moves to another, in any case.' },
  ),
  sessionCookieSecure: annotation('session-cookie-secure', booleanValue, '`true` for who comes over HTTPS', {
    doc: 'Makes the cookie one for HTTPS alone also for who comes over HTTP; `false` is the default.',
  }),
  sessionCookieSameSite: annotation('session-cookie-samesite', wordValue(sameSites, [], ''), 'the browser decides', {
    doc: 'With which requests from pages of other sites the browser sends the cookie. `None` makes it `Secure`.',
  }),
  upstreamHashBy: annotation('upstream-hash-by', hashSourceValue, 'none', {
    doc: 'Equal requests go to the same endpoint, by a consistent hash of this, in place of `load-balance`. Requests without it take turns. Passthrough connections are told apart by the address of the client.',
  }),
};

type IngressAnnotations = typeof ingressAnnotations;

/** The values that an Ingress sets; a field that is absent inherits. */
export type AnnotationValues = {
  readonly [F in keyof IngressAnnotations]?: IngressAnnotations[F] extends Annotation<infer T> ? T : never;
};

/** An annotation of the table with its field, for generic reading. */
export interface AnnotationEntry {
  readonly field: keyof AnnotationValues;
  readonly annotation: Annotation<unknown>;
}

/** The table by full annotation name. */
export const annotationsByName: ReadonlyMap<string, AnnotationEntry> = new Map(
  Object.entries(ingressAnnotations).map(([field, entry]) => [
    annotationPrefix + entry.name,
    { field: field as keyof AnnotationValues, annotation: entry },
  ]),
);

function annotation<T>(
  name: string,
  type: ValueType<T>,
  defaultText: string,
  { doc, whileUnreadable }: { readonly doc: string; readonly whileUnreadable?: string },
): Annotation<T> {
  return { name, type, defaultText, doc, whileUnreadable };
}

/** An annotation of ingress-nginx that we do not read: what is to be done about it. */
export type ForeignAnnotation =
  /** These of ours say the same; `but` follows them after a comma where the values differ. */
  | { readonly kind: 'renamed'; readonly to: readonly string[]; readonly but?: string; readonly idle?: string }
  /** There is another way; `instead` ends the sentence "... does not exist; ". With the value `idle` it says what holds in any case. */
  | { readonly kind: 'elsewhere'; readonly instead: string; readonly idle?: string }
  /** It says what holds in any case, or what does not matter here; `why` is a sentence without its point. */
  | { readonly kind: 'needless'; readonly why: string };

/** Everything of ingress-nginx starts with this. */
export const ingressNginxPrefix = 'nginx.ingress.kubernetes.io/';

const canary = 'use a SmartRoute: backends with weights, or a rule that matches the header';
const snippet = 'there is no nginx; a SmartRoute has policy.headers, redirects, answers and rewriting';
const firewall = 'there is no web application firewall; put one in front of this controller or of the backend';
const spans = 'spans are for all requests: --otlp-endpoint of the controller';
const fastcgi = 'FastCGI is not spoken; put a web server between';
const redirect = 'use a SmartRoute: action.redirect';
const location = 'Location of a backend is not rewritten; tell it its name by X-Forwarded-Host and X-Forwarded-Proto';
const pooled = 'connections to the server of auth-url are kept open in any case';

/** What ingress-nginx (v1.15.1) knows beside the annotations that have the same name here, by name without the prefix. */
export const foreignAnnotations: ReadonlyMap<string, ForeignAnnotation> = new Map([
  elsewhere('affinity-canary-behavior', 'sessions of a SmartRoute stay with the backend that they began at', 'sticky'),
  elsewhere('app-root', 'use a SmartRoute with a rule that matches "/" exactly and redirects'),
  needless('auth-always-set-cookie', 'cookies of the server of auth-url go to the client with every status'),
  needless('auth-keepalive', pooled),
  needless('auth-keepalive-requests', pooled),
  needless('auth-keepalive-share-vars', 'the server of auth-url gets X-Request-ID in any case'),
  needless('auth-keepalive-timeout', pooled),
  elsewhere('auth-proxy-set-headers', 'the server of auth-url gets the headers of the request; put what is fixed into its query'),
  elsewhere('auth-request-redirect', 'the server of auth-url gets the path and query of the request in X-Auth-Request-Redirect'),
  elsewhere('auth-signin-redirect-param', 'write the parameter into auth-signin: "?next=$scheme://$host$escaped_request_uri"'),
  elsewhere('auth-snippet', snippet),
  elsewhere('auth-tls-error-page', 'without a valid certificate the handshake fails, so there is no page'),
  elsewhere('auth-tls-match-cn', 'use a CA of its own for those who may come, or look at ssl-client-subject-dn in the backend'),
  needless('auth-tls-verify-depth', 'chains of every length are verified'),
  elsewhere('canary', canary, 'false'),
  ...['canary-by-cookie', 'canary-by-header', 'canary-by-header-pattern', 'canary-by-header-value'].map((name) => elsewhere(name, canary)),
  elsewhere('canary-weight', canary),
  elsewhere('canary-weight-total', canary),
  needless('client-body-buffer-size', 'bodies are passed on as they come, or held in memory with request-buffering'),
  elsewhere('configuration-snippet', snippet),
  needless('connection-proxy-header', 'connections to backends are kept open, and upgraded when the client asks for it'),
  elsewhere('custom-headers', 'use a SmartRoute: policy.headers.response'),
  renamed('default-backend', ['error-backend'], { but: 'with its port, beside custom-http-errors with 503' }),
  elsewhere('disable-proxy-intercept-errors', 'use a SmartRoute: policy.errorPages with errorsOf: Proxy', 'false'),
  elsewhere('enable-modsecurity', firewall, 'false'),
  elsewhere('enable-opentelemetry', spans),
  elsewhere('enable-owasp-core-rules', firewall, 'false'),
  needless('enable-rewrite-log', '/debug/routes says what is rewritten'),
  elsewhere('fastcgi-index', fastcgi),
  elsewhere('fastcgi-params-configmap', fastcgi),
  elsewhere('force-ssl-redirect', 'name the host in spec.tls, with a certificate or without, and set ssl-redirect', 'false'),
  elsewhere('from-to-www-redirect', 'use a SmartRoute for the other name whose rule redirects to this host', 'false'),
  needless('http2-push-preload', 'no browser takes pushes any more'),
  elsewhere('limit-rate', 'the rate of bytes is not limited', '0'),
  elsewhere('limit-rate-after', 'the rate of bytes is not limited', '0'),
  renamed('limit-whitelist', ['limit-allowlist']),
  elsewhere('mirror-host', 'a mirror gets the host of the request'),
  elsewhere('mirror-request-body', 'a mirror gets bodies up to 64 KiB; a SmartRoute has policy.mirror.maxBody'),
  renamed('mirror-target', ['mirror-service'], { but: 'a Service with its port in place of a URL' }),
  elsewhere('modsecurity-snippet', firewall),
  elsewhere('modsecurity-transaction-id', firewall),
  elsewhere('opentelemetry-operation-name', spans),
  elsewhere('opentelemetry-trust-incoming-span', spans),
  elsewhere('permanent-redirect', redirect),
  elsewhere('permanent-redirect-code', redirect),
  needless('preserve-trailing-slash', 'redirects keep the path as it is'),
  renamed('proxy-body-size', ['max-body-size']),
  needless('proxy-buffer-size', 'the head of an answer may have 64 KiB'),
  renamed('proxy-buffering', ['response-buffering'], { idle: 'off' }),
  elsewhere('proxy-buffers-number', 'use a SmartRoute: policy.buffering.maxAnswer'),
  elsewhere('proxy-busy-buffers-size', 'use a SmartRoute: policy.buffering.maxAnswer'),
  renamed('proxy-connect-timeout', ['connect-timeout']),
  elsewhere('proxy-cookie-domain', 'cookies of backends are not rewritten; set them right there', 'off'),
  elsewhere('proxy-cookie-path', 'cookies of backends are not rewritten; set them right there', 'off'),
  renamed('proxy-http-version', ['backend-protocol'], { idle: '1.1' }),
  needless('proxy-max-temp-file-size', 'nothing is written to disk'),
  renamed('proxy-next-upstream', ['next-upstream']),
  elsewhere('proxy-next-upstream-timeout', 'retries bounds how often a request is tried; request-timeout would end its answer, too', '0'),
  renamed('proxy-next-upstream-tries', ['retries'], { but: 'with one less: the first try is none of them' }),
  renamed('proxy-read-timeout', ['read-timeout', 'tunnel-idle-timeout']),
  elsewhere('proxy-redirect-from', location, 'off'),
  elsewhere('proxy-redirect-to', location, 'off'),
  renamed('proxy-request-buffering', ['request-buffering'], { but: 'which takes bodies of 1 MiB at most', idle: 'off' }),
  renamed('proxy-send-timeout', ['send-timeout']),
  elsewhere('proxy-ssl-ciphers', 'backends get the ciphers of Node.js'),
  renamed('proxy-ssl-name', ['backend-tls-server-name']),
  elsewhere('proxy-ssl-protocols', 'backends are spoken to with TLS 1.2 or 1.3'),
  renamed('proxy-ssl-secret', ['backend-tls-ca-secret', 'backend-tls-client-secret']),
  renamed('proxy-ssl-server-name', ['backend-tls-server-name'], { idle: 'off' }),
  renamed('proxy-ssl-verify', ['backend-tls-ca-secret'], { idle: 'off' }),
  needless('proxy-ssl-verify-depth', 'chains of every length are verified'),
  needless('relative-redirects', 'browsers follow absolute ones alike'),
  elsewhere('rewrite-target', 'use a SmartRoute: action.forward.rewrite.path'),
  elsewhere('server-alias', 'write a rule for each host'),
  elsewhere('server-snippet', snippet),
  elsewhere('service-upstream', 'endpoints are dialled themselves, so that they can be balanced and checked', 'false'),
  needless('session-cookie-conditional-samesite-none', 'browsers that do not know SameSite=None are gone'),
  elsewhere('ssl-ciphers', 'a SmartRoute has tls.minVersion; ciphers are those of Node.js'),
  needless('ssl-prefer-server-ciphers', 'the order of the ciphers is fixed'),
  renamed('ssl-passthrough', ['tls-passthrough']),
  elsewhere('stream-snippet', 'use a SmartRoute with tcp or udp'),
  elsewhere('temporal-redirect', redirect),
  elsewhere('temporal-redirect-code', redirect),
  elsewhere('upstream-hash-by-subset', 'every endpoint takes part in a hash', 'false'),
  elsewhere('upstream-hash-by-subset-size', 'every endpoint takes part in a hash'),
  elsewhere('use-port-in-redirects', '--published-https-port is the port of redirects', 'false'),
  elsewhere('use-regex', 'use a SmartRoute with matches of type Regex', 'false'),
  renamed('whitelist-source-range', ['allowlist-source-range']),
  elsewhere('x-forwarded-prefix', 'the backend gets no prefix; with a SmartRoute it can have one in a header of another name'),
]);

/** Those that keep somebody out there: where one is meant for us, nobody is let in without it. */
export const foreignGuards: ReadonlySet<string> = new Set(['auth-tls-match-cn', 'whitelist-source-range']);

type Row = readonly [name: string, annotation: ForeignAnnotation];

function renamed(name: string, to: readonly string[], more: { readonly but?: string; readonly idle?: string } = {}): Row {
  return [name, { kind: 'renamed', to, ...more }];
}

function elsewhere(name: string, instead: string, idle?: string): Row {
  return [name, { kind: 'elsewhere', instead, ...(idle !== undefined && { idle }) }];
}

function needless(name: string, why: string): Row {
  return [name, { kind: 'needless', why }];
}

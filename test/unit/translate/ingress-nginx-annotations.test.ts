import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderAnnotationDocs } from '../../../src/api/annotation-docs.ts';
import { annotationPrefix, annotationsByName } from '../../../src/api/annotations.ts';
import { foreignAnnotations, foreignGuards } from '../../../src/api/ingress-nginx-annotations.ts';
import { ProblemList } from '../../../src/translate/problem-list.ts';
import { readAnnotations } from '../../../src/translate/read-annotations.ts';

/** Every annotation of ingress-nginx v1.15.1, its aliases included. */
const known = `affinity affinity-canary-behavior affinity-mode allowlist-source-range app-root auth-always-set-cookie auth-cache-duration
auth-cache-key auth-keepalive auth-keepalive-requests auth-keepalive-share-vars auth-keepalive-timeout auth-method
auth-proxy-set-headers auth-realm auth-request-redirect auth-response-headers auth-secret auth-secret-type auth-signin
auth-signin-redirect-param auth-snippet auth-tls-error-page auth-tls-match-cn auth-tls-pass-certificate-to-upstream
auth-tls-secret auth-tls-verify-client auth-tls-verify-depth auth-type auth-url backend-protocol canary canary-by-cookie
canary-by-header canary-by-header-pattern canary-by-header-value canary-weight canary-weight-total client-body-buffer-size
configuration-snippet connection-proxy-header cors-allow-credentials cors-allow-headers cors-allow-methods cors-allow-origin
cors-expose-headers cors-max-age custom-headers custom-http-errors default-backend denylist-source-range
disable-proxy-intercept-errors enable-access-log enable-cors enable-global-auth enable-modsecurity enable-opentelemetry
enable-owasp-core-rules enable-rewrite-log fastcgi-index fastcgi-params-configmap force-ssl-redirect from-to-www-redirect
http2-push-preload limit-allowlist limit-burst-multiplier limit-connections limit-rate limit-rate-after limit-rpm limit-rps
limit-whitelist load-balance mirror-host mirror-request-body mirror-target modsecurity-snippet modsecurity-transaction-id
opentelemetry-operation-name opentelemetry-trust-incoming-span permanent-redirect permanent-redirect-code preserve-trailing-slash
proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number proxy-busy-buffers-size proxy-connect-timeout
proxy-cookie-domain proxy-cookie-path proxy-http-version proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout
proxy-next-upstream-tries proxy-read-timeout proxy-redirect-from proxy-redirect-to proxy-request-buffering proxy-send-timeout
proxy-ssl-ciphers proxy-ssl-name proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify
proxy-ssl-verify-depth relative-redirects rewrite-target satisfy server-alias server-snippet service-upstream
session-cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-domain session-cookie-expires
session-cookie-max-age session-cookie-name session-cookie-path session-cookie-samesite session-cookie-secure ssl-ciphers
ssl-passthrough ssl-prefer-server-ciphers ssl-redirect stream-snippet temporal-redirect temporal-redirect-code upstream-hash-by
upstream-hash-by-subset upstream-hash-by-subset-size upstream-vhost use-port-in-redirects use-regex whitelist-source-range
x-forwarded-prefix`.split(/\s+/);

test('every annotation of ingress-nginx is read, or has an answer to what is to be done about it', () => {
  assert.equal(known.length, 138);
  for (const name of known) {
    const isOurs = annotationsByName.has(annotationPrefix + name);
    assert.notEqual(isOurs, foreignAnnotations.has(name), `${name} is ${isOurs ? 'both' : 'neither'}`);
  }
  for (const name of [...foreignAnnotations.keys(), ...foreignGuards]) assert.ok(known.includes(name), name);
});

test('what is to be written in place of an annotation of ingress-nginx exists', () => {
  for (const [name, foreign] of foreignAnnotations) {
    if (foreign.kind === 'renamed')
      for (const other of foreign.to) assert.ok(annotationsByName.has(annotationPrefix + other), `${other} for ${name}`);
    assert.ok(renderAnnotationDocs().includes(`| \`${name}\` |`), name);
  }
});

/** What is reported of annotations, each as its reason and message. */
function reportedOf(annotations: Readonly<Record<string, string>>) {
  const ref = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name: 'shop', uid: '' };
  const problems = new ProblemList(ref);
  const { missingGuard } = readAnnotations(ref, annotations, problems);
  return { missingGuard, problems: problems.list().map(({ reason, message }) => `${reason} ${message}`) };
}

const cases: readonly (readonly [title: string, annotations: Readonly<Record<string, string>>, expected: readonly RegExp[]])[] = [
  ['one with another name', { 'smartproxy.dev/proxy-body-size': '8m' }, [/does not exist; write smartproxy\.dev\/max-body-size/]],
  ['one that is elsewhere', { 'smartproxy.dev/rewrite-target': '/' }, [/does not exist; use a SmartRoute: action\.forward\.rewrite/]],
  ['one that is not needed', { 'smartproxy.dev/auth-keepalive': '8' }, [/does not exist; remove it: connections to the server/]],
  [
    'one of theirs with the same name here',
    { 'nginx.ingress.kubernetes.io/auth-url': 'http://auth' },
    [/UnknownAnnotation.*annotations of ingress-nginx are not read; write smartproxy\.dev\/auth-url/],
  ],
  ['one of theirs beside ours', { 'nginx.ingress.kubernetes.io/limit-rps': '1', 'smartproxy.dev/limit-rps': '1' }, []],
  [
    'one of theirs beside one of several of ours',
    { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '1', 'smartproxy.dev/tunnel-idle-timeout': '1' },
    [],
  ],
  ['one of theirs that is not needed', { 'nginx.ingress.kubernetes.io/http2-push-preload': 'true' }, []],
  [
    'those of theirs whose values are written otherwise',
    { 'nginx.ingress.kubernetes.io/default-backend': 'pages', 'nginx.ingress.kubernetes.io/mirror-target': 'http://b$request_uri' },
    [/error-backend, with its port, beside custom-http-errors with 503/, /mirror-service, a Service with its port in place of a URL/],
  ],
  [
    'one of theirs whose number counts otherwise',
    { 'nginx.ingress.kubernetes.io/proxy-next-upstream-tries': '3' },
    [/write smartproxy\.dev\/retries, with one less: the first try is none of them/],
  ],
  [
    'one of theirs that no time of ours can take the place of',
    { 'nginx.ingress.kubernetes.io/proxy-next-upstream-timeout': '10', 'smartproxy.dev/request-timeout': '10' },
    [/are not read; retries bounds how often a request is tried; request-timeout would end its answer, too/],
  ],
  [
    'none of theirs that say what holds in any case',
    {
      'nginx.ingress.kubernetes.io/use-regex': 'false',
      'nginx.ingress.kubernetes.io/force-ssl-redirect': 'False',
      'nginx.ingress.kubernetes.io/proxy-ssl-verify': 'off',
      'nginx.ingress.kubernetes.io/proxy-http-version': '1.1',
      'nginx.ingress.kubernetes.io/proxy-redirect-from': 'off',
      'nginx.ingress.kubernetes.io/client-body-buffer-size': '1m',
      'nginx.ingress.kubernetes.io/proxy-buffer-size': '16k',
    },
    [],
  ],
  [
    'those of theirs that would turn off what is on here',
    { 'nginx.ingress.kubernetes.io/mirror-request-body': 'off', 'nginx.ingress.kubernetes.io/proxy-ssl-verify': 'on' },
    [/a mirror gets bodies/, /write smartproxy\.dev\/backend-tls-ca-secret/],
  ],
  ['one of theirs that nobody knows', { 'nginx.ingress.kubernetes.io/xyz': '1' }, [/are not read; remove it/]],
  [
    'a cookie of no sessions',
    { 'smartproxy.dev/session-cookie-name': 'sid' },
    [/InvalidAnnotation.*no effect without affinity; set that too/],
  ],
  [
    'a cookie beside sessions that can not be read',
    { 'smartproxy.dev/session-cookie-name': 'sid', 'smartproxy.dev/affinity': 'ip' },
    [/"cookie"/],
  ],
  ['half of error pages', { 'smartproxy.dev/custom-http-errors': '503' }, [/no effect without error-backend/]],
  ['a burst of nothing', { 'smartproxy.dev/limit-burst-multiplier': '5' }, [/no effect without limit-rps or limit-rpm/]],
  [
    'a session that stays at an endpoint that is gone',
    { 'smartproxy.dev/affinity': 'cookie', 'smartproxy.dev/session-cookie-change-on-failure': 'false' },
    [/Unsupported.*a session moves/],
  ],
];

for (const [title, annotations, expected] of cases) {
  test(`reading annotations reports ${title}`, () => {
    const { problems } = reportedOf(annotations);
    assert.equal(problems.length, expected.length, problems.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(problems[index] ?? '', pattern);
  });
}

test('one that would keep somebody out keeps everybody out with our prefix, and is reported with theirs', () => {
  assert.equal(reportedOf({ 'smartproxy.dev/whitelist-source-range': '10.0.0.0/8' }).missingGuard, 'whitelist-source-range');
  assert.equal(reportedOf({ 'smartproxy.dev/auth-tls-match-cn': 'CN=x' }).missingGuard, 'auth-tls-match-cn');
  assert.equal(reportedOf({ 'nginx.ingress.kubernetes.io/whitelist-source-range': '10.0.0.0/8' }).missingGuard, undefined);
});

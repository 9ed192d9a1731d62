/** What the CRD does not say of a field. */
export interface FieldFacts {
  /** What holds without it. */
  readonly byDefault: string;
  /** File below `test/` and the name of the test that drives traffic through it, or the beginning of that name. */
  readonly test: readonly [file: string, name: string];
}

const http = 'feature/program/smart-route.test.ts';
const tls = 'feature/program/smart-route-tls.test.ts';
const policy = 'feature/program/smart-route-policy.test.ts';

const rewriting = 'feature/program/smart-route-rewrite.test.ts';

const headers = [rewriting, 'removes, sets and adds headers'] as const;
const cors = [rewriting, 'cors answers preflights and marks answers'] as const;
const clients = [rewriting, 'clients lets in whom it allows'] as const;
const paths = [rewriting, 'rewrites the path as a whole'] as const;
const reencrypt = [tls, 'TerminateAndReencrypt speaks TLS to the backend'] as const;
const matching = [http, 'matches path, method, headers and query'] as const;
const patterns = [http, 'matches paths by pattern'] as const;
const byType = [http, 'matches headers and query by type'] as const;
const redirects = [http, 'redirects with what the rule changes'] as const;
const answers = [http, 'answers by itself with status, headers and body'] as const;
const weights = [http, 'forwards to weighted backends in their proportion'] as const;
const passthrough = [tls, 'Passthrough hands the connection to the backend of tcp'] as const;

/** Every field of `spec` that holds a value, by its path. A test fails when one is missing here, or its test is. */
export const smartRouteFields: Readonly<Record<string, FieldFacts>> = {
  ingressClassName: { byDefault: 'the default class', test: [http, 'is served by its class alone'] },
  hosts: { byDefault: 'every name', test: [http, 'serves its hosts'] },
  priority: { byDefault: '0', test: [http, 'a priority comes before everything else'] },
  'tls.mode': { byDefault: 'required', test: [tls, 'Terminate shows the certificate of the Secret'] },
  'tls.certificate.secretRef.name': { byDefault: 'required', test: [tls, 'Terminate shows the certificate of the Secret'] },
  'tls.certificate.secretRef.namespace': {
    byDefault: 'that of the route',
    test: [tls, 'refers to a Secret of another namespace only with a ReferenceGrant'],
  },
  'policy.redirectToHttps': { byDefault: '`--https-redirect`', test: [tls, 'Terminate shows the certificate of the Secret'] },
  'policy.timeouts.connect': { byDefault: '`--connect-timeout`', test: [policy, 'timeouts.connect'] },
  'policy.timeouts.read': { byDefault: '`--upstream-read-timeout`', test: [policy, 'timeouts.read'] },
  'policy.timeouts.send': { byDefault: '`--upstream-send-timeout`', test: [policy, 'timeouts.send'] },
  'policy.timeouts.tunnelIdle': { byDefault: '`--tunnel-idle-timeout`', test: [policy, 'timeouts.tunnelIdle'] },
  'policy.maxRequestBody': { byDefault: '`--max-request-body`', test: [policy, 'maxRequestBody'] },
  'policy.retries.attempts': { byDefault: '`--retries`', test: [policy, 'retries.attempts'] },
  'policy.backend.protocol': { byDefault: '`appProtocol`, else `HTTP`', test: [tls, 'policy.backend.protocol'] },
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
  'policy.cors.allowHeaders': { byDefault: 'what the browser asks for', test: [rewriting, 'cors for every origin says so'] },
  'policy.cors.exposeHeaders': { byDefault: 'none', test: cors },
  'policy.cors.allowCredentials': { byDefault: '`false`', test: cors },
  'policy.cors.maxAge': { byDefault: 'the browser decides', test: cors },
  'policy.clients.allow': { byDefault: 'everybody', test: clients },
  'policy.clients.deny': { byDefault: 'nobody', test: clients },
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
  'http.rules[].action.forward.backends[].port.number': { byDefault: 'none', test: passthrough },
  'http.rules[].action.forward.backends[].weight': { byDefault: '1', test: weights },
  'http.rules[].action.forward.rewrite.host': { byDefault: 'as requested', test: [rewriting, 'rewrites the host'] },
  'http.rules[].action.forward.rewrite.path.type': { byDefault: 'required', test: paths },
  'http.rules[].action.forward.rewrite.path.pattern': { byDefault: 'none', test: paths },
  'http.rules[].action.forward.rewrite.path.value': { byDefault: 'required', test: paths },
  'http.rules[].action.forward.loadBalancing.type': { byDefault: '`--load-balancing`', test: [policy, 'loadBalancing LeastRequest'] },
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
  'tcp.backends[].name': { byDefault: 'required', test: passthrough },
  'tcp.backends[].namespace': {
    byDefault: 'that of the route',
    test: [tls, 'refers to a Service of another namespace for a whole connection'],
  },
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/api/objects.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { translate } from '../../../src/translate/translate.ts';
import type { Problem } from '../../../src/translate/translation.ts';
import { defaultOptions } from '../../golden/default-options.ts';

const own = 'smartproxy-ingress';
const backend = { name: 'web', port: { number: 80 } };
const rule = (part: object = {}): object => ({ name: 'all', action: { forward: { backends: [backend] } }, ...part });
const http = (...parts: readonly object[]): object => ({ http: { rules: parts.map(rule) } });
const to = (change: object): object => http({ action: { forward: { backends: [{ ...backend, ...change }] } } });
const path = (type: string, value: string): object => ({ matches: [{ path: { type, value } }] });
const base = http({});
const listeners = (change: object): object => ({ listeners: [{ name: 'https', port: 9443, protocol: 'HTTPS', ...change }] });

/** What is written, its reason, field, and what to do about it. */
type Row = readonly [spec: object, reason: string, field: string, fix: RegExp];

const routes: readonly Row[] = [
  [{}, 'InvalidObject', 'spec', /exactly one of http, tcp and udp must be set/],
  [{ ...base, hosts: ['10.0.0.1'] }, 'InvalidObject', 'spec.hosts[0]', /a host is a name, not an IP address/],
  [{ ...base, hosts: 'shop.test' }, 'InvalidObject', 'spec.hosts', /it must be a list/],
  [http({ action: {} }), 'InvalidRule', 'spec.http.rules[0].action', /exactly one of forward, redirect, respond and block must be set/],
  [http({ name: 7 }), 'InvalidRule', 'spec.http.rules[0].name', /it must be a text/],
  [http({}, path('Prefix', '/a')), 'InvalidRule', 'spec.http.rules[1]', /it is there already/],
  [{ http: { rules: [rule(), null] } }, 'InvalidRule', 'spec.http.rules[1]', /it must be an object/],
  [http({ matches: [null] }), 'InvalidRule', 'spec.http.rules[0].matches[0]', /it must be an object/],
  [http({ matches: [{ path: { type: 'Exact' } }] }), 'InvalidRule', 'spec.http.rules[0].matches[0].path.value', /it is required/],
  [http({ matches: 'all' }), 'InvalidRule', 'spec.http.rules[0].matches', /it must be a list/],
  [http(path('Prefix', '')), 'InvalidRule', 'spec.http.rules[0].matches[0].path.value', /it must not be empty/],
  [{ ...base, polcy: {} }, 'UnknownField', 'spec.polcy', /did you mean policy\?/],
  [{ ...base, clientCIDRs: ['10.0.0.0/80'] }, 'InvalidAddress', 'spec.clientCIDRs', /correct it/],
  [{ ...base, policy: { clients: { allow: ['10.0.0.0/80'] } } }, 'InvalidAddress', 'spec.policy.clients', /correct it/],
  [http(path('Regex', '/a(?=b)')), 'InvalidRegex', 'spec.http.rules[0].matches[0].path.value', /until it is corrected/],
  [
    http({ matches: [{ headers: [{ name: 'X-Key', type: 'Regex', value: 'a-token(' }] }] }),
    'InvalidRegex',
    'spec.http.rules[0].matches[0].headers[0].value',
    /: the pattern is no regular expression in RE2 syntax: missing closing \); until it is corrected, /,
  ],
  [to({ name: 'gone' }), 'ServiceNotFound', 'spec.http.rules[0].action.forward.backends[0].name', /create it or correct the name/],
  [to({ port: { number: 81 } }), 'ServicePortNotFound', 'spec.http.rules[0].action.forward.backends[0].port', /it has 80 "http"/],
  [to({ namespace: 'core' }), 'RefNotPermitted', 'spec.http.rules[0].action.forward.backends[0].namespace', /make one, or move the object/],
  [{ ...base, listeners: ['mail'] }, 'ListenerNotFound', 'spec.listeners[0]', /add it to the SmartProxyConfig or correct the name/],
  [{ listeners: ['https'], tcp: { backends: [backend] } }, 'ListenerMismatch', 'spec.listeners[0]', /this route needs TCP; name another/],
  [
    { ...base, hosts: ['shop.test'], tls: { mode: 'Terminate', certificate: { secretRef: { name: 'gone' } } } },
    'SecretNotFound',
    'spec.tls.certificate.secretRef',
    /create/,
  ],
  [
    { hosts: ['shop.test'], tls: { mode: 'Passthrough' }, tcp: { backends: [backend] }, policy: { accessLog: false, compression: {} } },
    'NoEffect',
    'spec.policy.compression',
    /remove it/,
  ],
  [
    { listeners: ['https'], tcp: { backends: [backend], engine: 'NFTables' } },
    'EngineUnavailable',
    'spec.tcp.engine',
    /start it with --nftables, or use the engine Node/,
  ],
  [
    { ...base, policy: { errorPages: [{ statuses: [404], configMapRef: { name: 'gone', key: 'x' } }] } },
    'ConfigMapNotFound',
    'spec.policy.errorPages[0].configMapRef',
    /create or label it/,
  ],
];

const configs: readonly Row[] = [
  [{ drain: { delay: 'soon' } }, 'InvalidObject', 'spec.drain.delay', /it must match/],
  [{ trustedProxys: [] }, 'UnknownField', 'spec.trustedProxys', /did you mean trustedProxies\?/],
  [listeners({ name: 'mail', port: 8443 }), 'PortConflict', 'spec.listeners[0].port', /use another/],
  [listeners({ namespaces: 'shop' }), 'InvalidObject', 'spec.listeners[0].namespaces', /it must be a list/],
  [listeners({ namespaces: 'shop' }), 'ListenerClosed', 'spec.listeners[0]', /correct it/],
  [
    listeners({ proxyProtocol: { from: ['10.0.0.0/80'] } }),
    'InvalidAddress',
    'spec.listeners[0].proxyProtocol.from[0]',
    /is no address or CIDR; correct it/,
  ],
  [listeners({ protocol: 'HTTP' }), 'InvalidObject', 'spec.listeners[0]', /the listeners http and https have the protocol of that name/],
  [{ trustedProxies: ['10.0.0.0/80'] }, 'InvalidAddress', 'spec.trustedProxies', /correct it/],
  [{ limits: { clients: { deny: ['10.0.0.0/80'] } } }, 'InvalidAddress', 'spec.limits.clients.deny', /correct it/],
  [{ defaults: { policy: { clients: { allow: ['::/200'] } } } }, 'InvalidAddress', 'spec.defaults.policy.clients', /correct it/],
  [
    { defaults: { policy: { backend: { tls: { caRef: { name: 'gone' } } } } } },
    'SecretNotFound',
    'spec.defaults.policy.backend.tls.caRef',
    /create it with a ca.crt/,
  ],
  [
    { defaults: { policy: { auth: { basic: { secretRef: { name: 'gone' } } } } } },
    'SecretNotFound',
    'spec.defaults.policy.auth.basic.secretRef',
    /so nobody is let in; create it/,
  ],
  [
    { defaults: { policy: { auth: { external: { url: 'http://127.0.0.1/' } } } } },
    'InvalidBackend',
    'spec.defaults.policy.auth.external.url',
    /until then nobody is let in/,
  ],
  [{ defaults: { policy: { auth: { none: {} } } } }, 'InvalidObject', 'spec.defaults', /nobody is asked where auth is left out/],
  [{ defaults: { loadBalancing: { type: 'ConsistentHash' } } }, 'InvalidObject', 'spec.defaults.loadBalancing', /hash goes with/],
  [
    { defaults: { policy: { mirror: { backend: { name: 'gone', port: { number: 80 } } } } } },
    'ServiceNotFound',
    'spec.defaults.policy.mirror.backend',
    /create it or correct the name/,
  ],
  [{ hostClaims: 'shop' }, 'ConfigClosed', 'spec', /correct it/],
];

const webPath = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } };
const withPaths = (paths: unknown): object => ({ rules: [{ host: 'shop.test', http: { paths } }] });
const { pathType: _, ...untyped } = webPath;

const ingresses: readonly Row[] = [
  [{ rules: { host: 'shop.test' } }, 'InvalidHost', 'spec.rules', /it is no list; begin each rule with "- "/],
  [{ rules: [{ host: 'shop.test', http: 'all' }] }, 'InvalidPath', 'spec.rules[0].http', /write http\.paths/],
  [withPaths(webPath), 'InvalidPath', 'spec.rules[0].http.paths', /it is no list; begin each path with "- "/],
  [withPaths([untyped]), 'InvalidPath', 'spec.rules[0].http.paths[0].pathType', /pathType is missing; use "Exact"/],
  [{ ...withPaths([webPath]), tls: { hosts: ['shop.test'] } }, 'InvalidHost', 'spec.tls', /begin each entry with "- "/],
  [{ ...withPaths([webPath]), tls: [{ hosts: 'shop.test' }] }, 'InvalidHost', 'spec.tls[0].hosts', /begin each host with "- "/],
];

const service = (namespace: string): object => ({
  kind: 'Service',
  metadata: { namespace, name: 'web' },
  spec: { ports: [{ name: 'http', port: 80 }] },
});
const parameters = { apiGroup: 'smartproxy.dev', kind: 'SmartProxyConfig', name: 'main', namespace: own, scope: 'Namespace' };
const ingressClass = {
  kind: 'IngressClass',
  metadata: { name: 'smartproxy' },
  spec: { controller: 'smartproxy.dev/ingress-controller', parameters },
};

function problemsOf(object: object): readonly Problem[] {
  const store = new ObjectStore();
  for (const one of [ingressClass, service('shop'), service('core'), object]) store.apply(one as KubeObject);
  return translate(store.snapshot(), { ...defaultOptions, nftables: false }).problems;
}

/** One test a row. */
function checkRows(kind: string, namespace: string, rows: readonly Row[], specOf: (spec: object) => object): void {
  for (const [spec, reason, field, fix] of rows)
    it(`names object, field and fix: ${reason} ${field}`, () => {
      const problems = problemsOf({ kind, metadata: { namespace, name: 'main' }, spec: specOf(spec) });
      const found = problems.find((problem) => problem.reason === reason && problem.field === field);
      assert.ok(found, JSON.stringify(problems));
      assert.deepEqual([found.object.kind, found.object.namespace, found.object.name], [kind, namespace, 'main']);
      assert.ok(found.message.startsWith(`${kind} ${namespace}/main, ${field}: `), found.message);
      assert.match(found.message.slice(found.message.indexOf(': ')), fix);
      assert.match(found.message, /[.?]$/);
    });
}

describe('a SmartRoute that is written wrongly', () =>
  checkRows('SmartRoute', 'shop', routes, (spec) => ({ ingressClassName: 'smartproxy', ...spec })));

describe('an Ingress that is written wrongly', () =>
  checkRows('Ingress', 'shop', ingresses, (spec) => ({ ingressClassName: 'smartproxy', ...spec })));

describe('a SmartProxyConfig that is written wrongly', () => checkRows('SmartProxyConfig', own, configs, (spec) => spec));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/api/objects.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { listenerWarnings } from '../../../src/translate/listener-warnings.ts';
import { configStatusOf, type ListenerFailure } from '../../../src/translate/smart-proxy-config-statuses.ts';
import { Translator } from '../../../src/translate/translate.ts';
import { defaultOptions } from '../../golden/default-options.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const namespace = 'smartproxy-ingress';

function ingressClass(name: string, config?: string): KubeObject {
  const parameters = { apiGroup: 'smartproxy.dev', kind: 'SmartProxyConfig', name: config, namespace, scope: 'Namespace' };
  const spec = { controller: 'smartproxy.dev/ingress-controller', ...(config === undefined ? {} : { parameters }) };
  return { kind: 'IngressClass', metadata: { name }, spec } as KubeObject;
}

function config(name: string, listeners: readonly object[], generation = 1): KubeObject {
  return { kind: 'SmartProxyConfig', metadata: { name, namespace, generation }, spec: { listeners } } as unknown as KubeObject;
}

const mail = { name: 'mail', port: 2525, protocol: 'TCP' };

function start(...objects: readonly KubeObject[]) {
  const store = new ObjectStore();
  for (const object of objects) store.apply(object);
  const translator = new Translator(defaultOptions);
  return { store, translate: () => translator.translate(store.snapshot(), defaultOptions.nowMs) };
}

/** `type status reason` of each condition. */
function texts(conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[]): readonly string[] {
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

test('SmartProxyConfig: the class of --ingress-class names the one in use before other classes; the rest are told', () => {
  const { store, translate } = start(
    ingressClass('a-first', 'other'),
    ingressClass('smartproxy', 'main'),
    config('main', [mail]),
    config('other', [{ ...mail, port: 1111 }]),
    config('stray', []),
  );
  const first = translate();
  assert.deepEqual([...first.routeTable.listeners.keys()], ['http', 'https', 'mail']);
  assert.equal(first.routeTable.listeners.get('mail')?.port, 2525);
  assert.deepEqual(
    first.smartProxyConfigs.map(({ object, conditions }) => [object.name, ...texts(conditions)]),
    [
      ['main', 'Accepted True Accepted', 'ResolvedRefs True ResolvedRefs'],
      ['other', 'Accepted False ConfigConflict'],
      ['stray', 'Accepted False NotReferenced'],
    ],
  );
  store.remove('SmartProxyConfig', `${namespace}/main`);
  assert.equal(translate().routeTable.listeners.get('mail')?.port, 1111);
  store.remove('IngressClass', 'a-first');
  assert.equal(translate().routeTable.listeners.has('mail'), false);
});

test('SmartProxyConfig: listeners keep their reference through a change that is none for them', () => {
  const { store, translate } = start(ingressClass('smartproxy', 'main'), config('main', [mail]));
  const before = translate().routeTable.listeners;
  store.apply(config('main', [mail], 2));
  assert.equal(translate().routeTable.listeners, before);
  store.apply(config('main', [{ ...mail, publishedPort: 25 }], 3));
  assert.notEqual(translate().routeTable.listeners, before);
});

test('SmartProxyConfig: redirects to HTTPS come and go with the one listener that serves it', () => {
  const options = { ...defaultOptions, listeners: defaultOptions.listeners.filter(({ key }) => key === 'http') };
  const translator = new Translator(options);
  const store = new ObjectStore();
  const spec = { ingressClassName: 'smartproxy', rules: [{ host: 'a.test', http: { paths: [] } }], tls: [{ hosts: ['a.test'] }] };
  const path = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } };
  const rules = [{ host: 'a.test', http: { paths: [path] } }];
  store.apply({ kind: 'Ingress', metadata: { name: 'web', namespace: 'shop' }, spec: { ...spec, rules } } as KubeObject);
  store.apply(ingressClass('smartproxy', 'main'));
  const redirects = () =>
    [...translator.translate(store.snapshot(), 0).routeTable.policies.values()].map(({ redirectToHttps }) => redirectToHttps);
  assert.deepEqual(redirects(), [false]);
  store.apply(config('main', [{ name: 'https', port: 9443, protocol: 'HTTPS' }]));
  assert.deepEqual(redirects(), [true]);
  store.apply(config('main', []));
  assert.deepEqual(redirects(), [false]);
});

test('SmartProxyConfig: a reference of its defaults that is broken stays told through a change of something else', () => {
  const backend = { name: 'copies', port: { number: 80 } };
  const withMirror = (generation: number): KubeObject => {
    const defaults = { policy: { mirror: { backend } } };
    return { kind: 'SmartProxyConfig', metadata: { name: 'main', namespace, generation }, spec: { defaults } } as unknown as KubeObject;
  };
  const { store, translate } = start(ingressClass('smartproxy', 'main'), withMirror(1));
  const told = () => translate().smartProxyConfigs.map(({ conditions }) => texts(conditions));
  const broken = [['Accepted True Accepted', 'ResolvedRefs False ServiceNotFound']];
  assert.deepEqual(told(), broken);
  store.apply(withMirror(2));
  assert.deepEqual(told(), broken);
});

test('SmartProxyConfig: a server that its defaults may not ask is told in a condition', () => {
  const auth = { external: { url: 'http://127.0.0.1/' } };
  const object = { kind: 'SmartProxyConfig', metadata: { name: 'main', namespace }, spec: { defaults: { policy: { auth } } } };
  const { translate } = start(ingressClass('smartproxy', 'main'), object as unknown as KubeObject);
  assert.deepEqual(
    translate().smartProxyConfigs.map(({ conditions }) => texts(conditions)),
    [['Accepted False InvalidBackend', 'ResolvedRefs True ResolvedRefs']],
  );
});

test('SmartProxyConfig: what its defaults name is read again when its time has come, or the Secret is another', async () => {
  const client = await makeTestCertificate('client');
  const pem = (text: string): string => Buffer.from(text).toString('base64');
  const secret = (version: string): KubeObject => ({
    kind: 'Secret',
    metadata: { name: 'client', namespace, resourceVersion: version },
    data: { 'tls.crt': pem(client.cert), 'tls.key': pem(client.key) },
  });
  const policy = { backend: { tls: { clientCertificateRef: { name: 'client' } } } };
  const object = { kind: 'SmartProxyConfig', metadata: { name: 'main', namespace }, spec: { defaults: { policy } } };
  const { store } = start(ingressClass('smartproxy', 'main'), object as unknown as KubeObject, secret('1'));
  const translator = new Translator(defaultOptions);
  const reasonsAt = (nowMs: number) => translator.translate(store.snapshot(), nowMs).problems.map(({ reason }) => reason);
  const now = Date.now();
  assert.deepEqual(reasonsAt(now), []);
  const { holdsUntilMs, referencedSecrets } = translator.translate(store.snapshot(), now);
  assert.deepEqual(referencedSecrets, [`${namespace}/client`]);
  assert.ok(Math.abs(holdsUntilMs - now - 86_400_000) < 60_000, String(holdsUntilMs - now));
  assert.deepEqual(reasonsAt(holdsUntilMs), ['CertificateExpired']);
  assert.deepEqual(reasonsAt(now), []);
  store.remove('Secret', `${namespace}/client`);
  assert.deepEqual(reasonsAt(now), ['SecretNotFound']);
  store.apply(secret('2'));
  assert.deepEqual(reasonsAt(now), []);
});

test('SmartProxyConfig: a port that is taken is Programmed False with the reason, and the others are open', () => {
  const { translate } = start(ingressClass('smartproxy', 'main'), config('main', [mail, { ...mail, name: 'db', port: 5432 }]));
  const [state] = translate().smartProxyConfigs;
  assert.ok(state);
  const failures = new Map<string, ListenerFailure>([['db', { reason: 'AddressInUse', message: 'Another has it.' }]]);
  const status = configStatusOf(state, failures, true);
  assert.equal(status.summary, '1/2');
  assert.deepEqual(texts(status.conditions), ['Accepted True Accepted', 'ResolvedRefs True ResolvedRefs', 'Programmed False AddressInUse']);
  assert.deepEqual(
    status.listeners.map(({ name, conditions }) => [name, ...texts(conditions)]),
    [
      ['mail', 'Accepted True Accepted', 'Programmed True Programmed'],
      ['db', 'Accepted True Accepted', 'Programmed False AddressInUse'],
    ],
  );
  const [warning, ...others] = listenerWarnings([status]);
  assert.deepEqual([warning?.reason, warning?.field, others], ['AddressInUse', 'spec.listeners[1].port', []]);
  assert.match(warning?.message ?? '', /spec\.listeners\[1\]\.port: Another has it; free the port or use another/);
  const pending = configStatusOf(state, new Map(), false);
  assert.deepEqual(texts(pending.conditions), ['Accepted True Accepted', 'ResolvedRefs True ResolvedRefs', 'Programmed False Pending']);
  assert.deepEqual(listenerWarnings([pending]), []);
});

test('SmartProxyConfig: a port that is taken is named where it is written, also behind a listener that can not be used', () => {
  const { translate } = start(
    ingressClass('smartproxy', 'main'),
    config('main', [
      { ...mail, port: 'x' },
      { ...mail, name: 'db', port: 5432 },
    ]),
  );
  const [state] = translate().smartProxyConfigs;
  assert.ok(state);
  const failures = new Map<string, ListenerFailure>([['db', { reason: 'AddressInUse', message: 'Another has it.' }]]);
  const [warning, ...others] = listenerWarnings([configStatusOf(state, failures, true)]);
  assert.deepEqual([warning?.field, others], ['spec.listeners[1].port', []]);
  assert.match(warning?.message ?? '', /, spec\.listeners\[1\]\.port: Another has it/);
});

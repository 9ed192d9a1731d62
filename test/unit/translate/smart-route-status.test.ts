import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/api/objects.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { statusOf } from '../../../src/translate/smart-route-statuses.ts';
import { Translator, translate } from '../../../src/translate/translate.ts';
import type { TranslateOptions } from '../../../src/translate/translate-options.ts';
import { defaultOptions } from '../../golden/default-options.ts';

const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'smartproxy' },
  spec: {
    controller: 'smartproxy.dev/ingress-controller',
    parameters: { apiGroup: 'smartproxy.dev', kind: 'SmartProxyConfig', name: 'own', namespace: 'own', scope: 'Namespace' },
  },
};
const config = (spec: object) => ({
  apiVersion: 'smartproxy.dev/v1alpha1',
  kind: 'SmartProxyConfig',
  metadata: { name: 'own', namespace: 'own' },
  spec,
});
const route = (name: string, spec: object, created = '2026-01-01T00:00:00Z') => ({
  apiVersion: 'smartproxy.dev/v1alpha1',
  kind: 'SmartRoute',
  metadata: { name, namespace: 'shop', creationTimestamp: created },
  spec: { ingressClassName: 'smartproxy', ...spec },
});
const front = (ports: readonly object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'front', namespace: 'own' },
  spec: { ports },
});
const rule = (name: string, path: string) => ({
  name,
  matches: [{ path: { type: 'Prefix', value: path } }],
  action: { respond: { status: 204 } },
});

function translated(objects: readonly object[], options: Partial<TranslateOptions> = {}) {
  const store = new ObjectStore();
  for (const object of [ingressClass, ...objects]) store.apply(object as KubeObject);
  return translate(store.snapshot(), { ...defaultOptions, configNamespace: 'own', ...options });
}

/** Of the SmartRoute of this name: its conditions and those of its rules, as `Accepted True Accepted`. */
function said({ smartRoutes, routeTable }: ReturnType<typeof translated>, name: string, isProgrammed = true) {
  const state = smartRoutes.find(({ object }) => object.name === name);
  assert.ok(state);
  const status = statusOf(state, routeTable.endpoints, isProgrammed);
  const texts = (conditions: (typeof status)['conditions']) => conditions.map((c) => `${c.type} ${c.status} ${c.reason}`);
  return {
    publish: status.publish,
    whole: texts(status.conditions),
    rules: Object.fromEntries(status.rules.map((one) => [one.name, texts(one.conditions).at(-1)])),
  };
}

test('Programmed of a rule: while workers serve it; not when all of it went to another object, or it is not valid', () => {
  const older = route('older', { hosts: ['a.test'], http: { rules: [rule('all', '/taken')] } });
  const younger = route(
    'younger',
    {
      hosts: ['a.test'],
      http: { rules: [rule('lost', '/taken'), rule('kept', '/kept'), { ...rule('invalid', '/invalid'), action: {} }] },
    },
    '2026-02-01T00:00:00Z',
  );
  const translation = translated([older, younger]);
  assert.deepEqual(said(translation, 'younger').rules, {
    lost: 'Programmed False PathConflict',
    kept: 'Programmed True Programmed',
    invalid: 'Programmed False InvalidRule',
  });
  assert.deepEqual(said(translation, 'younger', false).rules, {
    lost: 'Programmed False PathConflict',
    kept: 'Programmed False Pending',
    invalid: 'Programmed False InvalidRule',
  });
  assert.deepEqual(said(translation, 'older').rules, { all: 'Programmed True Programmed' });
  assert.equal(said(translation, 'younger').publish, true);
});

test('an object of which nothing is served is not programmed, nor are its rules, and has no addresses', () => {
  const translation = translated([route('nowhere', { listeners: ['none'], hosts: ['a.test'], http: { rules: [rule('all', '/')] } })]);
  assert.deepEqual(said(translation, 'nowhere'), {
    publish: false,
    whole: ['Accepted True Accepted', 'ResolvedRefs False ListenerNotFound', 'Programmed False ListenerNotFound'],
    rules: { all: 'Programmed False ListenerNotFound' },
  });
});

test('what is served of an object stays so when only its status, and with it its resourceVersion, changes', () => {
  const store = new ObjectStore();
  const translator = new Translator({ ...defaultOptions, configNamespace: 'own' });
  const web = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { ports: [{ port: 80 }] },
  };
  const listeners = config({ listeners: [{ name: 'db', port: 5432, protocol: 'TCP' }] });
  const db = route('db', { listeners: ['db'], tcp: { backends: [{ name: 'web', port: { number: 80 } }] } });
  for (const object of [ingressClass, web, listeners, db]) store.apply(object as KubeObject);
  for (const resourceVersion of ['1', '2', '3']) {
    const status = { rules: [], backends: '0/0', hosts: '', conditions: [] };
    store.apply({ ...db, metadata: { ...db.metadata, resourceVersion }, status } as KubeObject);
    const { publish, whole } = said(translator.translate(store.snapshot(), 0), 'db');
    assert.deepEqual([publish, whole.at(-1)], [true, 'Programmed True Programmed'], resourceVersion);
  }
});

test('Published says whether the Service in front has a port for each listener that is named', () => {
  const listeners = [
    { name: 'admin', port: 9443, publishedPort: 8443, protocol: 'HTTPS' },
    { name: 'mail', port: 2525, publishedPort: 25, protocol: 'TCP' },
  ];
  const options = { publishService: 'own/front' };
  const tcp = { backends: [{ name: 'postfix', port: { number: 25 } }] };
  const objects = [
    config({ listeners }),
    route('mail', { listeners: ['mail'], tcp }),
    route('admin', { listeners: ['admin', 'https'], hosts: ['a.test'], http: { rules: [rule('all', '/')] } }),
    route('silent', { hosts: ['b.test'], http: { rules: [rule('all', '/')] } }),
  ];
  const https = { port: 443, targetPort: 'https' };
  const lacking = translated([...objects, front([https])], options);
  assert.ok(said(lacking, 'mail').whole.includes('Published False NotPublished'));
  assert.ok(said(lacking, 'admin').whole.includes('Published False NotPublished'));
  assert.ok(said(lacking, 'admin').whole.includes('Accepted True Accepted'));
  assert.ok(!said(lacking, 'silent').whole.some((text) => text.startsWith('Published')));
  const told = lacking.problems.filter(({ object, reason }) => object.kind === 'SmartRoute' && reason === 'NotPublished');
  assert.deepEqual(
    told.map(({ field, message }) => `${field} ${message}`),
    [
      'spec.listeners[0] SmartRoute shop/admin, spec.listeners[0]: listener "admin": Service own/front in front has no TCP port 8443 that leads to port 9443, so clients can not reach it; add one.',
      'spec.listeners[0] SmartRoute shop/mail, spec.listeners[0]: listener "mail": Service own/front in front has no TCP port 25 that leads to port 2525, so clients can not reach it; add one.',
    ],
  );

  const whole = translated([...objects, front([https, { port: 8443, targetPort: 9443 }, { port: 25, targetPort: 2525 }])], options);
  for (const name of ['mail', 'admin']) assert.ok(said(whole, name).whole.includes('Published True Published'), name);
  // Without a Service in front nobody can say.
  for (const name of ['mail', 'admin'])
    assert.ok(!said(translated(objects, options), name).whole.some((text) => text.startsWith('Published')), name);
});

test('Published of a listener of the options: any port of the Service that leads to it will do when nobody said which', () => {
  const httpOnly = route('http', { listeners: ['http'], hosts: ['a.test'], http: { rules: [rule('all', '/')] } });
  const options = {
    publishService: 'own/front',
    listeners: defaultOptions.listeners.map((one) => ({ ...one, port: 8080, publishedPort: 8080 })).filter(({ key }) => key === 'http'),
  };
  const published = (port: object, more: Partial<TranslateOptions> = {}) =>
    said(translated([httpOnly, front([port])], { ...options, ...more }), 'http').whole.find((text) => text.startsWith('Published'));
  assert.equal(published({ port: 80, targetPort: 8080 }), 'Published True Published');
  assert.equal(published({ port: 80, targetPort: 9090 }), 'Published False NotPublished');
  const saying = { listeners: options.listeners.map((one) => ({ ...one, publishedPort: 81 })) };
  assert.equal(published({ port: 80, targetPort: 8080 }, saying), 'Published False NotPublished');
});

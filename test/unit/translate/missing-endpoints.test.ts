import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { translate } from '../../../src/translate/translate.ts';
import { defaultOptions } from '../../golden/default-options.ts';
import { ingress, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { objectsOf } from '../../tools/program.ts';

/** The end of each problem `NoEndpoints`, with the Service that it is about. */
function told(yaml: string): readonly string[] {
  const store = new ObjectStore();
  store.replaceAll(objectsOf(ingressClass + service('web', 8001) + service('empty') + yaml));
  return translate(store.snapshot(), defaultOptions)
    .problems.filter(({ reason }) => reason === 'NoEndpoints')
    .map(({ message }) => message.replace(/^.*Service (\S+) .*, so (.*); check.*$/, '$1: $2'));
}

const empty = { name: 'empty', port: { name: 'web' } };
const route = (policy: object, ...to: readonly string[]): string => {
  const backends = to.map((name) => ({ name, port: { name: 'web' } }));
  return smartRoute('shop', { hosts: ['shop.example'], policy, http: { rules: [{ name: 'all', action: { forward: { backends } } }] } });
};
const withoutCopies = 'default/empty: no copies are made, and requests are served without';
const refused = 'default/empty: requests get 503';

test('a Service without endpoints is said to cost what it is for: requests, copies of them, or pages', () => {
  assert.deepEqual(told(route({}, 'empty')), [refused]);
  assert.deepEqual(told(route({ mirror: { backend: empty } }, 'web')), [withoutCopies]);
  assert.deepEqual(told(route({ errorPages: [{ statuses: [502], backend: empty }] }, 'web')), ['default/empty: errors go on as they are']);
});

test('where requests need it as well, that is told', () => {
  assert.deepEqual(told(route({ mirror: { backend: empty } }, 'web', 'empty')), [refused]);
});

test('a mirror of annotations is told likewise', () => {
  const annotations = { 'smartproxy.dev/mirror-service': 'empty:80' };
  assert.deepEqual(told(ingress('shop', { annotations, rules: { 'shop.example': [['/', 'Prefix', 'web']] } })), [withoutCopies]);
});

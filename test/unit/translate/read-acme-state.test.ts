import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, Secret } from '../../../src/api/objects.ts';
import { Redacted } from '../../../src/redacted.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { type AcmeState, acmeStateData, acmeStateName, acmeStateType, noAcmeState } from '../../../src/translate/acme-state.ts';
import { acmeStateOwner, readAcmeState } from '../../../src/translate/read-acme-state.ts';
import { translate } from '../../../src/translate/translate.ts';
import { defaultOptions } from '../../golden/default-options.ts';
import { config, ingress, ingressClass } from '../../tools/acme/program-kit.ts';

const namespace = 'shop';
const options = { ...defaultOptions, configNamespace: namespace, acmeNamespace: namespace };
const stateSecret = (data: Record<string, string>): Secret => ({
  kind: 'Secret',
  type: acmeStateType,
  metadata: { namespace, name: acmeStateName('shop/a-test-tls') },
  data,
});

const whole: AcmeState = {
  order: {
    url: 'https://ca.test/order/1',
    issuer: 'ca',
    directory: 'https://ca.test/dir',
    names: ['a.test'],
    privateKey: new Redacted('key'),
    challenges: [
      { type: 'dns-01', name: 'a.test', token: 't', keyAuthorization: 'v', place: { name: '_acme-challenge.a.test', zone: 'test' } },
      { type: 'tls-alpn-01', name: 'a.test', token: 't', keyAuthorization: 't.x', certificate: 'pem' },
    ],
  },
  issued: { fingerprint: 'f1', names: ['a.test'], atMs: 1 },
  renewal: { fingerprint: 'f1', atMs: 2, checkMs: 1 },
  lastAttemptMs: 3,
  failure: { count: 2, of: 'wish', message: '', nextAttemptMs: 4 },
  left: { records: [{ issuer: 'ca', name: 'b.test', value: 'v', tries: 1 }], nextAttemptMs: 5 },
};

test('a state is read as it was written', () => {
  const secret = stateSecret(acmeStateData('shop/a-test-tls', whole));
  assert.deepEqual(readAcmeState(secret), whole);
  assert.equal(acmeStateOwner(secret), 'shop/a-test-tls');
  assert.deepEqual(readAcmeState({ ...secret, type: 'Opaque' }), noAcmeState);
  assert.equal(readAcmeState(stateSecret({ ...secret.data, 'tls.key': '' })).order, undefined);
});

/** A CA's Retry-After of many digits was kept as such a time: no Date has it, and each translation of the installation failed from then on. */
const farthestMs = 1e23;
const garbage: readonly unknown[] = [
  null,
  7,
  [],
  { failure: { count: 1, message: 'no', nextAttemptMs: farthestMs } },
  { failure: { count: 1, message: 7, nextAttemptMs: 1 } },
  { failure: 'x', lastAttemptMs: farthestMs },
  { lastAttemptMs: '2026', renewal: null, left: [] },
  { renewal: { fingerprint: 'f1', atMs: farthestMs, checkMs: 1 } },
  { order: null, issued: { fingerprint: 'f1', names: [7], atMs: 1 } },
  { order: { url: 'https://ca.test/order/1', challenges: 3 } },
  { left: { records: [null, { name: 'a.test' }], nextAttemptMs: 1 } },
  { left: { records: 'x', nextAttemptMs: farthestMs } },
];

test('what somebody wrote into a state that can not be in one is as if it were not there, and translation goes on', () => {
  for (const state of garbage) {
    const secret = stateSecret({ 'state.json': btoa(JSON.stringify(state)), 'tls.key': btoa('key') });
    assert.deepEqual(readAcmeState(secret), noAcmeState, JSON.stringify(state));
    const store = new ObjectStore();
    const issuers = config({ name: 'ca', directory: 'https://ca.test/dir' });
    for (const object of [ingressClass, issuers, ingress('a.test', 'ca'), secret]) store.apply(object as KubeObject);
    const { acme } = translate(store.snapshot(), options);
    assert.deepEqual(
      acme.map(({ state: read }) => read),
      [noAcmeState],
    );
  }
});

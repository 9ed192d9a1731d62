import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, Metadata, Secret } from '../../../src/api/objects.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { withOwners } from '../../../src/translate/acme-owners.ts';
import { translate } from '../../../src/translate/translate.ts';
import type { ObjectRef } from '../../../src/translate/translation.ts';
import { defaultOptions } from '../../golden/default-options.ts';

const owner = (uid: string): ObjectRef => ({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name: uid, uid });
const reference = (uid: string) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: uid, uid, blockOwnerDeletion: false });
const bare: Metadata = { name: 'tls', namespace: 'shop', annotations: { 'smartproxy.dev/acme-directory': 'https://ca.test' } };
const uids = ({ ownerReferences = [] }: Metadata): readonly string[] => ownerReferences.map(({ uid }) => uid);

test('owners are added, replaced and taken away, and metadata that says so already stays the same object', () => {
  assert.equal(withOwners(bare, []), bare);
  const two = withOwners(bare, [owner('a'), owner('b')]);
  assert.deepEqual(two, {
    ...bare,
    annotations: { ...bare.annotations, 'smartproxy.dev/acme-owners': 'a,b' },
    ownerReferences: [reference('a'), reference('b')],
  });
  assert.equal(withOwners(two, [owner('b'), owner('a')]), two);
  assert.deepEqual(uids(withOwners(two, [owner('b'), owner('c')])), ['b', 'c']);
  assert.deepEqual(withOwners(two, []), { ...bare, ownerReferences: [] });
});

test('owners that somebody else named stay as they are, also when they are ours to name', () => {
  const theirs: Metadata = { ...bare, ownerReferences: [{ ...reference('a'), controller: true }] };
  assert.equal(withOwners(theirs, [owner('a')]), theirs);
  const both = withOwners(theirs, [owner('a'), owner('b')]);
  assert.deepEqual(both.ownerReferences, [{ ...reference('a'), controller: true }, reference('b')]);
  assert.deepEqual(withOwners(both, []).ownerReferences, theirs.ownerReferences);
});

test('an owner that the cluster took away, for it is gone, is nothing to write about', () => {
  const two = withOwners(bare, [owner('a'), owner('b')]);
  const collected: Metadata = { ...two, ownerReferences: [reference('b')] };
  assert.equal(withOwners(collected, [owner('b')]), collected);
});

interface Asking {
  readonly issuer?: string;
  readonly secret?: string;
  readonly isBeingDeleted?: true;
}

function ingress(name: string, { issuer, secret = 'tls', isBeingDeleted }: Asking = {}): object {
  const annotations = issuer === undefined ? {} : { 'smartproxy.dev/acme-issuer': issuer };
  const deletion = isBeingDeleted && { deletionTimestamp: '2026-06-01T00:00:00Z' };
  return {
    kind: 'Ingress',
    metadata: { namespace: 'shop', name, uid: name, annotations, ...deletion },
    spec: { ingressClassName: 'smartproxy', tls: [{ hosts: [`${name}.test`], secretName: secret }], rules: [{ host: `${name}.test` }] },
  };
}

const parameters = {
  apiGroup: 'smartproxy.dev',
  kind: 'SmartProxyConfig',
  name: 'edge',
  namespace: 'smartproxy-ingress',
  scope: 'Namespace',
};
const issuers = [
  { name: 'keeping', directory: 'https://ca.test/dir' },
  { name: 'deleting', directory: 'https://ca.test/dir', reclaimPolicy: 'Delete' },
];

/** What is ordered for these, and who owns it. */
function ordered(...objects: readonly object[]) {
  const store = new ObjectStore();
  const installation = [
    { kind: 'IngressClass', metadata: { name: 'smartproxy' }, spec: { controller: 'smartproxy.dev/ingress-controller', parameters } },
    { kind: 'SmartProxyConfig', metadata: { namespace: 'smartproxy-ingress', name: 'edge' }, spec: { acme: { issuers } } },
  ];
  for (const object of [...installation, ...objects]) store.apply(object as KubeObject);
  return translate(store.snapshot(), defaultOptions).acme.map(({ secret, owners, hasOtherOwners }) => {
    return { secret, owners: owners.map(({ kind, name }) => `${kind} ${name}`), hasOtherOwners };
  });
}

test('all objects that name the Secret own it, whether they ask or not, where the issuer says Delete; those that are being deleted do not', () => {
  const none: readonly string[] = [];
  assert.deepEqual(ordered(ingress('a', { issuer: 'keeping' }), ingress('b')), [
    { secret: 'shop/tls', owners: none, hasOtherOwners: false },
  ]);
  const objects = [
    ingress('a', { issuer: 'deleting' }),
    ingress('b'),
    ingress('c', { isBeingDeleted: true }),
    ingress('d', { secret: 'x' }),
  ];
  const owners = ['Ingress a', 'Ingress b'];
  assert.deepEqual(ordered(...objects), [{ secret: 'shop/tls', owners, hasOtherOwners: false }]);
  const written: Pick<Secret, 'kind' | 'metadata'> = { kind: 'Secret', metadata: bare };
  assert.deepEqual(ordered(...objects, written), [{ secret: 'shop/tls', owners, hasOtherOwners: true }]);
  const owned = { ...written, metadata: withOwners(bare, [owner('a'), owner('b')]) };
  assert.deepEqual(ordered(...objects, owned), [{ secret: 'shop/tls', owners, hasOtherOwners: false }]);
  assert.deepEqual(ordered(ingress('c', { issuer: 'deleting', isBeingDeleted: true })), [], 'nothing is ordered for it');
});

test('of more objects than fit none owns it, so that it stays', () => {
  const asking = (count: number) => Array.from({ length: count }, (_, index) => ingress(`h${index}`, { issuer: 'deleting' }));
  assert.equal(ordered(...asking(100))[0]?.owners.length, 100);
  assert.equal(ordered(...asking(101))[0]?.owners.length, 0);
});

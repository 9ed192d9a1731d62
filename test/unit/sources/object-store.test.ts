import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Namespace, Secret, Service } from '../../../src/api/objects.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';

function service(name: string, port: number, namespace = 'shop', extra: Record<string, unknown> = {}): Service {
  return { kind: 'Service', metadata: { name, namespace, ...extra }, spec: { ports: [{ port }] } };
}

test('ObjectStore: an applied object is found under namespace/name, a cluster-scoped one under its name', () => {
  const store = new ObjectStore();
  const namespace: Namespace = { kind: 'Namespace', metadata: { name: 'shop' } };
  store.apply(service('web', 80));
  store.apply(namespace);
  assert.equal(store.snapshot().of('Service').get('shop/web')?.spec?.ports?.[0]?.port, 80);
  assert.equal(store.snapshot().of('Namespace').get('shop'), namespace);
  assert.equal(store.snapshot().of('Secret').size, 0);
});

test('ObjectStore: a snapshot does not see later changes', () => {
  const store = new ObjectStore();
  store.apply(service('web', 80));
  const before = store.snapshot();
  store.apply(service('web', 81));
  store.apply(service('api', 82));
  store.remove('Service', 'shop/web');
  assert.deepEqual([...before.of('Service').keys()], ['shop/web']);
  assert.equal(before.of('Service').get('shop/web')?.spec?.ports?.[0]?.port, 80);
  assert.deepEqual([...store.snapshot().of('Service').keys()], ['shop/api']);
});

test('ObjectStore: kinds that did not change keep their map from one snapshot to the next', () => {
  const store = new ObjectStore();
  store.apply(service('web', 80));
  store.apply({ kind: 'Namespace', metadata: { name: 'shop' } });
  const before = store.snapshot();
  store.apply(service('web', 81));
  const after = store.snapshot();
  assert.equal(after.of('Namespace'), before.of('Namespace'));
  assert.notEqual(after.of('Service'), before.of('Service'));
  assert.ok(after.revision > before.revision);
  assert.equal(store.snapshot(), after);
});

test('ObjectStore: an object that comes again without a difference keeps its reference and tells nobody', () => {
  const store = new ObjectStore();
  const first = service('web', 80);
  store.apply(first);
  let told = 0;
  store.subscribe(() => told++);
  assert.equal(store.apply(service('web', 80)), false);
  assert.equal(store.get('Service', 'shop/web'), first);
  assert.equal(told, 0);
});

test('ObjectStore: the same resourceVersion is the same object, another uid is not', () => {
  const store = new ObjectStore();
  store.apply(service('web', 80, 'shop', { resourceVersion: '7', uid: 'a' }));
  assert.equal(store.apply(service('web', 80, 'shop', { resourceVersion: '7', uid: 'a' })), false);
  assert.equal(store.apply(service('web', 80, 'shop', { resourceVersion: '7', uid: 'b' })), true);
});

test('ObjectStore: a Secret that arrives with its data replaces the same version without', () => {
  const store = new ObjectStore();
  const bare: Secret = { kind: 'Secret', metadata: { name: 'tls', namespace: 'shop', resourceVersion: '7', uid: 'a' } };
  store.apply(bare);
  assert.equal(store.apply({ ...bare, data: { 'tls.crt': 'eA==' } }), true);
  assert.deepEqual(store.get('Secret', 'shop/tls')?.data, { 'tls.crt': 'eA==' });
});

test('ObjectStore: managedFields and the last-applied annotation are dropped, the input object stays whole', () => {
  const store = new ObjectStore();
  const input = service('web', 80, 'shop', {
    managedFields: [{ manager: 'kubectl' }],
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' },
  });
  store.apply(input);
  assert.deepEqual(store.get('Service', 'shop/web')?.metadata, { name: 'web', namespace: 'shop', annotations: { keep: 'me' } });
  assert.ok('managedFields' in input.metadata);
});

test('ObjectStore: replacing a kind in one namespace leaves the others alone', () => {
  const store = new ObjectStore();
  store.replaceKind('Service', [service('web', 80, 'a'), service('web', 80, 'b')]);
  store.replaceKind('Service', [service('api', 80, 'a')], 'a');
  assert.deepEqual([...store.snapshot().of('Service').keys()].sort(), ['a/api', 'b/web']);
});

test('ObjectStore: replaceAll takes away every kind that is not in the list, with one notification', () => {
  const store = new ObjectStore();
  store.apply({ kind: 'Namespace', metadata: { name: 'shop' } });
  store.apply(service('web', 80));
  let told = 0;
  const unsubscribe = store.subscribe(() => told++);
  store.replaceAll([service('api', 80), service('cart', 80)]);
  assert.equal(told, 1);
  assert.equal(store.count('Namespace'), 0);
  assert.equal(store.count('Service'), 2);
  unsubscribe();
  store.replaceAll([]);
  assert.equal(told, 1);
});

test('ObjectStore: problems are kept by reporter and taken back with an empty list', () => {
  const store = new ObjectStore();
  store.setProblems('ingresses', [{ where: 'ingresses', message: 'forbidden' }]);
  store.setProblems('services', [{ where: 'services', message: 'gone' }]);
  store.setProblems('ingresses', []);
  assert.deepEqual(store.problems(), [{ where: 'services', message: 'gone' }]);
});

test('ObjectStore: synced is announced once', () => {
  const store = new ObjectStore();
  let told = 0;
  store.subscribe(() => told++);
  store.markSynced();
  store.markSynced();
  assert.equal(store.synced, true);
  assert.equal(told, 1);
});

test('ObjectStore: any sequence of edits leaves what a plain map would hold, and no snapshot ever changes', () => {
  const edit = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    port: fc.integer({ min: 1, max: 3 }),
    remove: fc.boolean(),
    look: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
      const store = new ObjectStore();
      const model = new Map<string, number>();
      const seen: { taken: ReturnType<ObjectStore['snapshot']>; content: string }[] = [];
      const dump = (snapshot: ReturnType<ObjectStore['snapshot']>) =>
        JSON.stringify([...snapshot.of('Service')].map(([key, object]) => [key, object.spec?.ports?.[0]?.port]).sort());
      for (const { name, port, remove, look } of edits) {
        if (remove) store.remove('Service', `shop/${name}`);
        else store.apply(service(name, port));
        if (remove) model.delete(`shop/${name}`);
        else model.set(`shop/${name}`, port);
        if (look) seen.push({ taken: store.snapshot(), content: dump(store.snapshot()) });
      }
      assert.equal(dump(store.snapshot()), JSON.stringify([...model].sort()));
      for (const { taken, content } of seen) assert.equal(dump(taken), content);
    }),
  );
});

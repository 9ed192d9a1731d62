import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesPatch, warningEvent } from '../../../src/sources/kubernetes/warning-event.ts';
import type { Problem } from '../../../src/translate/translation.ts';

const problem: Problem = {
  object: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name: 'web', uid: 'u1' },
  reason: 'ServiceNotFound',
  field: 'spec.rules[0]',
  message: 'Ingress shop/web refers to Service shop/cart, which does not exist: create it',
};

test('warningEvent: the same problem has the same name at any time and on any replica, another problem another one', () => {
  const name = warningEvent(problem, 'pod-a', 0).metadata.name;
  assert.match(name, /^web\.[0-9a-f]{16}$/);
  assert.equal(warningEvent(problem, 'pod-b', 99_000).metadata.name, name);
  assert.notEqual(warningEvent({ ...problem, field: 'spec.rules[1]' }, 'pod-a', 0).metadata.name, name);
  assert.notEqual(warningEvent({ ...problem, object: { ...problem.object, uid: 'u2' } }, 'pod-a', 0).metadata.name, name);
});

test('warningEvent: note and name stay within the limits of the API, whole characters only', () => {
  const long = { ...problem, message: 'ü'.repeat(1000), object: { ...problem.object, name: `${'a'.repeat(199)}-${'b'.repeat(53)}` } };
  const { note, metadata } = warningEvent(long, 'p'.repeat(300), 0);
  assert.equal(note, 'ü'.repeat(512));
  assert.ok(metadata.name.length <= 253);
  assert.match(metadata.name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\.[0-9a-f]{16}$/);
});

test('seriesPatch: a series has at least two sightings and microsecond times', () => {
  assert.deepEqual(seriesPatch(1, 1500), { series: { count: 2, lastObservedTime: '1970-01-01T00:00:01.500000Z' } });
});

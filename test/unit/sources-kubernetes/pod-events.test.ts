import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podSubjects } from '../../../src/sources/kubernetes/pod-events.ts';
import type { Trouble } from '../../../src/sources/troubles.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'own', name: 'a-1', uid: 'u' };

test('podSubjects: one for each trouble, with a reason in CamelCase; none for Events themselves', () => {
  const troubles = new Map<string, Trouble>([
    ['endpointslices', { reason: 'not-served', message: 'Cannot list.' }],
    ['events', { reason: 'forbidden', message: 'Cannot create.' }],
  ]);
  assert.deepEqual(podSubjects(pod, troubles), [{ object: pod, reason: 'NotServed', field: 'endpointslices', message: 'Cannot list.' }]);
});

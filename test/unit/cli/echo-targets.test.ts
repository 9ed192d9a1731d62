import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice } from '../../../src/api/objects.ts';
import { echoTargets } from '../../../src/cli/echo-targets.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';

function slice(name: string, addresses: readonly string[], overrides: Partial<EndpointSlice> = {}): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'q', labels: { 'kubernetes.io/service-name': 'web' }, annotations: { 'smartproxy.dev/echo': 'true' } },
    addressType: 'IPv4',
    endpoints: [{ addresses }],
    ports: [{ port: 8000 }],
    ...overrides,
  };
}

function targetsOf(...slices: readonly EndpointSlice[]): string[] {
  const store = new ObjectStore();
  for (const each of slices) store.apply(each);
  return [...echoTargets(store.snapshot())].map(([key, { service }]) => `${key} ${service}`);
}

test('echo targets: annotated slices on loopback only, IPv4 and IPv6', () => {
  assert.deepEqual(targetsOf(slice('a', ['127.0.0.1', '10.0.0.1', '::1', 'localhost'])), ['127.0.0.1:8000 q/web', '::1:8000 q/web']);
  assert.deepEqual(targetsOf(slice('a', ['127.0.0.1'], { metadata: { name: 'a', namespace: 'q' } })), []);
});

test('echo targets: nonsense in a slice does no harm', () => {
  const nonsense = { endpoints: 'x', ports: [null, { port: '80' }, { port: 0 }, { port: 70000 }] } as unknown as Partial<EndpointSlice>;
  assert.deepEqual(targetsOf(slice('a', ['127.0.0.1'], nonsense)), []);
  assert.deepEqual(targetsOf(slice('a', ['127.0.0.1'], { endpoints: null, ports: null })), []);
});

test('echo targets: a folder can ask for a bounded number of servers', () => {
  const slices = Array.from({ length: 150 }, (_, index) => slice(`s${index}`, ['127.0.0.1'], { ports: [{ port: 8000 + index }] }));
  assert.equal(targetsOf(...slices).length, 100);
});

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { EndpointSlice } from '../../../src/api/objects.ts';
import { EchoBackends } from '../../../src/cli/echo-backends.ts';
import { SmartProxyError } from '../../../src/errors.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { freePort } from '../../tools/free-port.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function slice(name: string, port: number): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'q', labels: { 'kubernetes.io/service-name': name }, annotations: { 'smartproxy.dev/echo': 'true' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'] }],
    ports: [{ port }],
  };
}

async function started(t: TestContext, store: ObjectStore): Promise<EchoBackends> {
  const backends = new EchoBackends(store, quiet);
  t.after(() => backends.close());
  await backends.start();
  return backends;
}

test('echo backend: answers with the request as it came', async (t) => {
  const store = new ObjectStore();
  const port = await freePort();
  store.apply(slice('web', port));
  await started(t, store);
  const response = await fetch(`http://127.0.0.1:${port}/a?b=c`, { method: 'POST', body: 'hello', headers: { 'x-test': 'yes' } });
  const answer = (await response.json()) as Record<string, unknown> & { headers: Record<string, string> };
  assert.equal(response.status, 200);
  assert.deepEqual([answer.service, answer.endpoint, answer.method, answer.url], ['q/web', `127.0.0.1:${port}`, 'POST', '/a?b=c']);
  assert.deepEqual([answer.bodyBytes, answer.headers['x-test']], [5, 'yes']);
});

test('echo backend: servers follow the objects', async (t) => {
  const store = new ObjectStore();
  const [first, second] = [await freePort(), await freePort()];
  store.apply(slice('a', first));
  const backends = await started(t, store);
  store.apply(slice('b', second));
  store.remove('EndpointSlice', 'q/a');
  await backends.settled();
  assert.equal((await fetch(`http://127.0.0.1:${second}/`)).status, 200);
  await assert.rejects(fetch(`http://127.0.0.1:${first}/`));
});

test('echo backend: a port that is taken is an error that names Service, address and port', async (t) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  const store = new ObjectStore();
  store.apply(slice('web', port));
  await assert.rejects(new EchoBackends(store, quiet).start(), (error) => {
    assert.ok(error instanceof SmartProxyError && error.code === 'ADDRESS_IN_USE');
    assert.match(error.message, new RegExp(`q/web on 127\\.0\\.0\\.1:${port}: another process uses this port`));
    return true;
  });
});

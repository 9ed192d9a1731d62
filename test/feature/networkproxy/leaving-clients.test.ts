import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { eventually, RawClient } from './raw-client.ts';

const get = (path: string, version = '1.1'): string => `GET ${path} HTTP/${version}\r\nHost: a.example\r\n\r\n`;
const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome';

/** `/never` gets no answer, `/slow` the beginning of one. */
function startBackend(): Promise<Backend> {
  return Backend.start((socket, text) => {
    if (text.includes('/slow')) socket.write(half);
    else if (!text.includes('/never')) socket.write(hello);
  });
}

for (const protocol of ['http', 'https'] as const) {
  const start = async (backend: Backend): Promise<Harness> => {
    const tls = { kind: 'terminate', certificates: ['t/a'] } as const;
    const routes = [{ host: 'a.example', endpoints: [backend.port], ...(protocol === 'https' ? { tls } : {}) }];
    return await Harness.start({
      protocol,
      routes,
      ...(protocol === 'https' ? { certificates: [await ecCertificate('t/a', 'a.example')] } : {}),
    });
  };
  const connect = async ({ port }: Harness): Promise<RawClient> => {
    if (protocol === 'http') return await RawClient.connect(port);
    const target = { port, host: '127.0.0.1', servername: 'a.example', rejectUnauthorized: false, allowHalfOpen: true };
    const socket = connectTls(target);
    const client = new RawClient(socket);
    await once(socket, 'secureConnect');
    return client;
  };
  const untilNothing = async ({ proxy }: Harness): Promise<void> => {
    await eventually(() => proxy.poolStatus.active + proxy.connectedClients === 0, 'neither the client nor its request');
  };

  describe(`an HTTP/1.1 client that leaves with FIN (${protocol})`, () => {
    for (const { when, request, path, seen } of [
      { when: 'while its answer is awaited', request: get('/never'), path: '/never', seen: '' },
      { when: 'in the middle of its answer', request: get('/slow'), path: '/slow', seen: 'some' },
      { when: 'with the next request sent', request: get('/never') + get('/next'), path: '/never', seen: '' },
    ])
      test(`${when} is gone: its request ends at the backend, and is logged with 499`, async () => {
        await using backend = await startBackend();
        await using harness = await start(backend);
        using client = await connect(harness);
        client.write(request);
        await eventually(() => backend.received.join('').includes(path), 'the request at the backend');
        if (seen !== '') await client.untilText(seen);
        client.socket.end();
        await untilNothing(harness);
        const isUnderWay = seen !== '';
        assert.deepEqual(
          harness.requests.map((entry) => [entry.path, entry.status, entry.flag]),
          [[path, isUnderWay ? 200 : 499, 'client_gone']],
        );
        assert.deepEqual(harness.connections[0]?.ended, { side: 'client', reason: 'normal' });
        assert.ok(!backend.received.join('').includes('/next'), 'what it asked for later asks no backend');
      });

    test('after its answers is no request that was left', async () => {
      await using backend = await startBackend();
      await using harness = await start(backend);
      using client = await connect(harness);
      client.write(get('/one') + get('/two'));
      await client.until(() => client.text.split('hello').length === 3);
      client.socket.end();
      await untilNothing(harness);
      assert.equal(harness.flag('client_gone'), 0);
    });

    test('but reads on sees that an answer which ends with the connection is not whole', async () => {
      await using backend = await Backend.start((socket) =>
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nsome\r\n'),
      );
      await using harness = await start(backend);
      using client = await connect(harness);
      client.write(get('/', '1.0'));
      await client.untilText('some');
      client.socket.end();
      await client.until(() => client.closed);
      assert.ok(client.error !== undefined, 'a reset');
    });
  });
}

test('requests behind one that waits for its answer are read for a few KB, and all answered in order', async () => {
  const count = 200;
  let answer = (): void => {};
  let seen = 0;
  await using backend = await Backend.start((socket, text) => {
    seen += text.split('\r\n\r\n').length - 1;
    if (text.includes('/0 ')) answer = () => void socket.write(hello);
    else socket.write(hello);
  });
  await using harness = await Harness.start({ routes: [{ host: 'a.example', endpoints: [backend.port] }] });
  using client = await RawClient.connect(harness.port);
  client.write(get('/0'));
  await eventually(() => seen === 1, 'the first request at the backend');
  for (let n = 1; n < count; n++) {
    client.write(get(`/${n}`));
    await new Promise((resolve) => setImmediate(resolve));
  }
  answer();
  await client.until(() => client.text.split('hello').length === count + 1);
  assert.deepEqual(
    harness.requests.map(({ path }) => path),
    Array.from({ length: count }, (_, n) => `/${n}`),
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import { Redacted } from '../../../src/redacted.ts';
import type { Certificate } from '../../../src/routes/route-table.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { eventually, RawClient } from './raw-client.ts';

const { cert, key } = await makeTestCertificate('a.example');
const certificate: Certificate = {
  key: 't/a',
  names: ['a.example'],
  chain: cert,
  privateKey: new Redacted(key),
  fingerprint: '',
  notAfterMs: 0,
  keyType: 'ec',
};

/** More than the kernel buffers for a connection that nobody reads. */
const bodyBytes = 2 ** 24;

/** Plain sockets read into the buffer that all share, TLS sockets come as 'data' events: what holds for one must hold for the other. */
for (const protocol of ['http', 'https'] as const) {
  describe(`reads of ${protocol} clients`, () => {
    const start = (backend: Backend): Promise<Harness> =>
      Harness.start({
        protocol,
        certificates: [certificate],
        routes: [{ host: 'a.example', endpoints: [backend.port], tls: { kind: 'terminate', certificates: ['t/a'] } }],
      });

    async function client(harness: Harness): Promise<RawClient> {
      if (protocol === 'http') return RawClient.connect(harness.port);
      const socket = connect({
        port: harness.port,
        host: '127.0.0.1',
        servername: 'a.example',
        rejectUnauthorized: false,
      });
      await new Promise<void>((resolve, reject) => {
        socket.once('secureConnect', resolve);
        socket.once('error', reject);
      });
      return new RawClient(socket);
    }

    test('uploads that wait for a slow backend keep their own bytes while others are read', async () => {
      await using backend = await Backend.start((socket, _text, _connection, all) => {
        if (all.length > bodyBytes && all.length - all.indexOf('\r\n\r\n') - 4 === bodyBytes) socket.write(hello);
      });
      backend.server.on('connection', (socket) => socket.pause());
      await using harness = await start(backend);
      using clients = new DisposableStack();
      const all: RawClient[] = [];
      for (const letter of ['a', 'b', 'c']) {
        const uploader = clients.use(await client(harness));
        uploader.write(`POST /${letter} HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${bodyBytes}\r\n\r\n${letter.repeat(bodyBytes)}`);
        all.push(uploader);
      }
      await eventually(() => backend.connections === 3, 'three uploads at the backend');
      for (const socket of backend.sockets) socket.resume();
      for (const uploader of all) await uploader.untilText('hello');
      for (const received of backend.received) {
        const letter = received.charAt('POST /'.length);
        const body = received.slice(received.indexOf('\r\n\r\n') + 4);
        assert.ok(body === letter.repeat(bodyBytes), `the body of /${letter} has bytes of another`);
      }
    });

    test('requests that come before the last answer keep their bytes while another client is read', async () => {
      const waiting: (() => void)[] = [];
      await using backend = await Backend.start((socket, text) => {
        waiting.push(() => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n${text.split(' ', 2)[1]?.padEnd(9, '.')}`));
      });
      await using harness = await start(backend);
      using first = await client(harness);
      using second = await client(harness);
      const paths = Array.from({ length: 40 }, (_, i) => `/first-${i}`);
      first.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`).join(''));
      await eventually(() => waiting.length === 1, 'the first request at the backend');
      second.write(`GET /second HTTP/1.1\r\nHost: a.example\r\nX-Padding: ${'x'.repeat(4000)}\r\n\r\n`);
      await eventually(() => waiting.length === 2, 'the request of the other client');
      for (let answered = 0; answered < paths.length + 1; answered++) {
        await eventually(() => waiting.length > answered, `request ${answered}`);
        waiting[answered]?.();
      }
      await first.untilText('/first-39');
      await second.untilText('/second');
      const answers = first.text.match(/\/first-\d+/g);
      assert.deepEqual(answers, paths);
    });

    test('bytes of a tunnel that wait for a slow backend are those that were sent', async () => {
      await using backend = await Backend.start((socket, text) => {
        if (!text.startsWith('GET')) return;
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.pause();
      });
      await using harness = await start(backend);
      using first = await client(harness);
      using second = await client(harness);
      for (const [letter, end] of [
        ['a', first],
        ['b', second],
      ] as const) {
        end.write(`GET /${letter} HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
        await end.untilText('101');
        end.write(letter.repeat(bodyBytes));
      }
      for (const socket of backend.sockets) socket.resume();
      await eventually(() => backend.received.every((text) => text.length > bodyBytes), 'all bytes at the backend');
      for (const received of backend.received) {
        const letter = received.charAt('GET /'.length);
        assert.ok(received.slice(received.indexOf('\r\n\r\n') + 4) === letter.repeat(bodyBytes), `the tunnel of /${letter}`);
      }
    });
  });
}

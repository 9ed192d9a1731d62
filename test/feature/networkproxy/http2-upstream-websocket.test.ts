import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { describe, test } from 'node:test';
import { bodyOf, FrameBackend, type FrameRequest } from '../../tools/frame-backend.ts';
import { endStream, errorCodes } from '../../tools/raw-http2.ts';
import { http1, Setup, untilRequests } from './http2-upstream-kit.ts';
import { eventually } from './raw-client.ts';

const enableConnect = [[8, 1]] as const;
/** The key and its answer in RFC 6455 section 1.3. */
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const upgrade = `GET /chat?x=1 HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`;

/** The client's end of a WebSocket, whatever its version. */
interface Client {
  write(text: string): void;
  /** No more from here. */
  end(): void;
  /** Breaks off. */
  abort(): void;
  readonly text: string;
  /** The other side has ended. */
  readonly ended: boolean;
  /** All is over. */
  readonly closed: boolean;
  readonly status: number;
  pause(): void;
  resume(): void;
}

interface Version {
  readonly name: string;
  readonly open: (setup: Setup) => Promise<Client>;
}

const versions: readonly Version[] = [
  {
    name: 'HTTP/1.1',
    open: async (setup) => {
      const client = await http1(setup.harness, upgrade);
      await client.untilText('\r\n\r\n');
      const head = client.text.indexOf('\r\n\r\n') + 4;
      if (client.text.startsWith('HTTP/1.1 101 ')) {
        assert.ok(client.text.includes(`\r\nsec-websocket-accept: ${accept}\r\n`));
        assert.match(client.text, /\r\nsec-websocket-protocol: chat\r\n/);
        assert.match(client.text, /\r\nconnection: upgrade\r\n/i);
        assert.match(client.text, /\r\nupgrade: websocket\r\n/i);
      }
      return {
        write: (text) => client.write(text),
        end: () => client.socket.end(),
        abort: () => client.socket.resetAndDestroy(),
        get text() {
          return client.text.slice(head);
        },
        get ended() {
          return client.ended || client.closed;
        },
        get closed() {
          return client.closed || client.ended;
        },
        status: Number(client.text.slice(9, 12)),
        pause: () => client.socket.pause(),
        resume: () => client.socket.resume(),
      };
    },
  },
  {
    name: 'HTTP/2',
    open: async (setup) => {
      const stream: ClientHttp2Stream = setup.client.session.request({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'http',
        ':authority': 'a.example',
        ':path': '/chat?x=1',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'chat',
      });
      let text = '';
      let ended = false;
      stream.on('error', () => {});
      stream.on('end', () => {
        ended = true;
      });
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      const status = Number(headers[':status']);
      return {
        write: (more) => stream.write(more, 'latin1'),
        end: () => stream.end(),
        abort: () => stream.close(errorCodes.cancel),
        get text() {
          return text;
        },
        get ended() {
          return ended;
        },
        get closed() {
          return stream.closed;
        },
        status: status === 200 ? 101 : status,
        pause: () => stream.pause(),
        resume: () => stream.resume(),
      };
    },
  },
];

const acceptIt = ({ connection, stream }: FrameRequest): void => {
  connection.headers(stream, [
    [':status', '200'],
    ['sec-websocket-protocol', 'chat'],
  ]);
};

for (const { name, open } of versions) {
  describe(`a WebSocket from ${name} to an HTTP/2 backend`, () => {
    test('is an extended CONNECT there, and passes bytes both ways beside other requests', async () => {
      await using backend = await FrameBackend.start({
        settings: enableConnect,
        onHead: (request) => {
          if (request.fields[':method'] === 'CONNECT') acceptIt(request);
          else request.connection.answer(request.stream, 'hello');
        },
      });
      await using setup = await Setup.start([backend]);
      const client = await open(setup);
      assert.equal(client.status, 101);
      const [request] = backend.requests;
      const { fields, connection } = request!;
      assert.equal(fields[':method'], 'CONNECT');
      assert.equal(fields[':protocol'], 'websocket');
      assert.equal(fields[':path'], '/chat?x=1');
      assert.equal(fields[':scheme'], 'http');
      assert.equal(fields['sec-websocket-version'], '13');
      assert.equal(fields['sec-websocket-protocol'], 'chat');
      for (const field of ['sec-websocket-key', 'connection', 'upgrade']) assert.equal(fields[field], undefined, field);
      client.write('ping');
      await eventually(() => bodyOf(request!).toString() === 'ping', 'the ping');
      connection.data(1, 'pong');
      await eventually(() => client.text === 'pong', 'the pong');
      assert.equal((await setup.client.ask('/')).body, 'hello');
      assert.equal(backend.connections.length, 1);
      assert.equal(setup.active, 1, 'the endpoint is used as long as it lives');
      assert.equal(setup.outcomes[0], '101 - -');
      client.end();
      await eventually(() => request?.ended === true, 'the end of the client');
      assert.equal(setup.active, 1);
      connection.data(1, ' and last', endStream);
      await eventually(() => client.ended && client.text === 'pong and last', 'the end of the backend');
      await eventually(() => setup.active === 0, 'no request at the endpoint');
      assert.equal(request?.resetCode, undefined, 'both sides ended in order');
      await setup.expectNothingLeft(backend);
    });

    test('that the backend ends first goes on in the other direction', async () => {
      await using backend = await FrameBackend.start({ settings: enableConnect, onHead: acceptIt });
      await using setup = await Setup.start([backend]);
      const client = await open(setup);
      backend.connections[0]?.data(1, 'bye', endStream);
      await eventually(() => client.ended, 'the end of the backend');
      assert.equal(client.text, 'bye');
      client.write('still here');
      await eventually(() => bodyOf(backend.requests[0]!).toString() === 'still here', 'the bytes behind it');
      client.end();
      await eventually(() => setup.active === 0, 'no request at the endpoint');
      await setup.expectNothingLeft(backend);
    });

    test('is reset at the backend when its client breaks off', async () => {
      await using backend = await FrameBackend.start({ settings: enableConnect, onHead: acceptIt });
      await using setup = await Setup.start([backend]);
      const client = await open(setup);
      client.abort();
      await eventually(() => backend.requests[0]?.resetCode === errorCodes.cancel, 'the reset');
      await eventually(() => setup.active === 0, 'no request at the endpoint');
      await setup.untilPool(1, 0, 0);
      await setup.expectNothingLeft(backend);
    });

    for (const kind of ['resets it', 'loses its connection', 'leaves with GOAWAY'] as const) {
      test(`ends when the backend ${kind}`, async () => {
        await using backend = await FrameBackend.start({ settings: enableConnect, onHead: acceptIt });
        await using setup = await Setup.start([backend]);
        const client = await open(setup);
        const [connection] = backend.connections;
        if (kind === 'resets it') connection?.reset(1, errorCodes.internalError);
        else if (kind === 'loses its connection') connection?.socket.resetAndDestroy();
        else connection?.goaway(0);
        await eventually(() => client.closed, 'the end');
        await eventually(() => setup.active === 0, 'no request at the endpoint');
        await setup.expectNothingLeft(backend);
      });
    }

    test('carries megabytes, and holds the backend up while its client takes nothing', async () => {
      await using backend = await FrameBackend.start({ settings: enableConnect, onHead: acceptIt });
      await using setup = await Setup.start([backend]);
      const client = await open(setup);
      const connection = backend.connections[0]!;
      const up = 'u'.repeat(2_000_000);
      client.write(up);
      await eventually(() => bodyOf(backend.requests[0]!).length === up.length, 'all of the upload');
      client.pause();
      let sent = 0;
      let unchanged = 0;
      await eventually(() => {
        const room = 131_072 + (connection.credits.get(1) ?? 0) - sent;
        unchanged = room === 0 ? unchanged + 1 : 0;
        connection.dataOf(1, room);
        sent += room;
        return unchanged === 40;
      }, 'the stand-still');
      assert.ok(sent < 30_000_000, `${sent} bytes before the backend was held up`);
      client.resume();
      await eventually(() => client.text.length === sent, 'all of the download');
      await eventually(() => 131_072 + (connection.credits.get(1) ?? 0) > sent, 'room again');
      client.abort();
      await eventually(() => setup.active === 0, 'no request at the endpoint');
      await setup.expectNothingLeft(backend);
    });

    test('is refused with the answer of the backend', async () => {
      await using backend = await FrameBackend.start({
        settings: enableConnect,
        onHead: ({ connection, stream }) => connection.answer(stream, 'no', [], 403),
      });
      await using setup = await Setup.start([backend]);
      assert.equal((await open(setup)).status, 403);
      await eventually(() => setup.active === 0, 'no request at the endpoint');
      assert.deepEqual(setup.outcomes, ['403 - -']);
      await setup.untilPool(1, 0, 0);
    });

    test('is a 502 when the backend does not take extended CONNECT, and the log says so', async () => {
      await using backend = await FrameBackend.start();
      await using setup = await Setup.start([backend]);
      assert.equal((await open(setup)).status, 502);
      assert.deepEqual(setup.outcomes, ['502 upstream_protocol_error no-extended-connect']);
      assert.equal(backend.requests.length, 0);
      await setup.untilPool(1, 0, 0);
      assert.equal(setup.active, 0);
      await setup.expectNothingLeft(backend);
    });

    test('ends after tunnelIdleMs of silence', async () => {
      await using backend = await FrameBackend.start({ settings: enableConnect, onHead: acceptIt });
      await using setup = await Setup.start([backend], { policy: { timeouts: { tunnelIdleMs: 100 } } });
      const client = await open(setup);
      await eventually(() => client.closed, 'the end');
      await eventually(() => backend.requests[0]?.resetCode === errorCodes.cancel, 'the reset');
      assert.equal(setup.active, 0);
      await setup.expectNothingLeft(backend);
    });

    test('lives on when its endpoint is removed, and its connection ends with it', async () => {
      await using backend = await FrameBackend.start({ settings: enableConnect, onHead: acceptIt });
      await using setup = await Setup.start([backend]);
      const client = await open(setup);
      await untilRequests(backend, 1);
      setup.harness.change({ routes: [] });
      const [connection] = backend.connections;
      connection?.data(1, 'still here');
      await eventually(() => client.text === 'still here', 'its bytes');
      assert.equal(setup.pool, 'idle 0, active 1, connecting 0');
      client.abort();
      await setup.untilPool(0, 0, 0);
      await setup.expectNothingLeft(backend);
    });
  });
}

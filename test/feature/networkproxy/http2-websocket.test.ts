import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { describe, test } from 'node:test';
import { RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { Backend, hello } from './backend.ts';
import { handshakeEdits } from './handshake-edits.ts';
import { Harness } from './harness.ts';
import { eventually } from './raw-client.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Is ignored. */
const unknownFrame = 0x77;

function keyOf(request: string): string {
  return /\r\nsec-websocket-key: (\S+)\r\n/.exec(request)?.[1] ?? '';
}

function switching(accept: string): string {
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`;
}

/** Answers the upgrade, with a first frame glued to it, and echoes from then on; ends when the client does. */
function echoing(): Promise<Backend> {
  return Backend.start((socket, text) => {
    if (!text.startsWith('GET')) socket.write(`echo:${text}`);
    else
      socket.write(
        `${switching(
          createHash('sha1')
            .update(`${keyOf(text)}${guid}`)
            .digest('base64'),
        )}first`,
      );
  });
}

async function session(port: number): Promise<ClientHttp2Session> {
  const made = connect(`http://127.0.0.1:${port}`);
  made.on('error', () => {});
  if (made.remoteSettings?.enableConnectProtocol !== true) await once(made, 'remoteSettings');
  return made;
}

interface Opened {
  readonly stream: ClientHttp2Stream;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: () => string;
}

async function open(client: ClientHttp2Session, extra: Readonly<Record<string, string>> = {}): Promise<Opened> {
  const stream = client.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': 'a.example',
    ':path': '/chat',
    'sec-websocket-version': '13',
    ...extra,
  });
  stream.on('error', () => {});
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  return { stream, status: Number(headers[':status']), headers, text: () => text };
}

describe('a WebSocket over HTTP/2', () => {
  test('has the headers of its answer edited as the route says, but for those of the handshake', async () => {
    await using backend = await echoing();
    await using harness = await Harness.start({
      routes: [{ endpoints: [backend.port], policy: { responseHeaders: handshakeEdits } }],
      config: { h2c: true },
    });
    const client = await session(harness.port);
    const { status, headers } = await open(client);
    client.destroy();
    const { 'sec-websocket-protocol': protocol, 'strict-transport-security': hsts, 'x-added': added } = headers;
    assert.deepEqual([status, protocol, hsts, added], [200, 'chat', 'max-age=9', '1']);
    assert.equal(headers['sec-websocket-extensions'], undefined);
  });

  test('keeps what came before its backend agreed, whatever is read in the meantime', async () => {
    const agree: (() => void)[] = [];
    await using backend = await Backend.start((socket, text) => {
      if (!text.startsWith('GET')) return;
      const accept = createHash('sha1')
        .update(`${keyOf(text)}${guid}`)
        .digest('base64');
      agree.push(() => socket.write(switching(accept)));
    });
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    using client = await RawHttp2.connect(harness.port);
    await client.settle();
    const early = 'e'.repeat(16_000);
    client.headers(1, [[':method', 'CONNECT'], [':protocol', 'websocket'], ...requestFields('/chat').slice(1)], 0);
    client.data(1, early, 0);
    await eventually(() => agree.length === 1, 'the request at the backend');
    client.send(unknownFrame, 0, 0, Buffer.alloc(16_384, 'z'));
    await client.settle();
    agree[0]?.();
    await eventually(() => backend.received[0]?.endsWith(early) === true, 'the first bytes at the backend');
  });

  test('becomes one to an HTTP/1.1 backend, on a stream beside others', async () => {
    await using backend = await echoing();
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    const client = await session(harness.port);
    assert.equal(client.remoteSettings.enableConnectProtocol, true);
    const first = await open(client);
    const second = await open(client);
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.equal(first.headers['sec-websocket-protocol'], 'chat');
    assert.equal(first.headers['sec-websocket-accept'], undefined);
    assert.match(backend.received[0] as string, /^GET \/chat HTTP\/1\.1\r\n/);
    assert.match(backend.received[0] as string, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
    assert.match(backend.received[0] as string, /\r\nsec-websocket-version: 13\r\n/);
    first.stream.write('ping');
    await eventually(() => first.text() === 'firstecho:ping', 'the echo');
    assert.equal(second.text(), 'first');
    assert.deepEqual(
      harness.requests.map(({ status, protocol }) => `${status} ${protocol}`),
      ['101 HTTP/2', '101 HTTP/2'],
    );
    first.stream.end();
    await once(first.stream, 'close');
    second.stream.write('pong');
    await eventually(() => second.text() === 'firstecho:pong', 'the other goes on');
    second.stream.close();
    await eventually(() => harness.proxy.poolStatus.active === 0, 'both upstream connections gone');
    client.destroy();
  });

  test('whose backend declines gets its answer, and never a 2xx', async () => {
    await using backend = await Backend.start((socket, text) => {
      socket.write(text.startsWith('GET /no') ? 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno' : hello);
    });
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    const client = await session(harness.port);
    assert.equal((await open(client)).status, 502);
    assert.equal((await open(client, { ':path': '/no' })).status, 403);
    client.destroy();
  });

  test('whose backend has not read the key is refused', async () => {
    await using backend = await Backend.start((socket) => socket.write(switching('AAAAAAAAAAAAAAAAAAAAAAAAAAA=')));
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    const client = await session(harness.port);
    await assert.rejects(open(client));
    await eventually(() => harness.proxy.poolStatus.active === 0, 'the upstream connection gone');
    const { status, flag, detail } = harness.requests[0] ?? {};
    assert.deepEqual([status, flag, detail], [502, 'upstream_protocol_error', 'sec-websocket-accept'], 'nobody got a 101');
    client.destroy();
  });

  test('with another protocol is a 501, and silence ends it after tunnelIdleMs', async () => {
    await using backend = await echoing();
    const policy = { timeouts: { tunnelIdleMs: 100 } };
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port], policy }], config: { h2c: true } });
    const client = await session(harness.port);
    assert.equal((await open(client, { ':protocol': 'connect-udp' })).status, 501);
    const silent = await open(client);
    await once(silent.stream, 'close');
    await eventually(() => harness.proxy.poolStatus.active === 0, 'the upstream connection gone');
    client.destroy();
  });

  test('carries a megabyte each way through the windows', async () => {
    await using backend = await echoing();
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    const client = await session(harness.port);
    const { stream, text } = await open(client);
    const sent = 'x'.repeat(1_048_576);
    stream.write(sent);
    await eventually(() => text().replaceAll(/first|echo:/g, '').length === sent.length, 'all of it');
    client.destroy();
    await eventually(() => harness.proxy.poolStatus.active === 0, 'the upstream connection gone');
  });
});

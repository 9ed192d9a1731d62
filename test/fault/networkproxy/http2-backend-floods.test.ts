import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { eventually, get, RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';
import {
  ack,
  endHeaders,
  endStream,
  errorCodes,
  frame,
  frameTypes,
  headerBlock,
  hpackInteger,
  padded,
  RawHttp2,
  requestFields,
  settingIds,
  settingsPayload,
  uint32,
} from '../../tools/raw-http2.ts';
import { type RawBackendScript, RawHttp2Backend } from '../../tools/raw-http2-backend.ts';

const okHead = headerBlock([[':status', '200']]);
const head = (stream: number, flags = 0): Buffer => frame(frameTypes.headers, flags | endHeaders, stream, okHead);
const data = (stream: number, bytes: Buffer | string, flags = 0): Buffer => frame(frameTypes.data, flags, stream, Buffer.from(bytes));
const empty = Buffer.alloc(0);

/** A proxy in front of one raw backend. */
class Attack implements AsyncDisposable {
  readonly backend: RawHttp2Backend;
  readonly harness: Harness;

  private constructor(backend: RawHttp2Backend, harness: Harness) {
    this.backend = backend;
    this.harness = harness;
  }

  static async start(script: RawBackendScript): Promise<Attack> {
    const backend = await RawHttp2Backend.start(script);
    const harness = await Harness.start({
      routes: [{ endpoints: [backend.port], service: { protocol: 'h2c' }, policy: { retries: 0 } }],
      config: { h2c: true },
    });
    return new Attack(backend, harness);
  }

  get port(): number {
    return this.harness.port;
  }

  /** No client, no request at a backend, no connection but idle ones, no deadline but theirs. */
  async assertNothingLeft(idle: number): Promise<void> {
    const { proxy, wheel } = this.harness;
    await eventually(() => proxy.connectedClients === 0, 'no client left');
    await eventually(() => proxy.poolStatus.active + proxy.poolStatus.connecting === 0, 'no upstream in use');
    assert.equal(proxy.poolStatus.idle, idle);
    await eventually(() => this.backend.open === idle, 'no other socket to the backend');
    await eventually(() => wheel.size === idle, 'no deadline left but those of idle upstreams');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.harness[Symbol.asyncDispose]();
    await this.backend[Symbol.asyncDispose]();
  }
}

/** Sends `total` pieces in writes of some hundred, until the other side has had enough; tells how many went. */
async function flood(peer: RawHttp2, total: number, piece: Buffer): Promise<number> {
  const count = Math.max(1, Math.min(500, Math.floor(1_000_000 / piece.length)));
  const batch = Buffer.concat(Array.from({ length: count }, () => piece));
  let sent = 0;
  for (; sent < total && !peer.isClosing && !peer.socket.destroyed; sent += count) {
    if (peer.socket.write(batch)) await new Promise((resolve) => setImmediate(resolve));
    else await peer.until(() => peer.isClosing || !peer.socket.writableNeedDrain);
  }
  return sent;
}

interface Flood {
  readonly of: string;
  readonly rule: string;
  readonly before?: (stream: number) => Buffer;
  readonly piece: (stream: number) => Buffer;
  readonly total?: number;
  /** The head of the answer was sent before. */
  readonly cut?: boolean;
}

const idle = 'too-many-idle-frames';
const floods: readonly Flood[] = [
  { of: 'SETTINGS', rule: idle, piece: () => frame(frameTypes.settings, 0, 0, settingsPayload([[settingIds.maxConcurrentStreams, 100]])) },
  { of: 'empty SETTINGS', rule: idle, piece: () => frame(frameTypes.settings, 0, 0) },
  { of: 'acknowledgements of SETTINGS', rule: idle, piece: () => frame(frameTypes.settings, ack, 0) },
  { of: 'PING', rule: idle, piece: () => frame(frameTypes.ping, 0, 0, Buffer.alloc(8)) },
  { of: 'acknowledgements of PING', rule: idle, piece: () => frame(frameTypes.ping, ack, 0, Buffer.alloc(8)) },
  {
    of: 'GOAWAY that leaves the request alone',
    rule: idle,
    piece: () => frame(frameTypes.goaway, 0, 0, Buffer.from([0x7f, 255, 255, 255, 0, 0, 0, 0])),
  },
  { of: 'PRIORITY', rule: idle, piece: (s) => frame(frameTypes.priority, 0, s, Buffer.from([0, 0, 0, 0, 16])) },
  { of: 'frames of unknown types', rule: idle, piece: () => frame(0x42, 0, 0, Buffer.alloc(8)) },
  { of: 'unknown frames of 16 KiB', rule: idle, piece: () => frame(0x42, 0, 0, Buffer.alloc(16_384)), total: 20_000 },
  { of: 'empty DATA', rule: idle, before: head, piece: (s) => data(s, empty), cut: true },
  {
    of: 'DATA of padding alone',
    rule: idle,
    before: head,
    piece: (s) => frame(frameTypes.data, padded, s, Buffer.from([3, 0, 0, 0])),
    cut: true,
  },
  { of: 'WINDOW_UPDATE for the connection', rule: 'too-many-window-updates', piece: () => frame(frameTypes.windowUpdate, 0, 0, uint32(1)) },
  { of: 'WINDOW_UPDATE for the stream', rule: 'too-many-window-updates', piece: (s) => frame(frameTypes.windowUpdate, 0, s, uint32(1)) },
  {
    of: 'RST_STREAM for a stream that is over',
    rule: idle,
    piece: (s) => frame(frameTypes.rstStream, 0, s - 2, uint32(errorCodes.cancel)),
  },
  {
    of: 'empty CONTINUATION',
    rule: 'too-many-continuations',
    before: (s) => frame(frameTypes.headers, 0, s, okHead),
    piece: (s) => frame(frameTypes.continuation, 0, s),
  },
  {
    of: 'full CONTINUATION',
    rule: 'header-block-too-large',
    before: (s) => frame(frameTypes.headers, 0, s, okHead),
    piece: (s) => frame(frameTypes.continuation, 0, s, Buffer.alloc(16_384, 0x88)),
    total: 5000,
  },
];

describe('a flood of a backend', () => {
  for (const { of, rule, before, piece, cut, total = 100_000 } of floods) {
    test(`of ${of} ends its connection with GOAWAY before ${total} frames, and the next request gets another`, async () => {
      let held: { peer: RawHttp2; stream: number } | undefined;
      await using attack = await Attack.start({
        onRequest: (peer, stream) => {
          if (stream === 3 && held === undefined) held = { peer, stream };
          else peer.write(Buffer.concat([head(stream), data(stream, 'hello', endStream)]));
        },
      });
      assert.equal(statusOf(await get(attack.port)), 200);
      const answer = get(attack.port, '/attacked');
      await eventually(() => held !== undefined, 'the request at the backend');
      const { peer, stream } = held as { peer: RawHttp2; stream: number };
      if (before !== undefined) peer.write(before(stream));
      await flood(peer, total, piece(stream));
      await peer.until(() => peer.isClosing);
      // The kernel may drop the GOAWAY when the socket is closed with much of a flood unread.
      assert.ok([errorCodes.enhanceYourCalm, undefined].includes(peer.goawayCode as 11 | undefined), peer.describe());
      assert.equal(statusOf(await answer), cut === true ? 200 : 502);
      const { flag, detail } = attack.harness.requests.find(({ path }) => path === '/attacked')!;
      assert.deepEqual(
        [flag, detail],
        cut === true ? ['upstream_truncated', `upstream_protocol_error ${rule}`] : ['upstream_protocol_error', rule],
      );
      assert.equal(statusOf(await get(attack.port)), 200);
      assert.equal(attack.backend.peers.length, 2);
      await attack.assertNothingLeft(1);
    });
  }

  for (const [of, piece] of [
    ['full DATA', Buffer.alloc(16_384, 'x')],
    ['DATA of one byte', Buffer.from('x')],
  ] as const) {
    test(`of ${of} for a stream that we cancelled ends when its window is used up`, async () => {
      await using attack = await Attack.start({ onRequest: (peer, stream) => peer.write(head(stream)) });
      using client = await RawClient.connect(attack.port);
      client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      await client.untilText('200 OK');
      client.socket.resetAndDestroy();
      const { peer } = attack.backend;
      await peer.until(() => peer.resetCode(1) === errorCodes.cancel);
      const sent = await flood(peer, 1_000_000, data(1, piece));
      await peer.until(() => peer.isClosing);
      assert.ok(sent < 1_000_000, `${sent} ${peer.describe()}`);
      assert.ok([errorCodes.flowControlError, undefined].includes(peer.goawayCode as 3 | undefined), peer.describe());
      await attack.assertNothingLeft(0);
    });
  }

  test('over the window of a stream whose client does not read fails that stream alone', async () => {
    let held: RawHttp2 | undefined;
    await using attack = await Attack.start({
      onRequest: (peer, stream) => {
        if (stream === 1) peer.write(head(stream));
        else held = peer;
      },
    });
    using client = await RawHttp2.connect(attack.port, { settings: [[settingIds.initialWindowSize, 0]], reads: false });
    client.headers(1, requestFields('/full'));
    await client.until(() => client.statuses(1).length === 1);
    const other = get(attack.port, '/other');
    await eventually(() => held !== undefined, 'the other request at the backend');
    const { peer } = attack.backend;
    const chunk = Buffer.alloc(16_384, 'x');
    const granted = (): number =>
      peer.frames
        .filter(({ type, stream }) => type === frameTypes.windowUpdate && stream === 1)
        .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 131_072);
    let sent = 0;
    for (; sent + chunk.length <= granted(); sent += chunk.length) {
      peer.write(data(1, chunk));
      await peer.settle();
    }
    assert.ok(sent < 2_000_000, 'a slow client closes the window');
    assert.equal(peer.resetCode(1), undefined, 'all of the window may be used');
    peer.write(data(1, chunk));
    await peer.until(() => peer.resetCode(1) !== undefined || peer.isClosing);
    assert.equal(peer.resetCode(1), errorCodes.flowControlError, peer.describe());
    await client.until(() => client.isOver(1));
    assert.equal(peer.goaway, undefined);
    held?.write(Buffer.concat([head(3), data(3, 'hello', endStream)]));
    assert.equal(statusOf(await other), 200);
  });

  test('of PINGs whose answers it does not read holds little for them', async () => {
    await using attack = await Attack.start({ onRequest: (peer) => peer.socket.pause() });
    const answer = get(attack.port);
    await eventually(() => attack.backend.peers.length === 1 && attack.backend.peer.socket.isPaused(), 'the request at the backend');
    await flood(attack.backend.peer, 100_000, frame(frameTypes.ping, 0, 0, Buffer.alloc(8)));
    assert.equal(statusOf(await answer), 502);
    attack.backend.peer.socket.destroy();
    await attack.assertNothingLeft(0);
  });

  test('by 20 header lists that refer to one large field ten thousand times is refused each time', async () => {
    const bomb = Buffer.concat([
      okHead,
      Buffer.from([0x40]),
      hpackInteger(0, 7, 1),
      Buffer.from('x'),
      hpackInteger(0, 7, 3900),
      Buffer.alloc(3900, 'y'),
      Buffer.alloc(10_000, 0x80 | 62),
    ]);
    await using attack = await Attack.start({
      onRequest: (peer, stream) => peer.write(frame(frameTypes.headers, endStream | endHeaders, stream, bomb)),
    });
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20; i++) assert.equal(statusOf(await get(attack.port)), 502);
    assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024);
    assert.equal(attack.harness.flag('upstream_response_too_large'), 20);
    await attack.assertNothingLeft(1);
  });
});

describe('what busy peers do by right', () => {
  test('thousands of downloads that are cancelled, whose rests come all at once, leave the connection whole', async () => {
    const clients = 30;
    const late: number[] = [];
    await using attack = await Attack.start({ onRequest: (_peer, stream) => late.push(stream) });
    for (let i = 1; i <= clients; i++) {
      using client = await RawHttp2.connect(attack.port);
      for (let j = 0; j < 100; j++) client.headers(1 + 2 * j, requestFields());
      await eventually(() => late.length === i * 100, 'a hundred requests at the backend');
      for (let j = 0; j < 100; j++) client.rstStream(1 + 2 * j);
      await client.settle();
      assert.equal(client.isClosing, false);
    }
    const { peer } = attack.backend;
    peer.write(Buffer.concat(late.flatMap((stream) => [head(stream), data(stream, 'x'), data(stream, empty), head(stream, endStream)])));
    await peer.settle();
    assert.equal(peer.goaway, undefined, peer.describe());
    assert.equal(attack.backend.peers.length, 1);
    await attack.assertNothingLeft(1);
  });

  test('a backend may ping once for each DATA frame of an upload, also when it does so all at once', async () => {
    const frames = 8000;
    await using attack = await Attack.start({
      options: { reads: false },
      onConnection: (peer) => {
        peer.send(frameTypes.settings, 0, 0, settingsPayload([[settingIds.initialWindowSize, 1_000_000]]));
        peer.windowUpdate(0, 1_000_000);
      },
    });
    using client = await RawHttp2.connect(attack.port);
    client.headers(1, requestFields('/', [], 'POST'), 0);
    await eventually(() => attack.backend.peer?.frames.some(({ type }) => type === frameTypes.headers), 'the request at the backend');
    const { peer } = attack.backend;
    const received = (): number => peer.frames.filter(({ type, payload }) => type === frameTypes.data && payload.length > 0).length;
    for (let sent = 0; sent < frames; sent += 200) {
      client.write(Buffer.concat(Array.from({ length: 200 }, () => data(1, 'abc'))));
      await peer.until(() => received() === sent + 200);
    }
    const ping = frame(frameTypes.ping, 0, 0, Buffer.alloc(8));
    peer.write(Buffer.concat(Array.from({ length: frames }, () => ping)));
    peer.write(
      Buffer.concat(
        Array.from({ length: frames }, () =>
          Buffer.concat([frame(frameTypes.windowUpdate, 0, 0, uint32(3)), frame(frameTypes.windowUpdate, 0, 1, uint32(3))]),
        ),
      ),
    );
    peer.write(Buffer.concat([head(1), data(1, 'hello', endStream)]));
    await client.until(() => client.isOver(1));
    assert.deepEqual([client.statuses(1), client.body(1)], [[200], 'hello'], peer.describe());
    assert.equal(peer.goaway, undefined);
  });

  test('a client may ping once for each DATA frame of a download, also when it does so all at once', async () => {
    const frames = 8000;
    await using attack = await Attack.start({
      onRequest: (peer, stream) => peer.write(head(stream)),
    });
    using client = await RawHttp2.connect(attack.port, {
      reads: false,
      settings: [
        [settingIds.headerTableSize, 0],
        [settingIds.initialWindowSize, 1_000_000],
      ],
    });
    client.windowUpdate(0, 1_000_000);
    client.headers(1, requestFields());
    await client.until(() => client.statuses(1).length === 1);
    const received = (): number => client.frames.filter(({ type }) => type === frameTypes.data).length;
    for (let sent = 0; sent < frames; sent += 200) {
      attack.backend.peer.write(Buffer.concat(Array.from({ length: 200 }, () => data(1, 'abc'))));
      await client.until(() => received() === sent + 200);
    }
    const ping = frame(frameTypes.ping, 0, 0, Buffer.alloc(8));
    client.write(Buffer.concat(Array.from({ length: frames }, () => ping)));
    await client.settle();
    attack.backend.peer.write(data(1, 'end', endStream));
    await client.until(() => client.isOver(1));
    assert.equal(client.body(1).length, 3 * frames + 3);
    assert.equal(client.goaway, undefined, client.describe());
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Http2Limit, http2Limits } from '../../../src/observability/counters/http2-limit.ts';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness, type HarnessOptions } from '../../feature/networkproxy/harness.ts';
import { Http2Client } from '../../feature/networkproxy/http2-client.ts';
import { eventually, RawClient } from '../../feature/networkproxy/raw-client.ts';
import {
  endHeaders,
  endStream,
  errorCodes,
  frame,
  frameTypes,
  headerBlock,
  hpackInteger,
  hpackLiteral,
  preface,
  RawHttp2,
  requestFields,
  settingIds,
  settingsPayload,
  uint32,
} from '../../tools/raw-http2.ts';

/** A proxy with one backend that answers paths of `/good` alone, and another client on it while it is attacked. */
class Attacked implements AsyncDisposable {
  readonly backend: Backend;
  readonly harness: Harness;
  readonly bystander: Http2Client;

  private constructor(backend: Backend, harness: Harness, bystander: Http2Client) {
    this.backend = backend;
    this.harness = harness;
    this.bystander = bystander;
  }

  static async start(
    onRequest: (socket: Backend['sockets'][number], text: string) => void = () => {},
    config: HarnessOptions['config'] = {},
  ): Promise<Attacked> {
    const backend = await Backend.start((socket, text) => {
      if (text.includes('/good')) socket.write(hello);
      else onRequest(socket, text);
    });
    const harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true, ...config } });
    return new Attacked(backend, harness, await Http2Client.connect(harness.port));
  }

  connect(options: Parameters<typeof RawHttp2.connect>[1] = {}): Promise<RawHttp2> {
    return RawHttp2.connect(this.harness.port, options);
  }

  get port(): number {
    return this.harness.port;
  }

  /** The limit is counted, for operators to see. */
  assertCounted(limit: Http2Limit): void {
    const hits = this.harness.counters.http2LimitHits[http2Limits.indexOf(limit)] as number;
    assert.ok(hits >= 1, `the limit ${limit} is counted`);
  }

  /** Others are served, and nothing of the attack is left. */
  async assertUnharmed(): Promise<void> {
    assert.equal((await this.bystander.ask('/good')).status, 200, 'another connection goes on');
    await using newcomer = await Http2Client.connect(this.port);
    assert.equal((await newcomer.ask('/good')).status, 200, 'a new connection is served');
    await newcomer[Symbol.asyncDispose]();
    await this.bystander[Symbol.asyncDispose]();
    const { harness } = this;
    await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
    await eventually(() => harness.proxy.poolStatus.active + harness.proxy.poolStatus.connecting === 0, 'no upstream in use');
    await eventually(() => harness.wheel.size === harness.proxy.poolStatus.idle, 'no deadline left but those of idle upstreams');
    assert.equal(harness.proxy.portProxyConnections.size, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bystander[Symbol.asyncDispose]();
    await this.harness[Symbol.asyncDispose]();
    await this.backend[Symbol.asyncDispose]();
  }
}

/** Sends `total` pieces in writes of some hundred, and stops when the other side has had enough. */
async function flood(client: RawHttp2, total: number, piece: (i: number) => Buffer): Promise<void> {
  const batch = 500;
  for (let sent = 0; sent < total && !client.isClosing; sent += batch) {
    const bytes = Buffer.concat(Array.from({ length: Math.min(batch, total - sent) }, (_, i) => piece(sent + i)));
    if (!client.socket.write(bytes)) await drained(client);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

function drained(client: RawHttp2): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      client.socket.off('drain', done);
      client.socket.off('close', done);
      resolve();
    };
    client.socket.on('drain', done);
    client.socket.on('close', done);
    if (client.closed) done();
  });
}

const block = headerBlock(requestFields('/attack'));
const request = (stream: number, flags = endStream): Buffer => frame(frameTypes.headers, flags | endHeaders, stream, block);
const oddStream = (i: number): number => 1 + 2 * i;

describe('a flood of HTTP/2', () => {
  test('of 100,000 requests that are reset at once is ended within 1,000, and most never reach the backend', async () => {
    await using attacked = await Attacked.start();
    using client = await attacked.connect();
    await flood(client, 100_000, (i) =>
      Buffer.concat([request(oddStream(i)), frame(frameTypes.rstStream, 0, oddStream(i), uint32(errorCodes.cancel))]),
    );
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.enhanceYourCalm);
    assert.ok((client.goaway?.lastStream ?? Number.POSITIVE_INFINITY) <= oddStream(1000), client.describe());
    const { requests } = attacked.harness;
    assert.ok(requests.length <= 1000, String(requests.length));
    assert.ok(requests.filter(({ flag }) => flag === 'client_gone').length >= 200, 'those that were taken back are logged');
    assert.ok(attacked.backend.connections <= 200, `connections to the backend: ${attacked.backend.connections}`);
    assert.equal(attacked.harness.connections[1]?.ended?.reason, 'limit_exceeded');
    attacked.assertCounted('resets');
    await attacked.assertUnharmed();
  });

  test('of 100,000 requests that we are made to reset ourselves is ended within 1,000', async () => {
    await using attacked = await Attacked.start();
    using client = await attacked.connect();
    await flood(client, 100_000, (i) =>
      Buffer.concat([request(oddStream(i), 0), frame(frameTypes.windowUpdate, 0, oddStream(i), uint32(0))]),
    );
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.enhanceYourCalm);
    assert.ok((client.goaway?.lastStream ?? Number.POSITIVE_INFINITY) <= oddStream(1000), client.describe());
    assert.ok(attacked.backend.connections <= 200);
    await attacked.assertUnharmed();
  });

  test('of 100,000 malformed requests is ended within 1,000', async () => {
    await using attacked = await Attacked.start();
    using client = await attacked.connect();
    const malformed = headerBlock(requestFields('/attack', [['Upper', 'x']]));
    await flood(client, 100_000, (i) => frame(frameTypes.headers, endStream | endHeaders, oddStream(i), malformed));
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.enhanceYourCalm);
    assert.ok(attacked.harness.requests.length <= 1000, String(attacked.harness.requests.length));
    assert.equal(attacked.backend.received.join('').includes('/attack'), false);
    await attacked.assertUnharmed();
  });

  test('of streams over the limit, all of them refused, is ended within 1,000 refusals', async () => {
    await using attacked = await Attacked.start();
    using client = await attacked.connect();
    await flood(client, 100_000, (i) => request(oddStream(i), 0));
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.enhanceYourCalm);
    assert.ok(attacked.backend.connections <= 200);
    await attacked.assertUnharmed();
  });

  const floods: readonly {
    readonly of: string;
    readonly limit?: Http2Limit;
    readonly total: number;
    readonly before?: Buffer;
    readonly piece: () => Buffer;
  }[] = [
    {
      of: 'SETTINGS',
      limit: 'settings',
      total: 200_000,
      piece: () => frame(frameTypes.settings, 0, 0, settingsPayload([[settingIds.enablePush, 0]])),
    },
    { of: 'empty SETTINGS', limit: 'settings', total: 200_000, piece: () => frame(frameTypes.settings, 0, 0) },
    { of: 'PING', limit: 'pings', total: 300_000, piece: () => frame(frameTypes.ping, 0, 0, Buffer.alloc(8)) },
    { of: 'PRIORITY', limit: 'priorities', total: 200_000, piece: () => frame(frameTypes.priority, 0, 1, Buffer.from([0, 0, 0, 0, 16])) },
    { of: 'empty DATA', limit: 'idle_frames', total: 200_000, before: request(1, 0), piece: () => frame(frameTypes.data, 0, 1) },
    {
      of: 'DATA of padding alone',
      limit: 'idle_frames',
      total: 100_000,
      before: request(1, 0),
      piece: () => frame(frameTypes.data, 0x8, 1, Buffer.from([3, 0, 0, 0])),
    },
    {
      of: 'WINDOW_UPDATE for the connection',
      limit: 'window_updates',
      total: 200_000,
      piece: () => frame(frameTypes.windowUpdate, 0, 0, uint32(1)),
    },
    {
      of: 'WINDOW_UPDATE for one stream',
      limit: 'window_updates',
      total: 200_000,
      before: request(1, 0),
      piece: () => frame(frameTypes.windowUpdate, 0, 1, uint32(1)),
    },
    { of: 'frames of unknown types', limit: 'idle_frames', total: 200_000, piece: () => frame(0x42, 0, 0, Buffer.alloc(8)) },
    {
      of: 'RST_STREAM for one closed stream',
      total: 200_000,
      before: Buffer.concat([request(1, 0), frame(frameTypes.rstStream, 0, 1, uint32(errorCodes.cancel))]),
      piece: () => frame(frameTypes.rstStream, 0, 1, uint32(errorCodes.cancel)),
    },
    {
      of: 'empty CONTINUATION',
      limit: 'continuations',
      total: 200_000,
      before: frame(frameTypes.headers, endStream, 1, block),
      piece: () => frame(frameTypes.continuation, 0, 1),
    },
    {
      of: 'full CONTINUATION',
      limit: 'header_block',
      total: 5000,
      before: frame(frameTypes.headers, endStream, 1, block),
      piece: () => frame(frameTypes.continuation, 0, 1, hpackLiteral(['x', 'y'.repeat(16_000)])),
    },
  ];
  for (const { of, limit, total, before, piece } of floods) {
    test(`of ${total} ${of} ends its connection with GOAWAY and harms no other`, async () => {
      await using attacked = await Attacked.start();
      using client = await attacked.connect();
      await client.settle(); // so that no acknowledgement of ours comes between frames that belong together
      if (before !== undefined) client.write(before);
      const bytes = piece();
      await flood(client, total, () => bytes);
      await client.until(() => client.isClosing);
      assert.ok([errorCodes.enhanceYourCalm, errorCodes.streamClosed].includes(client.goawayCode as 11), client.describe());
      assert.ok(['limit_exceeded', 'protocol_error'].includes(String(attacked.harness.connections[1]?.ended?.reason)));
      if (limit !== undefined) attacked.assertCounted(limit);
      await attacked.assertUnharmed();
    });
  }

  test('of PINGs whose answers nobody reads holds no output for them', async () => {
    await using attacked = await Attacked.start();
    using client = await attacked.connect();
    client.socket.pause();
    const ping = frame(frameTypes.ping, 0, 0, Buffer.alloc(8));
    const isOver = (): boolean => attacked.harness.connections[1]?.ended !== undefined;
    for (let i = 0; i < 200 && !isOver(); i++) {
      client.write(Buffer.concat(Array.from({ length: 500 }, () => ping)));
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok((attacked.harness.connections[1]?.socket.writableLength ?? 0) < 1024 * 1024);
    }
    await eventually(isOver, 'the end of the connection');
    client.socket.destroy();
    await attacked.assertUnharmed();
  });
});

describe('a window of HTTP/2', () => {
  for (const [of, stream] of [
    ['connection', 0],
    ['stream', 1],
  ] as const) {
    test(`of a ${of} that is opened past 2^31-1 ends it, a hundred times over, with nothing left`, async () => {
      await using attacked = await Attacked.start();
      for (let i = 0; i < 100; i++) {
        using client = await attacked.connect();
        if (stream === 1) client.headers(1, requestFields('/attack'));
        client.windowUpdate(stream, 2 ** 31 - 1);
        client.windowUpdate(stream, 2 ** 31 - 1);
        await client.until(() => client.isClosing || client.resetCode(1) !== undefined);
        assert.equal(stream === 0 ? client.goawayCode : client.resetCode(1), errorCodes.flowControlError);
      }
      await attacked.assertUnharmed();
    });
  }

  test('that stays shut holds little of a hundred answers of 1 MiB, and the connection ends in time', async () => {
    const size = 1024 * 1024;
    let sent = 0;
    await using attacked = await Attacked.start(
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
        let left = size;
        const more = (): void => {
          while (left > 0) {
            left -= 16_384;
            sent += 16_384;
            if (!socket.write(Buffer.alloc(16_384, 'x'))) return void socket.once('drain', more);
          }
        };
        more();
      },
      { bodyTimeoutMs: 1500 },
    );
    using client = await attacked.connect({ settings: [[settingIds.initialWindowSize, 0]], reads: false });
    for (let i = 0; i < 100; i++) client.headers(oddStream(i), requestFields('/attack'));
    await eventually(() => attacked.backend.connections === 100, 'all requests at the backend');
    assert.equal((await attacked.bystander.ask('/good')).status, 200);
    const before = process.memoryUsage().arrayBuffers;
    await eventually(
      () => attacked.harness.connections[1]?.ended !== undefined || client.frames.some(({ type }) => type === frameTypes.rstStream),
      'its end',
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
    assert.equal(
      client.frames.some(({ type }) => type === frameTypes.data),
      false,
      'not a byte over the window',
    );
    await eventually(() => attacked.harness.proxy.poolStatus.active === 0, 'the answers given up');
    attacked.assertCounted('queued_bytes');
    attacked.assertCounted('stalled_stream');
    assert.ok(sent > 0);
    client.socket.destroy();
    await attacked.assertUnharmed();
  });

  test('that opens one byte at a time does not hold an answer for ever', async () => {
    await using attacked = await Attacked.start(
      (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(100_000)}`),
      {
        bodyTimeoutMs: 300,
      },
    );
    using client = await attacked.connect({ settings: [[settingIds.initialWindowSize, 0]], reads: false });
    client.headers(1, requestFields('/attack'));
    await client.until(() => client.statuses(1).length === 1);
    client.windowUpdate(1, 1);
    await client.until(() => client.body(1).length === 1);
    await client.until(() => client.isClosing || client.resetCode(1) !== undefined);
    client.socket.destroy();
    await attacked.assertUnharmed();
  });
});

describe('a header block of HTTP/2', () => {
  test('that refers to one large field of the table a thousand times is refused, and not kept', async () => {
    await using attacked = await Attacked.start();
    using client = await attacked.connect();
    const large = hpackLiteral(['x', 'y'.repeat(3900)], 0x40);
    const reference = Buffer.from([0x80 | 62]);
    const bomb = Buffer.concat([headerBlock(requestFields('/attack')), large, ...Array.from({ length: 10_000 }, () => reference)]);
    for (let i = 0; i < 20 && !client.isClosing; i++) {
      client.send(frameTypes.headers, endStream | endHeaders, oddStream(i), bomb);
      await client.until(() => client.isOver(oddStream(i)));
      const status = client.statuses(oddStream(i))[0];
      assert.ok(status === 431 || client.resetCode(oddStream(i)) !== undefined || client.isClosing, client.describe());
    }
    assert.equal(attacked.backend.received.join('').includes('/attack'), false);
    client.socket.destroy();
    await attacked.assertUnharmed();
  });

  const broken: Readonly<Record<string, Buffer>> = {
    'asks for a table of 4 GiB': hpackInteger(0x20, 5, 2 ** 32 - 1),
    'asks for a table over SETTINGS_HEADER_TABLE_SIZE': hpackInteger(0x20, 5, 4097),
    'changes the table size in its middle': Buffer.concat([hpackLiteral([':method', 'GET']), hpackInteger(0x20, 5, 0)]),
    'has an integer without an end': Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    'refers to index 0': Buffer.from([0x80]),
    'refers past the end of the table': Buffer.from([0x80 | 62]),
    'has a string longer than itself': Buffer.from([0x00, 0x7f, 0xff, 0x7f, 0x61]),
    'has a Huffman string with EOS': Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]),
    'has Huffman padding of eight bits': Buffer.from([0x00, 0x82, 0x07, 0xff, 0x00]),
    'has Huffman padding of zeros': Buffer.from([0x00, 0x81, 0x00, 0x00]),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    test(`that ${name} ends its connection with COMPRESSION_ERROR`, async () => {
      await using attacked = await Attacked.start();
      using client = await attacked.connect();
      client.send(frameTypes.headers, endStream | endHeaders, 1, bytes);
      await client.until(() => client.isClosing);
      assert.equal(client.goawayCode, errorCodes.compressionError);
      assert.deepEqual(attacked.harness.connections[1]?.ended, { side: 'client', reason: 'protocol_error' });
      await attacked.assertUnharmed();
    });
  }

  test('that does not end is given up after headerTimeoutMs, however often a byte comes', async () => {
    await using attacked = await Attacked.start(() => {}, { headerTimeoutMs: 300 });
    using client = await attacked.connect();
    await client.settle();
    client.send(frameTypes.headers, endStream, 1, block);
    const bytes = frame(frameTypes.continuation, endHeaders, 1, headerBlock([['x', 'y'.repeat(100)]]));
    let at = 0;
    const slow = setInterval(() => {
      if (at < bytes.length - 1) client.write(bytes.subarray(at, ++at));
    }, 20);
    try {
      await client.until(() => client.isClosing);
    } finally {
      clearInterval(slow);
    }
    assert.equal(attacked.harness.connections[1]?.ended?.reason, 'header_timeout');
    await attacked.assertUnharmed();
  });

  test('that never begins: a connection with a preface alone, or with half of one, is closed in time', async () => {
    await using attacked = await Attacked.start(() => {}, { headerTimeoutMs: 200 });
    for (const text of [preface.toString('latin1'), preface.toString('latin1').slice(0, 20), 'PRI']) {
      using client = await RawClient.connect(attacked.port);
      client.write(text);
      await client.untilEnd();
    }
    await attacked.assertUnharmed();
  });
});

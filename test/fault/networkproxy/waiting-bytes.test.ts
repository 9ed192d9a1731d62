import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { type Http1Limit, http1Limits } from '../../../src/observability/counters/http1-limit.ts';
import { http2Limits } from '../../../src/observability/counters/http2-limit.ts';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness, type HarnessOptions } from '../../feature/networkproxy/harness.ts';
import { eventually, RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';
import { errorCodes, frameTypes, RawHttp2, requestFields, settingIds } from '../../tools/raw-http2.ts';

const mebi = 1024 * 1024;
const piece = Buffer.alloc(16_384, 'x');

/** A backend that answers `/good` in short and everything else with `size` bytes, as fast as they are taken. */
function downloads(size: number): Promise<Backend> {
  return Backend.start((socket, text) => {
    if (text.includes('/good')) socket.write(hello);
    else send(socket, size);
  });
}

function send(socket: Socket, size: number): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
  let left = size;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= piece.length;
      if (!socket.write(piece)) return void socket.once('drain', more);
    }
  };
  more();
}

async function start(backend: Backend, config: HarnessOptions['config']): Promise<Harness> {
  return await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true, ...config }, accessLog: false });
}

const held = (harness: Harness): number => harness.counters.totals().bufferedBytes;
const http2Hits = (harness: Harness): number => harness.counters.http2LimitHits[http2Limits.indexOf('worker_buffers')] as number;
const http1Hits = (harness: Harness, limit: Http1Limit): number => harness.counters.http1LimitHits[http1Limits.indexOf(limit)] as number;

/** A client that opens no window and asks for much. */
async function shutClient(harness: Harness, requests: number): Promise<RawHttp2> {
  const client = await RawHttp2.connect(harness.port, { settings: [[settingIds.initialWindowSize, 0]], reads: false });
  for (let i = 0; i < requests; i++) client.headers(1 + 2 * i, requestFields('/attack'));
  return client;
}

const resets = (client: RawHttp2): number => client.frames.filter(({ type }) => type === frameTypes.rstStream).length;

describe('bytes that wait for clients', () => {
  test('ten connections with a hundred shut streams each hold no more than they may, and all streams end in time', async () => {
    await using backend = await downloads(mebi);
    await using harness = await start(backend, { bodyTimeoutMs: 3000 });
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, held(harness));
    }, 10);
    const clients: RawHttp2[] = [];
    try {
      for (let i = 0; i < 10; i++) clients.push(await shutClient(harness, 100));
      await eventually(
        () => clients.every((client) => resets(client) === 100 || client.isClosing),
        'the end of every stream, not a few at a time',
        20_000,
      );
    } finally {
      clearInterval(watch);
      for (const client of clients) client.socket.destroy();
    }
    assert.ok(peak > mebi && peak < 10 * mebi, `held at most: ${peak}`);
    await eventually(() => harness.proxy.connectedClients === 0 && harness.proxy.poolStatus.active === 0, 'nothing left', 20_000);
    assert.equal(held(harness), 0);
  });

  test('that are given up leave the connection as good as new', async () => {
    await using backend = await downloads(mebi);
    await using harness = await start(backend, { bodyTimeoutMs: 500 });
    using client = await shutClient(harness, 10);
    await client.until(() => resets(client) === 10);
    client.headers(101, requestFields('/late'));
    await client.until(() => client.statuses(101).length === 1);
    client.windowUpdate(0, 2 * mebi);
    client.windowUpdate(101, 2 * mebi);
    await client.until(() => client.isOver(101));
    assert.equal(client.body(101).length, mebi);
  });

  test('over the limit of the worker: shut streams are reset, and a slow client that moves is not', async () => {
    await using backend = await downloads(8 * mebi);
    await using harness = await start(backend, { bodyTimeoutMs: 60_000, maxBufferedBytes: mebi });
    using slow = await RawHttp2.connect(harness.port, { settings: [[settingIds.initialWindowSize, 16_384]], reads: false });
    slow.headers(1, requestFields('/slow'));
    const reading = setInterval(() => {
      slow.windowUpdate(1, 16_384);
      slow.windowUpdate(0, 16_384);
    }, 10);
    const attackers: RawHttp2[] = [];
    try {
      await slow.until(() => slow.body(1).length > 65_536);
      for (let i = 0; i < 20; i++) attackers.push(await shutClient(harness, 20));
      await eventually(() => http2Hits(harness) > 0 && attackers.some((client) => resets(client) > 0), 'streams given up', 30_000);
      const codes = attackers.map((client) => client.frames.find(({ type }) => type === frameTypes.rstStream)?.payload.readUInt32BE(0));
      assert.ok(codes.includes(errorCodes.enhanceYourCalm));
      await eventually(() => held(harness) <= mebi, 'room again');
      using other = await RawClient.connect(harness.port);
      other.write('GET /good HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
      assert.equal(statusOf(await other.untilEnd()), 200);
      const seen = slow.body(1).length;
      await slow.until(() => slow.body(1).length > seen + 65_536);
      assert.equal(slow.resetCode(1), undefined);
    } finally {
      clearInterval(reading);
      for (const client of attackers) client.socket.destroy();
    }
    slow.socket.destroy();
    await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
    assert.equal(held(harness), 0);
  });

  test('over the limit of the worker: HTTP/1 clients that read nothing are cut', async () => {
    await using backend = await downloads(64 * mebi);
    await using harness = await start(backend, { bodyTimeoutMs: 60_000, maxBufferedBytes: 65_536 });
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(harness.port)));
    try {
      for (const client of clients) {
        client.socket.pause();
        client.write('GET /attack HTTP/1.1\r\nHost: a.example\r\n\r\n');
      }
      await eventually(() => http1Hits(harness, 'worker_buffers') > 0, 'a connection given up', 20_000);
      assert.ok(harness.connections.some(({ ended }) => ended?.reason === 'write_timeout'));
      await eventually(() => held(harness) <= 65_536, 'room again');
    } finally {
      for (const client of clients) client.socket.destroy();
    }
    await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
    assert.equal(held(harness), 0);
  });

  test('of request bodies that no backend takes are counted, and given up over the limit', async () => {
    await using backend = await Backend.start((socket) => socket.pause());
    await using harness = await start(backend, { maxBufferedBytes: 4 * 65_536 });
    using client = await RawHttp2.connect(harness.port);
    const streams = Array.from({ length: 16 }, (_, i) => 1 + 2 * i);
    for (const stream of streams) {
      client.headers(stream, requestFields('/', [], 'POST'), 0);
      for (let i = 0; i < 3; i++) client.send(frameTypes.data, 0, stream, Buffer.alloc(16_384));
    }
    await client.settle();
    const isFull = (): boolean => http2Hits(harness) > 0;
    // The kernel takes the first of each; what a stream sends within its window after that waits here.
    const more = setInterval(() => {
      for (const stream of streams) if (windowOf(client, stream) > 0) client.send(frameTypes.data, 0, stream, sized(client, stream));
    }, 5);
    try {
      await eventually(isFull, 'streams given up', 30_000);
    } finally {
      clearInterval(more);
    }
    await client.until(() => streams.some((stream) => client.resetCode(stream) === errorCodes.enhanceYourCalm));
    await eventually(() => held(harness) <= 4 * 65_536, 'room again');
    client.socket.destroy();
    await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
    assert.equal(held(harness), 0);
  });
});

/** Bytes that the client may still send on a stream, by what it has sent and was given. */
const sentOn = new WeakMap<RawHttp2, Map<number, number>>();

function windowOf(client: RawHttp2, stream: number): number {
  const sent = sentOn.get(client)?.get(stream) ?? 3 * 16_384;
  const given = client.frames
    .filter((each) => each.type === frameTypes.windowUpdate && each.stream === stream)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 65_536);
  return client.isOver(stream) ? 0 : given - sent;
}

function sized(client: RawHttp2, stream: number): Buffer {
  const bytes = Math.min(16_384, windowOf(client, stream));
  const sent = sentOn.get(client) ?? new Map<number, number>();
  sentOn.set(client, sent.set(stream, (sent.get(stream) ?? 3 * 16_384) + bytes));
  return Buffer.alloc(bytes);
}

describe('an HTTP/1 peer that moves a few bytes at a time', () => {
  test('does not keep a body of declared length for ever', async () => {
    await using backend = await Backend.start(() => {});
    await using harness = await start(backend, { bodyTimeoutMs: 400 });
    using client = await RawClient.connect(harness.port);
    client.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => client.write('x'), 20);
    try {
      assert.equal(statusOf(await client.untilEnd()), 408);
    } finally {
      clearInterval(drip);
    }
    assert.equal(harness.connections[0]?.ended?.reason, 'body_timeout');
  });

  test('keeps a chunked body, which may have nothing to say', async () => {
    let received = '';
    await using backend = await Backend.start((socket, text) => {
      received += text;
      if (received.endsWith('0\r\n\r\n')) socket.write(hello);
    });
    await using harness = await start(backend, { bodyTimeoutMs: 400 });
    using client = await RawClient.connect(harness.port);
    client.write('POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n');
    const drip = setInterval(() => client.write('1\r\nx\r\n'), 20);
    const beganMs = performance.now();
    await eventually(() => performance.now() - beganMs > 1500, 'more than three times the limit');
    clearInterval(drip);
    client.write('0\r\n\r\n');
    await client.untilText('hello');
  });

  test('does not keep an answer for ever', async () => {
    await using backend = await downloads(64 * mebi);
    await using harness = await start(backend, { bodyTimeoutMs: 500 });
    using client = await RawClient.connect(harness.port);
    client.socket.removeAllListeners('data');
    client.socket.pause();
    client.write('GET /attack HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const sip = setInterval(() => client.socket.read(16), 20);
    try {
      await eventually(() => harness.connections[0]?.ended !== undefined, 'its end');
    } finally {
      clearInterval(sip);
    }
    assert.equal(harness.connections[0]?.ended?.reason, 'write_timeout');
  });
});

const limits: readonly { readonly limit: Http1Limit; readonly status: number; readonly request: string }[] = [
  { limit: 'header_bytes', status: 431, request: `GET / HTTP/1.1\r\nHost: a.example\r\n${`x: ${'y'.repeat(4000)}\r\n`.repeat(5)}\r\n` },
  { limit: 'header_count', status: 431, request: `GET / HTTP/1.1\r\nHost: a.example\r\n${'x: y\r\n'.repeat(101)}\r\n` },
  {
    limit: 'trailers',
    status: 431,
    request: `POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${`x: ${'y'.repeat(4000)}\r\n`.repeat(3)}\r\n`,
  },
  {
    limit: 'chunk_extensions',
    status: 413,
    request: `POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${`1;${'e'.repeat(4000)}\r\nx\r\n`.repeat(5)}0\r\n\r\n`,
  },
];
for (const { limit, status, request } of limits) {
  test(`the limit ${limit} of HTTP/1 is answered ${status} and counted, once and as itself`, async () => {
    await using backend = await Backend.start(() => {});
    await using harness = await start(backend, {});
    using client = await RawClient.connect(harness.port);
    client.write(request);
    assert.equal(statusOf(await client.untilEnd()), status);
    const counted = Object.fromEntries(http1Limits.map((each) => [each, http1Hits(harness, each)]).filter(([, hits]) => hits !== 0));
    assert.deepEqual(counted, { [limit]: 1 });
  });
}

test('the last request of an HTTP/1 connection is counted', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await start(backend, { keepAliveRequests: 2 });
  using client = await RawClient.connect(harness.port);
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'.repeat(2));
  await client.untilEnd();
  assert.equal(http1Hits(harness, 'requests'), 1);
});

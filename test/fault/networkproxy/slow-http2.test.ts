import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Http2Limit, http2Limits } from '../../../src/observability/counters/http2-limit.ts';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness, type HarnessOptions } from '../../feature/networkproxy/harness.ts';
import { eventually } from '../../feature/networkproxy/raw-client.ts';
import { endStream, errorCodes, frameTypes, RawHttp2, requestFields, settingIds, uint32 } from '../../tools/raw-http2.ts';

async function start(backend: Backend, config: HarnessOptions['config']): Promise<Harness> {
  return await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true, ...config } });
}

function hits(harness: Harness, limit: Http2Limit): number {
  return harness.counters.http2LimitHits[http2Limits.indexOf(limit)] as number;
}

/** Calls `step` every `ms` until the block is left. */
function every(ms: number, step: () => void): Disposable {
  const timer = setInterval(step, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const settingsTimeout = 4;
const priorityUpdate = 0x10;

describe('a trickle of HTTP/2', () => {
  test('of window, a byte at a time for ever, does not keep an answer', async () => {
    await using backend = await Backend.answering(`HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n${'x'.repeat(60_000)}`);
    await using harness = await start(backend, { bodyTimeoutMs: 400 });
    using client = await RawHttp2.connect(harness.port, { settings: [[settingIds.initialWindowSize, 0]], reads: false });
    client.headers(1, requestFields());
    using _ = every(20, () => client.windowUpdate(1, 1));
    await client.until(() => client.isOver(1));
    assert.equal(client.resetCode(1), errorCodes.cancel);
    assert.ok(client.body(1).length >= 2, 'it did move');
    assert.equal(hits(harness, 'stalled_stream'), 1);
    assert.equal(client.isClosing, false, 'the connection goes on');
  });

  test('of a body with a declared length is answered 408', async () => {
    await using backend = await Backend.start(() => {});
    await using harness = await start(backend, { bodyTimeoutMs: 400 });
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields('/', [['content-length', '100000']], 'POST'), 0);
    using _ = every(20, () => client.data(1, 'x', 0));
    await client.until(() => client.isOver(1));
    assert.equal(client.statuses(1)[0], 408);
    assert.equal(hits(harness, 'stalled_stream'), 1);
  });

  test('of a body without a length is a stream that may have little to say: it lives', async () => {
    let received = '';
    await using backend = await Backend.start((socket, text) => {
      received += text;
      if (received.endsWith('0\r\n\r\n')) socket.write(hello);
    });
    await using harness = await start(backend, { bodyTimeoutMs: 400 });
    using client = await RawHttp2.connect(harness.port);
    client.headers(1, requestFields('/', [], 'POST'), 0);
    const beganMs = performance.now();
    {
      using _ = every(20, () => client.data(1, 'x', 0));
      await eventually(() => performance.now() - beganMs > 1500, 'more than three times the limit');
    }
    assert.equal(client.isOver(1), false, client.describe());
    client.data(1, '', endStream);
    await client.until(() => client.isOver(1));
    assert.equal(client.statuses(1)[0], 200);
  });

  test('that is slow and moves enough is served to its end', async () => {
    const size = 30_000;
    await using backend = await Backend.answering(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`);
    await using harness = await start(backend, { bodyTimeoutMs: 500 });
    using client = await RawHttp2.connect(harness.port, { settings: [[settingIds.initialWindowSize, 0]], reads: false });
    client.headers(1, requestFields());
    using _ = every(20, () => client.windowUpdate(1, 400)); // 64 bytes a second are asked for
    await client.until(() => client.isOver(1));
    assert.equal(client.body(1).length, size);
  });
});

describe('SETTINGS that are never acknowledged', () => {
  test('end the connection with SETTINGS_TIMEOUT, however busy it is', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { headerTimeoutMs: 300 });
    using client = await RawHttp2.connect(harness.port, { polite: false });
    assert.equal(await client.get(1), 200);
    let next = 3;
    using _ = every(30, () => client.headers(next, requestFields()) ?? (next += 2));
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, settingsTimeout);
    assert.equal(harness.connections[0]?.ended?.reason, 'header_timeout');
    assert.equal(hits(harness, 'settings_ack'), 1);
  });

  test('are not those of a client that did, and then is silent', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { headerTimeoutMs: 200, keepAliveTimeoutMs: 900 });
    using client = await RawHttp2.connect(harness.port);
    assert.equal(await client.get(1), 200);
    await client.until(() => client.isClosing);
    assert.equal(harness.connections[0]?.ended?.reason, 'inactivity');
    assert.equal(hits(harness, 'settings_ack'), 0);
  });
});

describe('PRIORITY_UPDATE', () => {
  const payload = Buffer.concat([uint32(1), Buffer.from('u=1, i')]);

  test('is taken and changes nothing, before and during the request that it is for', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, {});
    using client = await RawHttp2.connect(harness.port);
    client.send(priorityUpdate, 0, 0, payload);
    assert.equal(await client.get(1), 200);
    client.send(priorityUpdate, 0, 0, payload);
    assert.equal(await client.get(3), 200);
  });

  for (const [what, stream, bytes, code] of [
    ['on a stream', 1, payload, errorCodes.protocolError],
    ['for stream 0', 0, uint32(0), errorCodes.protocolError],
    ['for a pushed stream, of which there are none', 0, uint32(2), errorCodes.protocolError],
    ['too short for a stream id', 0, Buffer.alloc(3), errorCodes.frameSizeError],
  ] as const) {
    test(`${what} ends the connection`, async () => {
      await using backend = await Backend.answering(hello);
      await using harness = await start(backend, {});
      using client = await RawHttp2.connect(harness.port);
      client.send(priorityUpdate, 0, stream, bytes);
      await client.until(() => client.isClosing);
      assert.equal(client.goawayCode, code);
    });
  }

  test('in a flood ends the connection as too many priorities', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, {});
    using client = await RawHttp2.connect(harness.port);
    for (let i = 0; i < 2000; i++) client.send(priorityUpdate, 0, 0, payload);
    await client.until(() => client.isClosing);
    assert.equal(client.goawayCode, errorCodes.enhanceYourCalm);
    assert.equal(hits(harness, 'priorities'), 1);
    assert.equal(hits(harness, 'idle_frames'), 0);
  });
});

test('a body over its window is counted as such', async () => {
  await using backend = await Backend.start(() => {});
  await using harness = await start(backend, {});
  using client = await RawHttp2.connect(harness.port);
  client.headers(1, requestFields('/', [], 'POST'), 0);
  backend.server.once('connection', (socket) => socket.pause());
  for (let i = 0; i < 400 && !client.isClosing; i++) client.send(frameTypes.data, 0, 1, Buffer.alloc(16_384));
  await client.until(() => client.isClosing || client.resetCode(1) !== undefined);
  assert.ok(hits(harness, 'windows') >= 1);
});

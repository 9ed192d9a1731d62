import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameTypes, RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { Backend } from './backend.ts';
import { Harness } from './harness.ts';

const initialBytes = 65_536;
const grownBytes = 524_288;
const connectionBytes = 1_048_576;

/** What the client may still send. */
class Windows {
  readonly #client: RawHttp2;
  readonly #sent = new Map<number, number>();

  constructor(client: RawHttp2) {
    this.#client = client;
  }

  left(stream: number): number {
    const first = stream === 0 ? 65_535 : initialBytes;
    const given = this.#client.frames
      .filter((frame) => frame.type === frameTypes.windowUpdate && frame.stream === stream)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
    return first + given - (this.#sent.get(stream) ?? 0);
  }

  /** Sends as much as the windows allow, at most `most` bytes; returns how much that was. */
  send(stream: number, most: number): number {
    let total = 0;
    for (;;) {
      const length = Math.min(16_384, most - total, this.left(stream), this.left(0));
      if (length <= 0) return total;
      this.#client.data(stream, 'x'.repeat(length), 0);
      for (const id of [0, stream]) this.#sent.set(id, (this.#sent.get(id) ?? 0) + length);
      total += length;
    }
  }
}

test('the window of an upload grows while its backend takes all, for one stream at the cost of no other', async () => {
  await using backend = await Backend.start(() => {});
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
  using client = await RawHttp2.connect(harness.port);
  const windows = new Windows(client);
  await client.until(() => windows.left(0) === connectionBytes);
  for (const stream of [1, 3]) {
    client.headers(stream, requestFields(`/${stream}`, [], 'PUT'), 0);
    let sent = 0;
    while (sent < 4_000_000) {
      sent += windows.send(stream, 4_000_000 - sent);
      await client.settle();
    }
    // Less than half a window is not announced.
    const atLeast = stream === 1 ? grownBytes / 2 : initialBytes / 2;
    const atMost = stream === 1 ? grownBytes : initialBytes;
    await client.until(() => windows.left(stream) > atLeast);
    assert.ok(windows.left(stream) <= atMost, `stream ${stream} may send ${windows.left(stream)} bytes`);
  }
  client.rstStream(1);
  client.headers(5, requestFields('/5', [], 'PUT'), 0);
  for (let sent = 0; sent < 4_000_000; ) {
    sent += windows.send(5, 4_000_000 - sent);
    await client.settle();
  }
  await client.until(() => windows.left(5) > grownBytes / 2);
});

test('an upload whose backend does not read may send no more than its first window and what the sockets hold', async () => {
  await using backend = await Backend.start(() => {});
  backend.server.on('connection', (socket) => socket.pause());
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
  using client = await RawHttp2.connect(harness.port);
  const windows = new Windows(client);
  await client.until(() => windows.left(0) === connectionBytes);
  client.headers(1, requestFields('/1', [], 'PUT'), 0);
  let sent = 0;
  // A round that moves nothing while the backend stands still is the last one that could.
  for (let idle = 0; idle < 20; ) {
    const now = windows.send(1, Number.MAX_SAFE_INTEGER);
    sent += now;
    idle = now === 0 ? idle + 1 : 0;
    await client.settle();
  }
  assert.equal(windows.left(1), 0);
  assert.ok(windows.left(0) >= connectionBytes - grownBytes - connectionBytes / 8, 'others may go on');
  assert.ok(sent < 64 * 2 ** 20, `${sent} bytes were taken that nobody read`);
  for (const socket of backend.sockets) socket.resume();
  await client.until(() => windows.left(1) > 0);
});

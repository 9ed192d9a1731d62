import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QueueTarget, SendQueue } from '../../../src/networkproxy/http2/send-queue.ts';

/** Takes what the queue sends, at most `window` bytes in all, and remembers the frames. */
class Taker implements QueueTarget {
  readonly frames: { readonly bytes: Buffer; readonly endStream: boolean }[] = [];
  trailers: readonly string[] | undefined;
  window = 0;

  sendFromQueue(chunk: Buffer, start: number, limit: number, endStream: boolean): number {
    const sent = Math.min(chunk.length - start, limit, this.window);
    if (sent === 0) return 0;
    this.window -= sent;
    this.frames.push({ bytes: Buffer.from(chunk.subarray(start, start + sent)), endStream: endStream && start + sent === chunk.length });
    return sent;
  }

  endFromQueue(trailers: readonly string[]): void {
    this.trailers = trailers;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.frames.map(({ bytes }) => bytes));
  }
}

/** Bytes that tell where they are. */
function numbered(length: number, from = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (from + i) % 251));
}

test('what waits is a copy, and leaves in order, in frames as large as they may be', () => {
  const taker = new Taker();
  const queue = new SendQueue(taker);
  const memory = Buffer.alloc(1000);
  for (let i = 0; i < 100; i++) {
    numbered(1000, i * 1000).copy(memory);
    queue.push(memory, 0);
  }
  taker.window = 100_000;
  assert.equal(queue.send(200_000), 100_000);
  assert.ok(taker.bytes.equals(numbered(100_000)));
  assert.ok(taker.frames.length <= 12, `${taker.frames.length} frames for 100 messages`);
  assert.equal(queue.isEmpty, true);
});

test('blocks that were sent are written again without harm to what still waits elsewhere', () => {
  const takers = [new Taker(), new Taker()] as const;
  const [first, second] = takers.map((taker) => new SendQueue(taker)) as [SendQueue, SendQueue];
  for (let round = 0; round < 20; round++) {
    first.push(numbered(30_000, round * 30_000), 0);
    second.push(numbered(50_000, round * 50_000 - 7), 7);
    takers[0].window += 30_000;
    first.send(30_000);
    takers[1].window += 20_000;
    second.send(20_000);
  }
  takers[1].window = Number.MAX_SAFE_INTEGER;
  second.send(Number.MAX_SAFE_INTEGER);
  assert.ok(takers[0].bytes.equals(numbered(600_000)));
  const expected = Buffer.concat(Array.from({ length: 20 }, (_, round) => numbered(50_000, round * 50_000 - 7).subarray(7)));
  assert.ok(takers[1].bytes.equals(expected));
});

test('a limit holds, and the last frame alone ends the stream', () => {
  const taker = new Taker();
  const queue = new SendQueue(taker);
  queue.push(numbered(40_000), 0);
  queue.endWith([]);
  taker.window = 1_000_000;
  assert.equal(queue.send(16_384), 16_384);
  assert.equal(queue.send(100_000), 40_000 - 16_384);
  assert.deepEqual(
    taker.frames.map(({ endStream }) => endStream),
    [...taker.frames.slice(1).map(() => false), true],
  );
  assert.equal(taker.trailers, undefined);
  assert.equal(queue.isEmpty, true);
});

test('trailers follow the last byte', () => {
  const taker = new Taker();
  const queue = new SendQueue(taker);
  queue.push(numbered(10), 0);
  queue.endWith(['grpc-status', '0']);
  taker.window = 9;
  queue.send(100);
  assert.equal(taker.trailers, undefined);
  taker.window = 1;
  queue.send(100);
  assert.deepEqual(taker.trailers, ['grpc-status', '0']);
});

test('what is dropped is what had not been sent', () => {
  const taker = new Taker();
  const queue = new SendQueue(taker);
  queue.push(numbered(50_000), 0);
  taker.window = 20_000;
  queue.send(50_000);
  assert.equal(queue.clear(), 30_000);
  assert.equal(queue.isEmpty, true);
  assert.equal(queue.clear(), 0);
});

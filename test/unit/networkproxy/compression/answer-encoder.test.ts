import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { AnswerSink } from '../../../../src/networkproxy/answer-stage.ts';
import type { Coding } from '../../../../src/networkproxy/compression/accept-encoding.ts';
import { AnswerEncoder } from '../../../../src/networkproxy/compression/answer-encoder.ts';
import { EncoderMemory } from '../../../../src/networkproxy/compression/encoder-memory.ts';
import type { OverloadGuard } from '../../../../src/networkproxy/overload/overload-guard.ts';
import { WorkerCounters } from '../../../../src/observability/counters/worker-counters.ts';

const decoders: Readonly<Record<Coding, (data: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

class Collected implements AnswerSink {
  readonly chunks: Buffer[] = [];
  readonly ended = Promise.withResolvers<void>();
  isOpen = true;
  rooms = 0;
  #next = Promise.withResolvers<void>();

  /** More came out. */
  more(): Promise<void> {
    this.#next = Promise.withResolvers();
    return this.#next.promise;
  }

  onStageData(chunk: Buffer): boolean {
    this.chunks.push(Buffer.from(chunk));
    this.#next.resolve();
    return this.isOpen;
  }
  onStageRoom(): void {
    this.rooms++;
    this.#next.resolve();
  }
  onStageEnd(): void {
    this.ended.resolve();
  }
  onStageFailed(error: Error): void {
    this.ended.reject(error);
  }
}

function memoryWith(guard: Partial<OverloadGuard>): { readonly memory: EncoderMemory; readonly counters: WorkerCounters } {
  const counters = new WorkerCounters();
  return { memory: new EncoderMemory({ isShedding: false, memoryShareBytes: 0, ...guard } as OverloadGuard, counters), counters };
}

for (const coding of ['gzip', 'br', 'zstd'] as const) {
  test(`AnswerEncoder: ${coding} gives back what went in, at every level, and its memory`, async () => {
    for (const level of ['fast', 'balanced', 'best'] as const) {
      const { memory, counters } = memoryWith({});
      const answer = new Collected();
      const encoder = new AnswerEncoder(coding, level, false, answer, memory);
      assert.ok(counters.gauges.encoderBytes() > 0);
      const shared = Buffer.alloc(1000);
      const parts: Buffer[] = [];
      for (let i = 0; i < 50; i++) {
        // The chunk is the caller's again after the call.
        shared.fill(`line ${i} `);
        parts.push(Buffer.from(shared));
        encoder.write(shared);
        encoder.turn();
      }
      encoder.end();
      await answer.ended.promise;
      assert.ok(decoders[coding](Buffer.concat(answer.chunks)).equals(Buffer.concat(parts)));
      assert.equal(counters.gauges.encoderBytes(), 0);
    }
  });

  test(`AnswerEncoder: ${coding} sends out what has come at the end of a read, when parts are of use by themselves`, async () => {
    const answer = new Collected();
    const encoder = new AnswerEncoder(coding, 'balanced', true, answer, memoryWith({}).memory);
    for (const text of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      const came = answer.more();
      encoder.write(Buffer.from(text));
      encoder.turn();
      await came;
    }
    encoder.end();
    await answer.ended.promise;
    assert.equal(decoders[coding](Buffer.concat(answer.chunks)).toString(), 'data: one\n\ndata: two\n\ndata: three\n\n');
  });
}

/** Resolves with false when the thread pool has done all that waits now, and what follows from that: its work is done in turns. */
async function workIsDone(): Promise<false> {
  const answer = new Collected();
  const other = new AnswerEncoder('gzip', 'fast', true, answer, memoryWith({}).memory);
  for (let turn = 0; turn < 32; turn++) {
    const came = answer.more();
    other.write(Buffer.from(`turn ${turn}`));
    other.turn();
    await came;
  }
  other.destroy();
  return false;
}

test('AnswerEncoder: a client that takes nothing stops the backend; what waits is bounded, and nothing is lost', async () => {
  const answer = new Collected();
  answer.isOpen = false;
  const encoder = new AnswerEncoder('gzip', 'fast', false, answer, memoryWith({}).memory);
  const noise = Buffer.from(Array.from({ length: 16_384 }, (_, i) => (i * 7919 + (i >> 3) * 104_729) & 255));
  let written = 0;
  const write = (): boolean => {
    encoder.write(noise);
    written += noise.length;
    return encoder.turn();
  };
  // Room comes back a few times, while the buffers on the other side fill.
  for (;;) {
    const more = answer.more();
    let open = true;
    while (open && written < 10_000_000) open = write();
    if (written >= 10_000_000) break;
    if (!(await Promise.race([more.then(() => true), workIsDone()]))) break;
  }
  assert.ok(written < 2_000_000, String(written));
  answer.isOpen = true;
  encoder.resume();
  encoder.end();
  await answer.ended.promise;
  assert.equal(gunzipSync(Buffer.concat(answer.chunks)).length, written);
});

test('AnswerEncoder: given up in the middle it says nothing more and gives its memory back once', async () => {
  const { memory, counters } = memoryWith({});
  const answer = new Collected();
  const encoder = new AnswerEncoder('br', 'fast', true, answer, memory);
  encoder.write(Buffer.from('x'.repeat(100_000)));
  encoder.turn();
  encoder.destroy();
  encoder.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([answer.chunks.length, counters.gauges.encoderBytes()], [0, 0]);
});

test('EncoderMemory: an overloaded worker compresses nothing, and memory has a limit', () => {
  const busy = memoryWith({ isShedding: true });
  assert.equal(busy.memory.hasRoom('gzip', 'balanced'), false);
  assert.deepEqual(busy.counters.compressionSkipped, [1, 0]);
  const small = memoryWith({ memoryShareBytes: 8 * 1024 * 1024 });
  assert.equal(small.memory.hasRoom('zstd', 'best'), false);
  small.memory.take('gzip', 'balanced');
  assert.equal(small.memory.hasRoom('gzip', 'balanced'), true);
  small.memory.take('gzip', 'balanced');
  assert.equal(small.memory.hasRoom('gzip', 'balanced'), false);
  assert.deepEqual(small.counters.compressionSkipped, [0, 2]);
  small.memory.give('gzip', 'balanced');
  assert.equal(small.memory.hasRoom('gzip', 'balanced'), true);
});

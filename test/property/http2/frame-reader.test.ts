import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, type FrameSink } from '../../../src/networkproxy/http2/frame-reader.ts';
import { clientPreface, FrameType, frameHeaderBytes, writeFrameHeader } from '../../../src/networkproxy/http2/frames.ts';

interface Sample {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  type: fc.oneof(fc.constant<number>(FrameType.data), fc.integer({ min: 0, max: 12 })),
  flags: fc.integer({ min: 0, max: 255 }),
  streamId: fc.integer({ min: 0, max: 0x7fff_ffff }),
  payload: fc.uint8Array({ maxLength: 40 }),
});

function wireOf(frames: readonly Sample[]): Buffer {
  const parts = frames.map(({ type, flags, streamId, payload }) => {
    const header = Buffer.alloc(frameHeaderBytes);
    writeFrameHeader(header, 0, payload.length, type, flags, streamId);
    return Buffer.concat([header, payload]);
  });
  return Buffer.concat([clientPreface, ...parts]);
}

/** What a reader tells of these chunks, the pieces of one DATA frame joined. */
function read(chunks: readonly Buffer[]): readonly string[] {
  const events: string[] = [];
  let data = '';
  const sink: FrameSink = {
    onFrameStart: (type, flags, streamId, length) => void events.push(`frame ${type} ${flags} ${streamId} ${length}`),
    onPayload: (_type, _flags, _streamId, bytes, start, end) => void events.push(`payload ${bytes.toString('hex', start, end)}`),
    onData: (chunk) => {
      data += chunk.toString('hex');
      return undefined;
    },
    onDataEnd: () => {
      events.push(`data ${data}`);
      data = '';
      return undefined;
    },
  };
  const reader = new FrameReader(sink, true);
  for (const chunk of chunks) {
    const rule = reader.execute(chunk);
    if (rule !== undefined) return [...events, rule];
  }
  return events;
}

test('frames are read alike however their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      (frames, cuts) => {
        const wire = wireOf(frames);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < wire.length; i++) {
          const size = cuts[i % cuts.length] as number;
          chunks.push(wire.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(read(chunks), read([wire]));
      },
    ),
  );
});

test('a frame that is not padded is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 8 }), (frames) => {
      const plain = frames.map((frame) => ({ ...frame, flags: frame.flags & ~0x8 }));
      const expected = plain.flatMap(({ type, flags, streamId, payload }) => [
        `frame ${type} ${flags} ${streamId} ${payload.length}`,
        `${type === FrameType.data ? 'data' : 'payload'} ${Buffer.from(payload).toString('hex')}`,
      ]);
      assert.deepEqual(read([wireOf(plain)]), expected);
    }),
  );
});

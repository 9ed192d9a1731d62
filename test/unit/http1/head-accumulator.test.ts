import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeadAccumulator } from '../../../src/networkproxy/http1/head-accumulator.ts';

describe('HeadAccumulator', () => {
  it('takes a head up to its empty line and leaves the rest of the chunk', () => {
    const accumulator = new HeadAccumulator(100, 200);
    assert.equal(accumulator.append(Buffer.from('a\r\nb'), 0), 'partial');
    assert.equal(accumulator.consumed, 4);
    assert.equal(accumulator.append(Buffer.from('!!c\r\n\r\nbody'), 2), 'complete');
    assert.equal(accumulator.consumed, 5);
    assert.equal(accumulator.head.toString(), 'a\r\nbc\r\n\r\n');
  });

  it('keeps copies, since the read buffer is used again', () => {
    const accumulator = new HeadAccumulator(100, 200);
    const chunk = Buffer.from('abc');
    accumulator.append(chunk, 0);
    chunk.fill(0);
    accumulator.append(Buffer.from('\r\n\r\n'), 0);
    assert.equal(accumulator.head.toString(), 'abc\r\n\r\n');
  });

  it('says at once when a byte cannot be part of a head', () => {
    for (const text of ['a\n', 'a\rb', 'a\0', 'a\x7f', '\x16']) {
      const accumulator = new HeadAccumulator(100, 200);
      assert.equal(accumulator.append(Buffer.from(`${text}more`, 'latin1'), 0), 'defect', JSON.stringify(text));
      assert.equal(accumulator.head.toString('latin1'), text);
    }
  });

  it('keeps no more than the limit, however much comes', () => {
    const accumulator = new HeadAccumulator(100, 200);
    const lines = Buffer.from('a: b\r\n'.repeat(1000));
    assert.equal(accumulator.append(lines, 0), 'head-too-large');
    assert.equal(accumulator.consumed, 200);
    assert.equal(accumulator.head.buffer.byteLength, 200);
  });

  it('moves its bytes a few times only, however small the pieces', () => {
    const accumulator = new HeadAccumulator(100, 16_384);
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 2600; i++) {
      for (const byte of 'a: b\r\n') accumulator.append(Buffer.from(byte), 0);
      buffers.add(accumulator.head.buffer);
    }
    assert.equal(accumulator.head.length, 15_600);
    assert.ok(buffers.size <= 5, `${buffers.size} buffers`);
  });

  it('ends a first line that is too long before the head is full', () => {
    const accumulator = new HeadAccumulator(100, 200);
    assert.equal(accumulator.append(Buffer.alloc(100, 'a'), 0), 'partial');
    assert.equal(accumulator.append(Buffer.from('a'), 0), 'line-too-long');
  });

  it('is empty after it was cleared', () => {
    const accumulator = new HeadAccumulator(100, 200);
    accumulator.append(Buffer.from('a\r\n'), 0);
    accumulator.clear();
    assert.equal(accumulator.isEmpty, true);
    assert.equal(accumulator.append(Buffer.from('\r\n'), 0), 'complete');
  });
});

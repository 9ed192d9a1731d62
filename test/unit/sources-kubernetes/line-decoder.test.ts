import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineDecoder } from '../../../src/sources/kubernetes/line-decoder.ts';

test('LineDecoder: lines are the same however the bytes are split', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => `${text.replace(/\s/g, '_')}é`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1 }), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const decoder = new LineDecoder(10_000);
      const decoded: string[] = [];
      for (let start = 0, step = 0; start < bytes.length; step++) {
        const end = start + (sizes[step % sizes.length] ?? 1);
        decoded.push(...decoder.push(bytes.subarray(start, end)));
        start = end;
      }
      assert.deepEqual(decoded, lines);
      assert.equal(decoder.pendingBytes, 0);
    }),
  );
});

test('LineDecoder: a line that never ends is refused at the limit, over any number of chunks', () => {
  const decoder = new LineDecoder(10);
  assert.deepEqual(decoder.push(Buffer.from('12345')), []);
  assert.deepEqual(decoder.push(Buffer.from('67890')), []);
  assert.throws(() => decoder.push(Buffer.from('1')), RangeError);
});

test('LineDecoder: empty lines and carriage returns are dropped', () => {
  assert.deepEqual(new LineDecoder(10).push(Buffer.from('\n\na\r\n\nb\n')), ['a', 'b']);
});

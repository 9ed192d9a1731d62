import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '../../../src/networkproxy/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../../src/networkproxy/http2/hpack/encoder.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from '../../../src/networkproxy/http2/hpack/huffman.ts';

const scratch = Buffer.alloc(65_536);
const latin1 = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

test('any string comes back from Huffman as it went in', () => {
  fc.assert(
    fc.property(latin1, (text) => {
      const bytes = Buffer.alloc(text.length * 4 + 8);
      const end = encodeHuffman(text, bytes, 0);
      assert.equal(end, huffmanLength(text));
      assert.equal(scratch.toString('latin1', 0, decodeHuffman(bytes, 0, end, scratch)), text);
    }),
  );
});

const name = fc.oneof(
  fc.constantFrom('server', 'date', 'content-type', 'x-a', 'x-b', 'set-cookie', 'etag', ':status'),
  fc.stringMatching(/^[a-z-]{1,40}$/),
);
const value = fc.oneof(fc.constantFrom('', 'a', 'gzip', '200', 'text/plain'), latin1);
const block = fc.record({
  resize: fc.option(fc.integer({ min: 0, max: 4096 })),
  fields: fc.array(fc.tuple(name, value), { maxLength: 20 }),
});

test('any sequence of blocks is decoded to what was encoded, through any changes of the table size', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 20 }), (blocks) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder(scratch);
      for (const { resize, fields } of blocks) {
        if (resize !== null) encoder.setMaxTableBytes(resize);
        const flat = fields.flat();
        const buffer = Buffer.alloc(HpackEncoder.maxBytes(flat));
        const end = encoder.fields(flat, buffer, encoder.begin(buffer, 0));
        const decoded: string[] = [];
        assert.ok(decoder.decode(buffer, 0, end, { onField: (field) => decoded.push(field.name, field.value) }));
        assert.deepEqual(decoded, flat);
        assert.equal(decoder.tableBytes, encoder.tableBytes);
      }
    }),
  );
});

test('any bytes are decoded or refused, within the bounds of the table', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (blocks) => {
      const decoder = new HpackDecoder(scratch);
      for (const bytes of blocks) {
        decoder.decode(Buffer.from(bytes), 0, bytes.length, { onField: () => {} });
        assert.ok(decoder.tableBytes >= 0 && decoder.tableBytes <= 4096);
      }
    }),
  );
});

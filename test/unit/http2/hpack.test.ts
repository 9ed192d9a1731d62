import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HpackDecoder } from '../../../src/networkproxy/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../../src/networkproxy/http2/hpack/encoder.ts';
import type { HeaderField } from '../../../src/networkproxy/http2/hpack/header-field.ts';

const scratch = Buffer.alloc(65_536);

/** What the block holds as `name: value` lines; undefined when it is no valid HPACK. */
function decode(decoder: HpackDecoder, hex: string): readonly string[] | undefined {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const fields: HeaderField[] = [];
  const isValid = decoder.decode(bytes, 0, bytes.length, { onField: (field) => fields.push(field) });
  return isValid ? fields.map(({ name, value }) => `${name}: ${value}`) : undefined;
}

describe('the HPACK decoder', () => {
  const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  const second = [...first, 'cache-control: no-cache'];
  const third = [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'];

  test('reads the requests of RFC 7541 C.3, without Huffman, and fills its table as they say', () => {
    const decoder = new HpackDecoder(scratch);
    assert.deepEqual(decode(decoder, '828684410f7777772e6578616d706c652e636f6d'), first);
    assert.equal(decoder.tableBytes, 57);
    assert.deepEqual(decode(decoder, '828684be58086e6f2d6361636865'), second);
    assert.equal(decoder.tableBytes, 110);
    assert.deepEqual(decode(decoder, '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'), third);
    assert.equal(decoder.tableBytes, 164);
  });

  test('reads the requests of RFC 7541 C.4, with Huffman', () => {
    const decoder = new HpackDecoder(scratch);
    assert.deepEqual(decode(decoder, '828684418cf1e3c2e5f23a6ba0ab90f4ff'), first);
    assert.deepEqual(decode(decoder, '828684be5886a8eb10649cbf'), second);
    assert.deepEqual(decode(decoder, '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'), third);
    assert.equal(decoder.tableBytes, 164);
  });

  test('evicts the oldest entries, and all of them for one that is too large', () => {
    const decoder = new HpackDecoder(scratch);
    // A table of 57 bytes holds one authority.
    assert.deepEqual(decode(decoder, '3f1a 410f7777772e6578616d706c652e636f6d be'), [
      ':authority: www.example.com',
      ':authority: www.example.com',
    ]);
    assert.deepEqual(decode(decoder, '58086e6f2d6361636865 be'), ['cache-control: no-cache', 'cache-control: no-cache']);
    assert.equal(decode(decoder, 'bf'), undefined, 'the authority is gone');
    decode(decoder, `40 7f00 ${'61'.repeat(127)} 00`);
    assert.equal(decoder.tableBytes, 0);
  });

  const invalid: readonly (readonly [rule: string, hex: string])[] = [
    ['index 0', '80'],
    ['an index past both tables', 'c6'],
    ['an index that does not end', 'ffffffffffffffffff'],
    ['an index without its last byte', 'ff80'],
    ['a name index past both tables', '7f20 0161'],
    ['a string longer than the block', '400a6162'],
    ['a value that is missing', '400161'],
    ['a size over the limit', '3fe21f'],
    ['a size after a field', '82 20'],
    ['Huffman padding of zeros', '4001 61 81 18'],
    ['Huffman padding of a whole byte', '400161 82 1fff'],
    ['the end-of-string symbol within Huffman', '400161 84 ffffffff'],
  ];
  for (const [rule, hex] of invalid) {
    test(`refuses ${rule}`, () => assert.equal(decode(new HpackDecoder(scratch), hex), undefined));
  }

  test('gives the same object for a table entry each time', () => {
    const decoder = new HpackDecoder(scratch);
    const fields: HeaderField[] = [];
    const bytes = Buffer.from('400161 0162 be be'.replaceAll(' ', ''), 'hex');
    decoder.decode(bytes, 0, bytes.length, { onField: (field) => fields.push(field) });
    assert.equal(fields.length, 3);
    assert.equal(fields[1], fields[0]);
    assert.equal(fields[2], fields[0]);
  });
});

describe('the HPACK encoder', () => {
  const encode = (encoder: HpackEncoder, fields: readonly string[]): string => {
    const buffer = Buffer.alloc(HpackEncoder.maxBytes(fields));
    return buffer.toString('hex', 0, encoder.fields(fields, buffer, encoder.begin(buffer, 0)));
  };

  test('uses the static table, then its own', () => {
    const encoder = new HpackEncoder();
    assert.equal(encode(encoder, [':status', '200']), '88');
    assert.notEqual(encode(encoder, ['server', 'x']), 'be');
    assert.equal(encode(encoder, ['server', 'x']), 'be');
  });

  test('keeps changing values out of its table, and tells others never to keep secrets', () => {
    const encoder = new HpackEncoder();
    const length = encode(encoder, ['content-length', '5']);
    assert.equal(encode(encoder, ['content-length', '5']), length);
    assert.equal(Number.parseInt(encode(encoder, ['set-cookie', 'a=b']).slice(0, 2), 16) & 0xf0, 0x10);
    assert.equal(encoder.tableBytes, 0);
  });

  test('says a new table size, the smallest first, before the next block', () => {
    const encoder = new HpackEncoder();
    encode(encoder, ['server', 'x']);
    encoder.setMaxTableBytes(0);
    encoder.setMaxTableBytes(100);
    assert.equal(encoder.tableBytes, 0);
    assert.equal(encode(encoder, [':status', '200']), '203f4588');
    assert.equal(encode(encoder, [':status', '200']), '88');
  });
});

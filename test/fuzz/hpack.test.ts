import assert from 'node:assert/strict';
import { HpackDecoder } from '../../src/networkproxy/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../src/networkproxy/http2/hpack/encoder.ts';
import { NaiveHpack } from '../tools/naive-hpack.ts';
import { hpackInteger, hpackLiteral, requestFields } from '../tools/raw-http2.ts';
import { fuzz } from './engine/fuzz.ts';
import type { Random } from './engine/random.ts';

/** Room for the longest string that an input of the fuzzer can have. */
const scratch = Buffer.alloc(65_536);

/** Each block is preceded by a byte that says how long it is; all are decoded with one table. */
function blocksOf(input: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < input.length; at += 1 + (input[at] as number)) blocks.push(input.subarray(at + 1, at + 1 + (input[at] as number)));
  return blocks;
}

function inputOf(...blocks: readonly Buffer[]): Buffer {
  return Buffer.concat(blocks.flatMap((block) => [Buffer.from([block.length]), block]));
}

function encoded(...lists: readonly (readonly string[])[]): Buffer {
  const encoder = new HpackEncoder();
  return inputOf(
    ...lists.map((list) => {
      const buffer = Buffer.alloc(HpackEncoder.maxBytes(list));
      return buffer.subarray(0, encoder.fields(list, buffer, encoder.begin(buffer, 0)));
    }),
  );
}

const latin1 = (...bytes: readonly Buffer[]): string => Buffer.concat(bytes).toString('latin1');

fuzz({
  name: 'hpack',
  isText: false,
  seeds: [
    inputOf(Buffer.concat(requestFields().map((field) => hpackLiteral(field, 0x40))), Buffer.from([0xc1, 0xc0, 0xbf, 0xbe])),
    encoded(requestFields().flat(), requestFields('/a', [['x-a', 'b']]).flat(), requestFields('/a', [['x-a', 'b']]).flat()),
    encoded(['x', 'y'.repeat(100), 'cookie', 'a=b'], ['x', 'y'.repeat(100), 'server', 'me']),
    inputOf(hpackInteger(0x20, 5, 0), hpackInteger(0x20, 5, 4096), hpackLiteral(['x-large', 'y'.repeat(200)], 0x40), Buffer.from([0xbe])),
    inputOf(Buffer.from('828684418cf1e3c2e5f23a6ba0ab90f4ff', 'hex'), Buffer.from('828684be5886a8eb10649cbf', 'hex')),
  ],
  words: [
    ...['\x80', '\x82', '\xbe', '\xff\x00', '\xff\x80\x01', '\x40\x01a\x01b', '\x00\x01a\x00', '\x10\x01a\x00', '\x20', '\x3f\xe1\x1f'],
    ...['\x3f\xe2\x1f', '\x7f\x00', '\x41\x8c', '\x0f\x2f', '\x81\xff', '\x81\x1f', '\xff\xff\xff\xff\x7f', '\x40\x85\xff\xff\xff\xff\xff'],
    latin1(hpackLiteral(['x'.repeat(60), 'y'.repeat(120)], 0x40)),
  ],
  mutate(random, input, other) {
    const blocks = [...blocksOf(input)];
    const from = random.int(blocks.length + 1);
    if (random.once(3)) blocks.splice(from, 0, ...blocksOf(other).slice(0, 3));
    else blocks.splice(from, random.int(2), newBlock(random));
    return inputOf(...blocks.map((block) => block.subarray(0, 255)));
  },
  check(input) {
    const decoder = new HpackDecoder(scratch);
    const naive = new NaiveHpack();
    const encoder = new HpackEncoder();
    const receiver = new HpackDecoder(scratch);
    for (const block of blocksOf(input)) {
      const fields: string[] = [];
      const isValid = decoder.decode(block, 0, block.length, { onField: ({ name, value }) => fields.push(name, value) });
      assert.ok(decoder.tableBytes >= 0 && decoder.tableBytes <= 4096, 'the table has its bounds');
      const expected = attempt(() => naive.decode(block).flat());
      if (!isValid) {
        assert.equal(typeof expected, 'string', 'refused, and it is valid');
        return;
      }
      assert.deepEqual(fields, expected);
      assert.equal(decoder.tableBytes, naive.tableBytes);
      assertEncoded(encoder, receiver, fields);
    }
  },
});

/** Small fields and tables that hold about as many bytes, so that each eviction is at its edge. */
function newBlock(random: Random): Buffer {
  const parts = random.once(2) ? [hpackInteger(0x20, 5, random.pick([0, 33, 34, 35, 66, 67, 68, 100, 102, 4096]))] : [];
  for (let i = 1 + random.int(5); i > 0; i--) {
    const field = ['a'.repeat(1 + random.int(2)), 'b'.repeat(random.int(3))] as const;
    parts.push(random.once(3) ? hpackInteger(0x80, 7, 60 + random.int(8)) : hpackLiteral(field, random.pick([0x40, 0x40, 0, 0x10])));
  }
  return Buffer.concat(parts);
}

/** What the block is, or the message of its refusal. */
function attempt(decode: () => readonly string[]): readonly string[] | string {
  try {
    return decode();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Our own encoding of the same fields is read as them by both decoders. */
function assertEncoded(encoder: HpackEncoder, receiver: HpackDecoder, fields: readonly string[]): void {
  const buffer = Buffer.alloc(HpackEncoder.maxBytes(fields));
  const end = encoder.fields(fields, buffer, encoder.begin(buffer, 0));
  assert.ok(end <= buffer.length);
  const again: string[] = [];
  assert.ok(receiver.decode(buffer, 0, end, { onField: ({ name, value }) => again.push(name, value) }));
  assert.deepEqual(again, fields);
  assert.equal(receiver.tableBytes, encoder.tableBytes);
}

import type { Random } from './random.ts';

/** Inputs are cut there: what is longer finds nothing that a shorter one does not. */
export const maxInputBytes = 6144;

const tellingBytes = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3d, 0x5c, 0x7f, 0x80, 0xff];

/** A copy of `input` with a few changes; `other` lends parts, and `words` are put in whole. */
export function mutateBytes(random: Random, input: Buffer, other: Buffer, words: readonly Buffer[]): Buffer {
  let bytes = input;
  for (let i = 1 + random.int(4); i > 0; i--) bytes = changeOnce(random, bytes, other, words);
  return bytes.subarray(0, maxInputBytes);
}

function changeOnce(random: Random, bytes: Buffer, other: Buffer, words: readonly Buffer[]): Buffer {
  const at = random.int(bytes.length + 1);
  switch (random.int(8)) {
    case 0:
      return spliced(bytes, at, 0, random.pick(words));
    case 1:
      return spliced(bytes, at, random.int(6), random.pick(words));
    case 2:
      return spliced(bytes, at, 1 + random.int(8), Buffer.alloc(0));
    case 3:
      return spliced(bytes, at, 0, partOf(random, bytes));
    case 4:
      return spliced(bytes, at, random.int(16), partOf(random, other));
    case 5:
      return spliced(bytes, at, 1, Buffer.from([random.pick(tellingBytes)]));
    case 6:
      return flipped(bytes, Math.min(at, bytes.length - 1), 1 << random.int(8));
    default:
      return stepped(bytes, at, random.once(2) ? 1 : -1);
  }
}

/** `bytes` with `removed` of them at `at` replaced by `added`. */
export function spliced(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

function partOf(random: Random, bytes: Buffer): Buffer {
  const start = random.int(bytes.length + 1);
  return bytes.subarray(start, start + random.int(random.once(4) ? 400 : 24));
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  if (bytes.length === 0) return bytes;
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ bit;
  return changed;
}

/** The byte at `at` one up or down: numbers, lengths and versions that are nearly right. */
function stepped(bytes: Buffer, at: number, by: number): Buffer {
  if (at >= bytes.length) return bytes;
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) + by;
  return changed;
}

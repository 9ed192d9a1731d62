import { Random, seedOf } from './random.ts';

/** Ways to cut an input, the same for the same input each time: byte by byte, and in pieces of several kinds. */
export function splitsOf(input: Buffer): readonly (readonly Buffer[])[] {
  const random = new Random(seedOf(input));
  return [cutEvery(input, () => 1), cutEvery(input, () => 1 + random.int(12)), cutEvery(input, () => 1 + random.int(input.length))];
}

function cutEvery(input: Buffer, size: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const end = at + size();
    pieces.push(input.subarray(at, end));
    at = end;
  }
  return pieces;
}

import { hash } from 'node:crypto';
import { Random } from './random.ts';

/** Every body of the soak is a piece of one block of noise, so that both ends know each byte of it without telling. */
export const payloadBytes = 1_048_576;

const block = makeBlock();

function makeBlock(): Buffer {
  const random = new Random(20_261);
  const noise = Buffer.alloc(payloadBytes);
  for (let at = 0; at < payloadBytes; at += 4) noise.writeUInt32LE(Math.floor(random.next() * 2 ** 32), at);
  return Buffer.concat([noise, noise]);
}

/** A piece: where it begins (below `payloadBytes`) and how long it is (up to `payloadBytes`). */
export interface Piece {
  readonly offset: number;
  readonly bytes: number;
}

export const nothing: Piece = { offset: 0, bytes: 0 };

/** The bytes of a piece; not to be changed. */
export function bytesOf({ offset, bytes }: Piece): Buffer {
  return block.subarray(offset, offset + bytes);
}

/** The piece of `bytes` that stands at place `at` of an endless repetition of the block. */
export function pieceAt(at: number, bytes: number): Piece {
  return { offset: at % payloadBytes, bytes };
}

/** Length and hash of a body, as backends tell what they received. */
export function digestOf(body: Buffer): string {
  return `${body.length} ${hash('sha1', body)}`;
}

/** Checks bytes as they come against the repeated block from `offset` on. */
export class PayloadCheck {
  readonly #offset: number;
  received = 0;
  problem: string | undefined;

  constructor(offset: number) {
    this.#offset = offset;
  }

  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.problem === undefined; ) {
      const part = chunk.subarray(at, at + payloadBytes);
      const due = bytesOf(pieceAt(this.#offset + this.received, part.length));
      if (!due.equals(part)) this.problem = differenceOf(part, due, this.received);
      this.received += part.length;
      at += part.length;
    }
  }
}

function differenceOf(part: Buffer, due: Buffer, before: number): string {
  const at = part.findIndex((byte, index) => byte !== due[index]);
  return `wrong from byte ${before + at} on: ${part.toString('hex', at, at + 16)} in place of ${due.toString('hex', at, at + 16)}`;
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';

/** A prime, so that no buffer's length is a multiple of it: a piece in the wrong place never looks right. */
const periodBytes = 1_048_573;
const block = makeBlock();

/** Endless bytes that anyone can tell apart from those of another seed, or of another place. */
export class ByteStream {
  #position: number;

  constructor(seed: number) {
    this.#position = (seed * 7919) % periodBytes;
  }

  /** The next `length` bytes, at most `periodBytes`; not to be written to. */
  next(length: number): Buffer {
    const bytes = block.subarray(this.#position, this.#position + length);
    this.#position = (this.#position + length) % periodBytes;
    return bytes;
  }
}

/** Writes `total` bytes of a stream in chunks of the given sizes, over and over, as fast as the socket takes them; then ends it. */
export function send(socket: Socket, seed: number, total: number, chunkBytes: readonly number[]): void {
  const stream = new ByteStream(seed);
  let left = total;
  let turn = 0;
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      const bytes = stream.next(Math.min(left, chunkBytes[turn++ % chunkBytes.length] as number));
      left -= bytes.length;
      if (!socket.write(bytes)) return;
    }
    socket.off('drain', more).end();
  };
  socket.on('drain', more);
  more();
}

/** How a reader takes its bytes. */
export type Pace = 'fast' | 'slow' | 'alternating';

/** Reads to the end at some pace and checks every byte in passing. Resolves to the number of bytes; rejects at the first wrong one. */
export function check(socket: Socket, seed: number, pace: Pace = 'fast'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const stream = new ByteStream(seed);
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    if (!stream.next(chunk.length).equals(chunk)) reject(new assert.AssertionError({ message: `wrong bytes after ${received}` }));
    received += chunk.length;
    if (pace === 'slow' || (pace === 'alternating' && (received >> 20) % 2 === 1)) rest(socket);
  });
  socket.on('end', () => resolve(received));
  socket.on('close', () => resolve(received));
  socket.resume();
  return promise;
}

/** Lets everybody else go first, several times. */
function rest(socket: Socket, turns = 3): void {
  socket.pause();
  const wait = (left: number) => (left === 0 ? socket.resume() : setImmediate(wait, left - 1));
  setImmediate(wait, turns);
}

/** One period, twice in a row, so that any piece of it is in one place. */
function makeBlock(): Buffer {
  const period = Buffer.concat(
    Array.from({ length: Math.ceil(periodBytes / 64) }, (_, index) => createHash('sha512').update(`${index}`).digest()),
  ).subarray(0, periodBytes);
  return Buffer.concat([period, period]);
}

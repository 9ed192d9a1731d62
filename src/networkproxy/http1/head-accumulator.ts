import { CR, fieldValueByte, LF } from './character-classes.ts';

/** What the bytes so far amount to. `defect`: a byte that no head may hold, so that waiting for the rest is pointless. */
export type HeadState = 'partial' | 'complete' | 'defect' | 'line-too-long' | 'head-too-large';

const firstCapacityBytes = 1024;

/**
 * Keeps the bytes of a head (or of trailers) that came in pieces. Each byte is copied and looked at once, however small the pieces;
 * memory is bounded by the limit and let go with `clear`.
 */
export class HeadAccumulator {
  readonly #maxLineBytes: number;
  readonly #maxHeadBytes: number;
  #bytes: Buffer | undefined;
  #length = 0;
  #scanned = 0;
  #sawLine = false;
  /** Bytes of the last chunk that belong to the head. */
  consumed = 0;

  constructor(maxLineBytes: number, maxHeadBytes: number) {
    this.#maxLineBytes = maxLineBytes;
    this.#maxHeadBytes = maxHeadBytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The kept bytes; with state `complete` they end with the empty line, with `defect` with the offending byte. Valid until `clear`. */
  get head(): Buffer {
    return (this.#bytes ?? Buffer.alloc(0)).subarray(0, this.#scanned);
  }

  /** Adds what it needs of `chunk` from `from` and scans it; `consumed` then says how much was taken. */
  append(chunk: Buffer, from: number): HeadState {
    const before = this.#length;
    const added = Math.min(chunk.length - from, this.#maxHeadBytes - before);
    const bytes = this.#reserve(before + added);
    chunk.copy(bytes, before, from, from + added);
    this.#length = before + added;
    const state = this.#scan(bytes);
    this.consumed = this.#scanned - before;
    return state;
  }

  clear(): void {
    this.#bytes = undefined;
    this.#length = 0;
    this.#scanned = 0;
    this.#sawLine = false;
  }

  #scan(bytes: Buffer): HeadState {
    for (let at = this.#scanned; at < this.#length; at++) {
      const byte = bytes[at] ?? 0;
      const afterCr = at > 0 && bytes[at - 1] === CR;
      if (byte === LF && afterCr) {
        this.#sawLine = true;
        const isEmptyLine = at === 1 || bytes[at - 2] === LF;
        if (isEmptyLine) return this.#end(at + 1, 'complete');
      } else if (afterCr || (byte !== CR && fieldValueByte[byte] === 0)) {
        return this.#end(at + 1, 'defect');
      } else if (!this.#sawLine && at >= this.#maxLineBytes && byte !== CR) {
        return this.#end(at + 1, 'line-too-long');
      }
    }
    return this.#end(this.#length, this.#length >= this.#maxHeadBytes ? 'head-too-large' : 'partial');
  }

  #end(scanned: number, state: HeadState): HeadState {
    this.#scanned = scanned;
    return state;
  }

  #reserve(length: number): Buffer {
    const old = this.#bytes;
    if (old !== undefined && old.length >= length) return old;
    const capacity = Math.min(Math.max(length, 2 * (old?.length ?? 0), firstCapacityBytes), this.#maxHeadBytes);
    const bytes = Buffer.allocUnsafeSlow(capacity);
    old?.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
    return bytes;
  }
}

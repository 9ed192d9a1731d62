/** A read that fills this much means bulk. What is read into the shared buffer is copied, which costs little for anything shorter. */
const sharedBytes = 65_536;

/** Fits the processor's second-level cache; the passthrough benchmark showed nothing more to gain with twice and four times as much. */
const leasedBytes = 262_144;

/** Bounds the memory that is lent, to 16 MiB; who gets no buffer goes on with the shared one. */
const maxLeased = 64;

/** What is kept for the next lease when traffic has gone: 2 MiB. */
const maxFree = 8;

/**
 * The memory that many sockets read into: one buffer that all of them point to, and larger ones lent to those with bulk to
 * carry. Memory that is written again and again stays in the processor's cache: with a fresh 64 KiB for every read, the passthrough
 * benchmark took twice the time.
 */
export class ReadBuffers {
  /** Overwritten by anybody's next read: its bytes are good until the callback of the read returns. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(sharedBytes);
  readonly #free: Buffer[] = [];
  /** What was lent at any time. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #leased = 0;

  /** Buffers that are lent at the moment. */
  get leased(): number {
    return this.#leased;
  }

  /** Buffers that wait for the next lease. */
  get free(): number {
    return this.#free.length;
  }

  /** A buffer for one reader alone, until `release` or `forget`; undefined: no more are lent. */
  lease(): Buffer | undefined {
    if (this.#leased === maxLeased) return undefined;
    this.#leased++;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const buffer = Buffer.allocUnsafeSlow(leasedBytes);
    this.#lent.add(buffer.buffer);
    return buffer;
  }

  /** The bytes lie in a buffer that is, or was, lent. */
  isLent(bytes: Buffer): boolean {
    return this.#lent.has(bytes.buffer);
  }

  /** Takes a buffer back: no socket reads into it any more, and none has bytes of it left to write. */
  release(buffer: Buffer): void {
    this.#leased--;
    if (this.#free.length < maxFree) this.#free.push(buffer);
  }

  /** Ends the lease of a buffer that a socket may still read into: nobody else gets it, and it goes with the socket. */
  forget(): void {
    this.#leased--;
  }
}

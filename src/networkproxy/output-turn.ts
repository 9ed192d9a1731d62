/** Something that has output to write at the end of the event loop's turn. */
export interface Flushable {
  /** Writes out; the slab, if it took one, is given back. */
  flushTurn(): void;
}

/** Four TLS records. */
export const slabBytes = 65_536;
/** For bulk, a quarter of the writes, with room for the headers of the frames; it still fits the processor's second-level cache. */
const largeSlabBytes = 4 * slabBytes + 512;
/** Bounds the large ones that are in use at a time, to 16 MiB; whoever gets none goes on with small ones. */
const maxLargeSlabs = 64;
/** Large ones that are kept when traffic has gone: 2 MiB. */
const keptLargeSlabs = 8;
/**
 * Slabs that are kept for the next turn: one for each connection that answers in one turn. A new one costs a garbage collection sooner or
 * later (bench: http2-tls-1, a fifth of the CPU time), and of an idle one only the pages that answers have touched are in memory.
 */
const keptSlabs = 256;

/**
 * Lets every connection of a worker write once per turn of the event loop, however many answers came in it, so that they share packets
 * and TLS records (bench: h2-16, a third of the CPU time). Holds the buffers that the frames are put together in.
 */
export class OutputTurn {
  #waiting: Flushable[] = [];
  readonly #slabs: Buffer[] = [];
  readonly #largeSlabs: Buffer[] = [];
  #largeInUse = 0;

  /** `flushTurn` follows before the event loop waits again; the caller asks once until then. */
  schedule(flushable: Flushable): void {
    if (this.#waiting.push(flushable) === 1) setImmediate(this.#run);
  }

  /** @param isBulk a slab was filled in this turn or the last: it may be a larger one */
  takeSlab(isBulk: boolean): Buffer {
    if (isBulk && this.#largeInUse < maxLargeSlabs) {
      this.#largeInUse++;
      return this.#largeSlabs.pop() ?? Buffer.allocUnsafeSlow(largeSlabBytes);
    }
    return this.#slabs.pop() ?? Buffer.allocUnsafeSlow(slabBytes);
  }

  /** Nothing reads the slab any more. */
  giveSlab(slab: Buffer): void {
    if (slab.length === largeSlabBytes) {
      this.#largeInUse--;
      if (this.#largeSlabs.length < keptLargeSlabs) this.#largeSlabs.push(slab);
    } else if (this.#slabs.length < keptSlabs) {
      this.#slabs.push(slab);
    }
  }

  readonly #run = (): void => {
    const running = this.#waiting;
    this.#waiting = []; // cheaper than to empty the old one, which is a call into V8's runtime
    for (let i = 0; i < running.length; i++) running[i]?.flushTurn();
  };
}

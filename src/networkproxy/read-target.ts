import type { ReadBuffers } from '../read-buffers.ts';

/**
 * Where one plain connection reads into: the buffer that all share, or one that it is lent for bulk. What lies in the shared one is good
 * until the read's callback returns. What lies in a lent one stays when the connection is paused in that callback, until it is resumed: it
 * is written to the other side as it is, which spares a copy and a new 64 KiB for every read (bench: download, half the CPU time; upload,
 * more than half).
 */
export class ReadTarget {
  readonly #buffers: ReadBuffers;
  #target: Buffer;
  #isChanged = true;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.#target = buffers.shared;
  }

  /** What was read is in memory of our own. */
  get isLent(): boolean {
    return this.#target !== this.#buffers.shared;
  }

  /** For the `onread` option: Node asks after each read. Without an answer it goes on with the last one, which costs less. */
  next(): Buffer | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    return this.#target;
  }

  /** The bytes of a read. */
  bytes(size: number): Buffer {
    return this.#target.subarray(0, size);
  }

  /** The bytes have been passed on; to be called within the read. @param isPaused the other side may not have taken them all; @param takesLent more will come, and it can make use of lent memory */
  afterRead(size: number, isPaused: boolean, takesLent: boolean): void {
    if (this.isLent) {
      if (isPaused || (takesLent && size >= this.#buffers.shared.length)) return;
      this.#buffers.release(this.#target);
      this.#turnTo(this.#buffers.shared);
    } else if (takesLent && size === this.#target.length) {
      this.#turnTo(this.#buffers.lease() ?? this.#target);
    }
  }

  /** The message is over, taken or not: what is lent goes with who may still write it. To be called within a read, or after the last. */
  letGo(): void {
    if (!this.isLent) return;
    this.#buffers.forget();
    this.#turnTo(this.#buffers.shared);
  }

  #turnTo(target: Buffer): void {
    this.#target = target;
    this.#isChanged = true;
  }
}

import { connectionWindowBytes, maxWindowGrowthBytes } from '../limits.ts';

/** What a client may send on all streams of its connection together, and by how much the windows of its streams may still grow. */
export class ConnectionWindow {
  #left = connectionWindowBytes;
  #unannounced = 0;
  #growthLeft = maxWindowGrowthBytes;

  /** A DATA frame of `length` bytes begins. False: more than the window. */
  take(length: number): boolean {
    this.#left -= length;
    return this.#left >= 0;
  }

  /** So many bytes have been used, or will never be. */
  use(bytes: number): void {
    this.#unannounced += bytes;
  }

  /** Opens it by what was used once that is worth a frame; returns by how much, which the client has to be told, or 0. */
  announce(): number {
    const bytes = this.#unannounced;
    // Soon: what is not announced is missing to others when one stream stands still with much.
    if (bytes < connectionWindowBytes / 8) return 0;
    this.#left += bytes;
    this.#unannounced = 0;
    return bytes;
  }

  /** By how much a stream's window may grow, at most `bytes`; `giveGrowth` gives it back. */
  takeGrowth(bytes: number): number {
    const taken = Math.min(bytes, this.#growthLeft);
    this.#growthLeft -= taken;
    return taken;
  }

  giveGrowth(bytes: number): void {
    this.#growthLeft += bytes;
  }
}

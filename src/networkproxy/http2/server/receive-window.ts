import { grownStreamWindowBytes, streamWindowBytes } from '../limits.ts';

/** What a client may send on one stream before it has to wait: it grows while the backend takes at once what comes. */
export class ReceiveWindow {
  #left = streamWindowBytes;
  #bytes = streamWindowBytes;
  /** Taken by the backend, and not announced to the client as room. */
  #unannounced = 0;
  /** The backend did not take all at once since the client was told of room. */
  wasPaused = false;

  /** By how much it has grown. */
  get growth(): number {
    return this.#bytes - streamWindowBytes;
  }

  /** A DATA frame of `length` bytes, padding included, begins. False: more than the window. */
  take(length: number): boolean {
    this.#left -= length;
    return this.#left >= 0;
  }

  /** So many bytes have been used. True: enough for the client to be told of room, see `announce`. */
  use(bytes: number): boolean {
    this.#unannounced += bytes;
    return this.#unannounced >= this.#bytes / 2;
  }

  /** By how much it would like to grow, at most; it does not when the backend was slow. */
  get wantedGrowth(): number {
    return this.wasPaused ? 0 : Math.min(this.#bytes, grownStreamWindowBytes - this.#bytes);
  }

  /** Opens it by what was used and by `growth` more; returns by how much in all, which the client has to be told. */
  announce(growth: number): number {
    this.wasPaused = false;
    this.#bytes += growth;
    const increment = this.#unannounced + growth;
    this.#left += increment;
    this.#unannounced = 0;
    return increment;
  }
}

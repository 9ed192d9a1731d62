/** The part that is given up at once when room is needed: finding the oldest costs a walk over what was deleted since. */
const shareGivenUp = 1 / 8;

/**
 * The token buckets of one limit, by client. A bucket is one number: the time in milliseconds at which it will be full again, so one that is
 * full is none at all. The map is in the order of last use.
 */
export class RateBuckets {
  /** Nothing had this limit any more when that was last looked at. */
  wasUnused = false;
  readonly #fullAtMs = new Map<string, number>();

  get size(): number {
    return this.#fullAtMs.size;
  }

  /** When the bucket is full again; 0: it is. */
  fullAtMs(client: string): number {
    return this.#fullAtMs.get(client) ?? 0;
  }

  /** @returns whether the client had no bucket before */
  set(client: string, fullAtMs: number): boolean {
    const isNew = !this.#fullAtMs.delete(client);
    this.#fullAtMs.set(client, fullAtMs);
    return isNew;
  }

  /** Forgets an eighth, those that were not used for longest. Returns how many of them were not full: their clients begin anew. */
  forgetOldest(nowMs: number): number {
    let left = Math.ceil(this.size * shareGivenUp);
    let lost = 0;
    for (const [client, fullAtMs] of this.#fullAtMs) {
      if (left-- === 0) break;
      if (fullAtMs > nowMs) lost++;
      this.#fullAtMs.delete(client);
    }
    return lost;
  }

  /** Forgets what is full: that costs nobody anything. */
  expire(nowMs: number): void {
    for (const [client, fullAtMs] of this.#fullAtMs) if (fullAtMs <= nowMs) this.#fullAtMs.delete(client);
  }
}

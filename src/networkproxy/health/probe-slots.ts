/** Bounds how many probes run at once; those above wait for their turn. */
export class ProbeSlots {
  readonly #limit: number;
  #used = 0;
  /** A Set in place of a list: its first entry is removed in constant time. */
  readonly #waiting = new Set<() => boolean>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param start called at once or when a slot is free; false: it does not need one any more. Else `release` must follow. */
  take(start: () => boolean): void {
    if (this.#used >= this.#limit) this.#waiting.add(start);
    else this.#run(start);
  }

  release(): void {
    this.#used--;
    for (const start of this.#waiting) {
      if (this.#used >= this.#limit) return;
      this.#waiting.delete(start);
      this.#run(start);
    }
  }

  #run(start: () => boolean): void {
    this.#used++;
    if (!start()) this.#used--;
  }
}

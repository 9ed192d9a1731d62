interface Entry<Value> {
  readonly value: Value;
  readonly length: number;
  readonly untilMs: number;
}

const defaultMaxEntries = 10_000;
/** Characters of all entries together. */
const defaultMaxLength = 8 * 1024 * 1024;

/** Values for a time, bounded by number and length: those that were not used for longest make room. All times are of one clock, the caller's. */
export class BoundedEntries<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #maxEntries: number;
  readonly #maxLength: number;
  #length = 0;

  constructor(maxEntries = defaultMaxEntries, maxLength = defaultMaxLength) {
    this.#maxEntries = maxEntries;
    this.#maxLength = maxLength;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(key: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#remove(key, entry);
    if (entry.untilMs <= nowMs) return undefined;
    // To the end: it was used last.
    this.#add(key, entry);
    return entry.value;
  }

  keep(key: string, value: Value, length: number, untilMs: number): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#remove(key, before);
    this.#add(key, { value, length, untilMs });
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#length <= this.#maxLength) return;
      this.#remove(oldest, entry);
    }
  }

  forget(isMeant: (value: Value) => boolean): void {
    for (const [key, entry] of this.#entries) if (isMeant(entry.value)) this.#remove(key, entry);
  }

  #add(key: string, entry: Entry<Value>): void {
    this.#entries.set(key, entry);
    this.#length += entry.length;
  }

  #remove(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#length -= entry.length;
  }
}

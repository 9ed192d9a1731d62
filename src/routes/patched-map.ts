/** A map with a few changes that are kept beside it: made in no time from a large one, which others go on using. Immutable. */
export class PatchedMap<V> implements ReadonlyMap<string, V> {
  readonly size: number;
  readonly #base: ReadonlyMap<string, V>;
  readonly #patch: ReadonlyMap<string, V | undefined>;

  /**
   * @param base must not change any more
   * @param patch values to set; undefined removes what is there. Must not change any more either
   */
  constructor(base: ReadonlyMap<string, V>, patch: ReadonlyMap<string, V | undefined>) {
    this.#base = base;
    this.#patch = patch;
    let size = base.size;
    for (const [key, value] of patch) size += (value === undefined ? 0 : 1) - (base.has(key) ? 1 : 0);
    this.size = size;
  }

  /** What it was made of. */
  get parts(): readonly [base: ReadonlyMap<string, V>, patch: ReadonlyMap<string, V | undefined>] {
    return [this.#base, this.#patch];
  }

  get(key: string): V | undefined {
    const patched = this.#patch.get(key);
    return patched !== undefined || this.#patch.has(key) ? patched : this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  forEach(callback: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  /** In the order of `base` without what is patched, then in that of the patch. */
  *entries(): Generator<[string, V], undefined> {
    for (const entry of this.#base) if (!this.#patch.has(entry[0])) yield entry;
    for (const [key, value] of this.#patch) if (value !== undefined) yield [key, value];
    return undefined;
  }

  *keys(): Generator<string, undefined> {
    for (const [key] of this.entries()) yield key;
    return undefined;
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value;
    return undefined;
  }

  [Symbol.iterator](): Generator<[string, V], undefined> {
    return this.entries();
  }
}

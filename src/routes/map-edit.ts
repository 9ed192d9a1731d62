import { PatchedMap } from './patched-map.ts';

/** Smaller maps are copied: that takes less than 0.1 ms and leaves a map that is looked up once. */
const leastPatchedSize = 1000;
/** Changes that are kept beside a map, and copied with each further edit, before it is made anew with them. */
const maxPatchSize = 256;

/** Changes to a map that stays as it is: what a few of them cost does not grow with the map. */
export class MapEdit<V> {
  readonly #original: ReadonlyMap<string, V>;
  /** The original without its patch. */
  readonly #base: ReadonlyMap<string, V>;
  readonly #patch: Map<string, V | undefined>;
  /** What the changes are made to from the moment when they are too many for a patch, or the map is small. */
  #copy: Map<string, V> | undefined;
  #isChanged = false;

  constructor(base: ReadonlyMap<string, V>) {
    const [unpatched, patch] = base instanceof PatchedMap ? (base as PatchedMap<V>).parts : [base, undefined];
    this.#original = base;
    this.#base = unpatched;
    this.#patch = new Map(patch);
  }

  set(key: string, value: V): void {
    const copy = this.#copyIfDue();
    if (copy === undefined) this.#patch.set(key, value);
    else copy.set(key, value);
  }

  /** False: there is nothing under `key`. */
  delete(key: string): boolean {
    const copy = this.#copyIfDue();
    if (copy !== undefined) return copy.delete(key);
    const isThere = this.#patch.has(key) ? this.#patch.get(key) !== undefined : this.#base.has(key);
    if (isThere) this.#patch.set(key, undefined);
    return isThere;
  }

  /** The map with the changes; no more of them may follow. */
  finish(): ReadonlyMap<string, V> {
    if (!this.#isChanged) return this.#original;
    return this.#copy ?? new PatchedMap(this.#base, this.#patch);
  }

  #copyIfDue(): Map<string, V> | undefined {
    this.#isChanged = true;
    if (this.#copy !== undefined || (this.#base.size >= leastPatchedSize && this.#patch.size < maxPatchSize)) return this.#copy;
    const copy = new Map(this.#base);
    for (const [key, value] of this.#patch) {
      if (value === undefined) copy.delete(key);
      else copy.set(key, value);
    }
    this.#copy = copy;
    return copy;
  }
}

import { isDeepStrictEqual } from 'node:util';

/** The map before when the one after holds the same values by identity, so that later steps see that nothing changed. */
export function keepMap<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  if (before.size !== after.size) return after;
  for (const [key, value] of after) if (before.get(key) !== value) return after;
  return before;
}

/** The map after with the values before that say the same, and the map before itself when that is all of it. */
export function keepEntries<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  const kept = new Map<string, V>();
  for (const [key, value] of after) {
    const known = before.get(key);
    kept.set(key, known !== undefined && isDeepStrictEqual(known, value) ? known : value);
  }
  return keepMap(before, kept);
}

/** A value that keeps its reference while the one in its place says the same. */
export class KeptValue<T> {
  #value: T | undefined;

  keep(value: T): T {
    if (!isDeepStrictEqual(this.#value, value)) this.#value = value;
    return this.#value as T;
  }
}

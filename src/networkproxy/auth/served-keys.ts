import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';

/** Times of a key set from a server, in milliseconds. */
export const keyTimes = {
  /** After this it is fetched again, while the one that is there serves. */
  freshMs: 10 * 60_000,
  /** For so long the last good one serves while the server does not answer. */
  keptMs: 24 * 3_600_000,
  /** A failed try, or a key that is not in the set, makes another one no sooner. */
  pauseMs: 30_000,
  /** Nobody waits longer than this after a failed try when there are no keys at all. */
  retryMs: 5000,
} as const;

/** The text of a key set, or a rejection. */
export type FetchKeys = (signal: AbortSignal) => Promise<string>;

/** No token can be checked: there are no keys. */
export class NoKeysError extends Error {}

/**
 * The keys of an issuer, fetched when a token needs them. It has no timer: what nobody asks for is not fetched. One fetch at a time, whoever
 * waits for it.
 */
export class ServedKeys {
  readonly #fetch: FetchKeys;
  readonly #now: () => number;
  readonly #abort = new AbortController();
  #find: JWTVerifyGetKey | undefined;
  #fetchedAtMs = 0;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  /** @param now monotonic milliseconds */
  constructor(fetch: FetchKeys, now: () => number) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** Finds the key of a token. Rejects with NoKeysError when there are none, or with an error of jose when it is not among them. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const find = await this.#usable();
    try {
      return await find(header, token);
    } catch (error) {
      // The issuer may have a new key.
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayTry(keyTimes.pauseMs)) throw error;
      await this.#refresh();
      return await (this.#find ?? find)(header, token);
    }
  };

  /** The set that tokens are checked by at the moment, another object after each fetch; undefined: there is none that may be used. */
  get current(): object | undefined {
    return this.#now() - this.#fetchedAtMs < keyTimes.keptMs ? this.#find : undefined;
  }

  close(): void {
    this.#abort.abort();
  }

  async #usable(): Promise<JWTVerifyGetKey> {
    const ageMs = this.#now() - this.#fetchedAtMs;
    if (this.#find !== undefined && ageMs < keyTimes.freshMs) return this.#find;
    if (this.#find !== undefined && ageMs < keyTimes.keptMs) {
      if (this.#mayTry(keyTimes.pauseMs)) void this.#refresh();
      return this.#find;
    }
    this.#find = undefined;
    if (this.#fetching !== undefined || this.#mayTry(keyTimes.retryMs)) await this.#refresh();
    if (this.#find === undefined) throw new NoKeysError('Cannot check a token: there are no keys of its issuer');
    return this.#find;
  }

  #mayTry(pauseMs: number): boolean {
    return this.#now() - this.#triedAtMs >= pauseMs;
  }

  /** Resolves in any case; a fetch that fails leaves the keys that are there. */
  #refresh(): Promise<void> {
    this.#fetching ??= this.#take().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #take(): Promise<void> {
    this.#triedAtMs = this.#now();
    try {
      this.#find = keysIn(await this.#fetch(this.#abort.signal));
      this.#fetchedAtMs = this.#now();
    } catch {
      // Counted by whoever fetches; the keys that are there go on to serve.
    }
  }
}

/** Finds keys in the text of a JSON Web Key Set. Throws when it is none. */
export function keysIn(text: string): JWTVerifyGetKey {
  return createLocalJWKSet(JSON.parse(text));
}

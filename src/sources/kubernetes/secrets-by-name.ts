/** What follows one object. */
export interface ByName {
  start(): void;
  close(): Promise<void>;
}

export interface SecretsByNameOptions {
  /** The only one that is looked at. */
  readonly namespace: string;
  /** Follows the Secret `key`, and says once whether it is known now, or that it can't be told for the time being. */
  follow(key: string, answered: () => void): ByName;
  /** Nobody follows the Secret any more. */
  forget(key: string): void;
}

/**
 * The referenced Secrets of a namespace that is not watched, each by a watch of its own: a Role with `resourceNames` is enough, and nobody
 * else's Secret there can be read.
 */
export class SecretsByName {
  readonly #options: SecretsByNameOptions;
  readonly #followed = new Map<string, { readonly by: ByName; readonly answered: PromiseWithResolvers<void> }>();

  #isClosed = false;

  constructor(options: SecretsByNameOptions) {
    this.#options = options;
  }

  /** Says which Secrets are wanted from now on; resolves when each was read, or tried. */
  async setReferenced(keys: readonly string[]): Promise<void> {
    if (this.#isClosed) return;
    const { namespace, follow } = this.#options;
    const wanted = new Set(keys.filter((key) => key.startsWith(`${namespace}/`)));
    const unwanted = [...this.#followed.keys()].filter((key) => !wanted.has(key));
    const ends = unwanted.map((key) => this.#letGo(key));
    for (const key of wanted) {
      if (this.#followed.has(key)) continue;
      const answered = Promise.withResolvers<void>();
      const by = follow(key, answered.resolve);
      this.#followed.set(key, { by, answered });
      by.start();
    }
    await Promise.all([...ends, ...[...this.#followed.values()].map(({ answered }) => answered.promise)]);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#followed.keys()].map((key) => this.#letGo(key)));
  }

  async #letGo(key: string): Promise<void> {
    const followed = this.#followed.get(key);
    this.#followed.delete(key);
    followed?.answered.resolve();
    await followed?.by.close();
    if (!this.#isClosed && !this.#followed.has(key)) this.#options.forget(key);
  }
}

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

  constructor(options: SecretsByNameOptions) {
    this.#options = options;
  }

  /** Says which Secrets are wanted from now on; resolves when each was read, or tried. */
  async setReferenced(keys: readonly string[]): Promise<void> {
    const { namespace, follow, forget } = this.#options;
    const wanted = new Set(keys.filter((key) => key.startsWith(`${namespace}/`)));
    const unwanted = [...this.#followed].filter(([key]) => !wanted.has(key));
    for (const [key] of unwanted) this.#followed.delete(key);
    await Promise.all(
      unwanted.map(async ([key, { by, answered }]) => {
        answered.resolve();
        await by.close();
        if (!this.#followed.has(key)) forget(key);
      }),
    );
    for (const key of wanted) {
      if (this.#followed.has(key)) continue;
      const answered = Promise.withResolvers<void>();
      const by = follow(key, answered.resolve);
      this.#followed.set(key, { by, answered });
      by.start();
    }
    await Promise.all([...this.#followed.values()].map(({ answered }) => answered.promise));
  }

  async close(): Promise<void> {
    for (const { answered } of this.#followed.values()) answered.resolve();
    await Promise.all([...this.#followed.values()].map(({ by }) => by.close()));
  }
}

import { objectKey, type Secret } from '../../api/objects.ts';
import type { ObjectStore } from '../object-store.ts';

/** Secrets that the program keeps itself, shown among those of manifests. One that a manifest has too is the manifest's. */
export class KeptSecrets {
  readonly #store: ObjectStore;
  readonly #isWritten: (key: string) => boolean;
  readonly #secrets = new Map<string, Secret>();

  constructor(store: ObjectStore, isWritten: (key: string) => boolean) {
    this.#store = store;
    this.#isWritten = isWritten;
  }

  /** Those that no manifest has. */
  get shown(): readonly Secret[] {
    return [...this.#secrets].flatMap(([key, secret]) => (this.#isWritten(key) ? [] : [secret]));
  }

  written(key: string): Secret | undefined {
    return this.#isWritten(key) ? this.#store.get('Secret', key) : undefined;
  }

  keep(secret: Secret): void {
    const key = objectKey(secret);
    this.#secrets.set(key, secret);
    if (!this.#isWritten(key)) this.#store.apply(secret);
  }

  forget(key: string): void {
    this.#secrets.delete(key);
    if (!this.#isWritten(key)) this.#store.remove('Secret', key);
  }
}

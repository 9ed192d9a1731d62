import type { Secret } from '../../api/objects.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, hasStatus } from './api-error.ts';
import { apiTrouble } from './api-trouble.ts';
import type { ReflectorTarget } from './reflector.ts';
import { collectionPath, secretType } from './resources.ts';
import { RetryDelay } from './retry-delay.ts';
import type { WatchedObject } from './watch-event.ts';

/** Media types that make the server send metadata alone. */
export const metadataOnly = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
};

/** Helm keeps whole releases in Secrets, which are never certificates: not even their metadata is wanted. */
export const secretFieldSelector = 'type!=helm.sh/release.v1';

export interface SecretFetcherOptions {
  readonly client: ApiClient;
  readonly store: ObjectStore;
  readonly troubles: Troubles;
  /** @default Math.random */
  readonly random?: () => number;
}

const requestsAtOnce = 4;

/**
 * Brings the referenced Secrets, and no others, into the store. Watches of metadata (`metadataTarget`) tell which versions exist; a
 * referenced Secret is read by name when it appears, changes, or becomes referenced, and leaves the store when it is deleted or no
 * longer referenced. Reads that fail are repeated.
 */
export class SecretFetcher {
  readonly #options: SecretFetcherOptions;
  readonly #closing = new AbortController();
  /** `namespace/name` -> version, of every Secret that exists. */
  readonly #versions = new Map<string, string>();
  /** Versions that were read, of referenced Secrets. */
  readonly #fetched = new Map<string, string>();
  readonly #waiting = new Set<string>();
  /** Read at the moment: an answer that is overtaken by another of the same Secret would be taken for the later one. */
  readonly #reading = new Set<string>();
  readonly #retries = new Map<string, { readonly delay: RetryDelay; readonly timer: NodeJS.Timeout }>();
  readonly #lanes = new Set<Promise<void>>();
  #referenced: ReadonlySet<string> = new Set();
  #idle = Promise.withResolvers<void>();

  constructor(options: SecretFetcherOptions) {
    this.#options = options;
    this.#idle.resolve();
  }

  /** What a watch of Secrets' metadata, in one namespace or everywhere, reports to. */
  metadataTarget(resource: string, namespace?: string): ReflectorTarget<WatchedObject> {
    const { troubles } = this.#options;
    return {
      replace: (objects) => this.#replace(objects, namespace),
      apply: (object) => this.#exists(object),
      remove: (object) => this.#gone(keyOf(object)),
      trouble: (trouble) => (trouble === undefined ? troubles.clear(resource) : troubles.report(resource, trouble)),
    };
  }

  /** Says which Secrets are wanted from now on; resolves when each that exists was read, or tried. */
  async setReferenced(keys: readonly string[]): Promise<void> {
    this.#referenced = new Set(keys);
    for (const key of [...this.#fetched.keys(), ...this.#retries.keys()]) if (!this.#referenced.has(key)) this.#forget(key);
    for (const key of keys) this.#want(key);
    await this.#idle.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the source was closed'));
    for (const key of [...this.#retries.keys()]) this.#stopRetrying(key);
    await Promise.all(this.#lanes);
    this.#idle.resolve();
  }

  #replace(objects: readonly WatchedObject[], namespace: string | undefined): void {
    const present = new Set(objects.map(keyOf));
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    for (const key of [...this.#versions.keys()]) if (key.startsWith(prefix) && !present.has(key)) this.#gone(key);
    for (const object of objects) this.#exists(object);
  }

  #exists(object: WatchedObject): void {
    const key = keyOf(object);
    this.#versions.set(key, object.metadata.resourceVersion ?? '');
    this.#want(key);
  }

  #gone(key: string): void {
    this.#versions.delete(key);
    this.#forget(key);
  }

  #forget(key: string): void {
    this.#fetched.delete(key);
    this.#stopRetrying(key);
    this.#options.troubles.clear(partOf(key));
    this.#options.store.remove('Secret', key);
  }

  #isWanted(key: string): boolean {
    const version = this.#versions.get(key);
    return version !== undefined && this.#referenced.has(key) && this.#fetched.get(key) !== version;
  }

  #want(key: string): void {
    if (this.#closing.signal.aborted || this.#reading.has(key) || !this.#isWanted(key)) return;
    this.#waiting.add(key);
    if (this.#lanes.size >= requestsAtOnce) return;
    if (this.#lanes.size === 0) this.#idle = Promise.withResolvers();
    const lane = this.#work().finally(() => {
      this.#lanes.delete(lane);
      if (this.#lanes.size === 0) this.#idle.resolve();
    });
    this.#lanes.add(lane);
  }

  async #work(): Promise<void> {
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      await this.#fetch(key);
    }
  }

  /** Reads one Secret; after a failure a timer wants it again, so that one unreadable Secret does not hold up others. */
  async #fetch(key: string): Promise<void> {
    if (!this.#isWanted(key)) return;
    const { client, troubles } = this.#options;
    const askedFor = this.#versions.get(key);
    this.#reading.add(key);
    try {
      const secret = await client.json<Secret>({ path: pathOf(key), signal: this.#closing.signal });
      this.#keep(key, secret, askedFor);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (!hasStatus(error, 404)) return this.#fetchLater(key, error);
    } finally {
      this.#reading.delete(key);
    }
    this.#stopRetrying(key);
    troubles.clear(partOf(key));
    if (this.#versions.get(key) !== askedFor) this.#want(key);
  }

  #fetchLater(key: string, error: unknown): void {
    const { troubles, random = Math.random } = this.#options;
    const delay = this.#retries.get(key)?.delay ?? new RetryDelay({ firstMs: 250, maxMs: 30_000, random });
    troubles.report(partOf(key), apiTrouble(error, 'get', pathOf(key)));
    const delayMs = Math.max(delay.nextMs(), error instanceof ApiError ? error.retryAfterMs : 0);
    this.#retries.set(key, { delay, timer: setTimeout(() => this.#want(key), delayMs) });
  }

  #stopRetrying(key: string): void {
    clearTimeout(this.#retries.get(key)?.timer);
    this.#retries.delete(key);
  }

  #keep(key: string, secret: Secret, askedFor: string | undefined): void {
    if (!this.#referenced.has(key) || !this.#versions.has(key)) return;
    const version = secret.metadata.resourceVersion ?? '';
    // The read may be newer than the metadata that asked for it: the event that is on its way then asks for nothing. Where one came meanwhile,
    // the read may be older than that, which holds.
    if (this.#versions.get(key) === askedFor) this.#versions.set(key, version);
    this.#fetched.set(key, version);
    this.#options.store.apply({ ...secret, kind: 'Secret' });
  }
}

function partOf(key: string): string {
  return `secret ${key}`;
}

function keyOf({ metadata }: WatchedObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function pathOf(key: string): string {
  const [namespace, name] = key.split('/');
  return `${collectionPath(secretType, namespace)}/${name}`;
}

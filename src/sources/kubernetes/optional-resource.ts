import type { Log } from '../../log.ts';
import type { ResourceHealth } from '../object-store.ts';
import type { Trouble } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { apiTrouble } from './api-trouble.ts';
import { pause } from './pause.ts';
import type { Reflector } from './reflector.ts';
import type { OptionalResourceType } from './resources.ts';
import { RetryDelay } from './retry-delay.ts';
import type { WatchedObject } from './watch-event.ts';

export interface OptionalResourceOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly type: OptionalResourceType;
  /** The reflectors of the resource in this group version, not yet started; they tell of failures. */
  readonly reflectors: (groupPath: string, onFailure: (error: unknown) => void) => readonly Reflector<WatchedObject>[];
  /** There are no such objects: none can be. */
  readonly clear: () => void;
  /** Why it cannot be told whether the resource is there; undefined: it can. */
  readonly trouble: (trouble: Trouble | undefined) => void;
  /** Delay before an absent resource is looked for again; it doubles. @default 5,000 */
  readonly firstLookMs?: number;
  /** @default 60,000 */
  readonly maxLookMs?: number;
}

/**
 * A resource that the cluster may not have: its CRD can be missing, come later and go again. While it is there its reflectors run; while
 * it is not, everything else goes on. A resource that we may not read holds nothing up either.
 */
export class OptionalResource {
  readonly #options: OptionalResourceOptions;
  readonly #closing = new AbortController();
  readonly #looks: RetryDelay;
  /** Whatever is read of the resource was read once, or nothing of it can be read. */
  readonly synced: Promise<void>;
  readonly #markSynced: () => void;
  #reflectors: readonly Reflector<WatchedObject>[] = [];
  #running: Promise<void> | undefined;
  #saidAbsent = false;
  /** Why the last look failed; empty: it did not. */
  #unknown = '';

  constructor(options: OptionalResourceOptions) {
    this.#options = options;
    const { firstLookMs = 5000, maxLookMs = 60_000 } = options;
    this.#looks = new RetryDelay({ firstMs: firstLookMs, maxMs: maxLookMs, random: Math.random });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#markSynced = resolve;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the source was closed'));
    await this.#running;
  }

  /** Of its reflectors; nothing while the resource is absent. */
  health(): readonly ResourceHealth[] {
    if (this.#unknown !== '') {
      const { plural: resource } = this.#options.type;
      return [{ resource, healthy: false, detail: this.#unknown, restarts: 0, lastEventMs: 0, optional: true }];
    }
    return this.#reflectors.map((reflector) => ({ ...reflector.health(), optional: true }));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const groupPath = await this.#find();
      if (groupPath === undefined) await pause(this.#looks.nextMs(), signal);
      else await this.#follow(groupPath);
    }
  }

  /** The first group version that has the resource. */
  async #find(): Promise<string | undefined> {
    const { client, type, log, clear } = this.#options;
    for (const groupPath of type.groupPaths) {
      try {
        const isThere = await hasResource(client, groupPath, type.plural, this.#closing.signal);
        this.#show(undefined);
        if (isThere) return groupPath;
      } catch (error) {
        if (this.#closing.signal.aborted) return undefined;
        log.debug({ resource: type.plural, err: error }, 'looking for a resource failed: trying again');
        this.#show(apiTrouble(error, 'list', `${groupPath}/${type.plural}`));
        return undefined;
      }
    }
    if (!this.#saidAbsent) log.info({ resource: type.plural, group: type.groupPaths[0] }, 'resource not installed: looking for it again');
    this.#saidAbsent = true;
    clear();
    this.#markSynced();
    return undefined;
  }

  #show(trouble: Trouble | undefined): void {
    this.#unknown = trouble?.message ?? '';
    this.#options.trouble(trouble);
  }

  /** Runs the reflectors until the resource is gone, or we close. */
  async #follow(groupPath: string): Promise<void> {
    const { type, log, reflectors } = this.#options;
    const { signal } = this.#closing;
    const gone = Promise.withResolvers<void>();
    const onFailure = (error: unknown): void => {
      if (hasStatus(error, 404)) gone.resolve();
      else if (hasStatus(error, 403)) this.#markSynced();
    };
    if (this.#saidAbsent) log.info({ resource: type.plural, group: groupPath }, 'resource installed: reading it');
    this.#saidAbsent = false;
    this.#looks.succeeded();
    this.#reflectors = reflectors(groupPath, onFailure);
    for (const reflector of this.#reflectors) reflector.start();
    void Promise.all(this.#reflectors.map(({ synced }) => synced)).then(this.#markSynced);
    const onAbort = (): void => gone.resolve();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    await gone.promise;
    signal.removeEventListener('abort', onAbort);
    await Promise.all(this.#reflectors.map((reflector) => reflector.close()));
    this.#reflectors = [];
  }
}

/** Whether discovery lists it; a group version that is not there lists nothing. */
async function hasResource(client: ApiClient, groupPath: string, plural: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { resources = [] } = await client.json<{ readonly resources?: readonly { readonly name: string }[] }>({
      path: groupPath,
      signal,
    });
    return resources.some(({ name }) => name === plural);
  } catch (error) {
    if (hasStatus(error, 404) || hasStatus(error, 403)) return false;
    throw error;
  }
}

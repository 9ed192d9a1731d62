import type { Log } from '../../log.ts';
import type { ResourceHealth } from '../object-store.ts';
import type { Trouble } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, hasStatus } from './api-error.ts';
import { type ApiVerb, apiTrouble } from './api-trouble.ts';
import { pause } from './pause.ts';
import { RetryDelay } from './retry-delay.ts';
import { parseWatchEvent, type WatchedObject } from './watch-event.ts';

/** Where a reflector's objects go. */
export interface ReflectorTarget<T> {
  /** These are all that there are: after every list. */
  replace(objects: readonly T[]): void;
  apply(object: T): void;
  remove(object: T): void;
  /** What goes wrong, at every failure; undefined: nothing any more. */
  trouble?(trouble: Trouble | undefined): void;
}

export interface ReflectorTimings {
  /** A watch without a byte for so long is opened anew: its connection may be dead, for the server sends a bookmark about once a minute. @default 90,000 */
  readonly stallTimeoutMs?: number;
  /** The server ends a watch after this up to twice this, so that watches of many replicas spread out. @default 240 */
  readonly watchSeconds?: number;
  /** Delay after the first failure; it doubles. @default 250 */
  readonly firstRetryMs?: number;
  /** @default 30,000 */
  readonly maxRetryMs?: number;
}

export interface ReflectorOptions<T> {
  readonly client: ApiClient;
  readonly log: Log;
  /** Name in logs and health: `ingresses`, `services in shop`. */
  readonly resource: string;
  /** Path of the collection. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string | undefined;
  /** Media types of list and watch, when not plain JSON. */
  readonly accept?: { readonly list: string; readonly watch: string };
  readonly target: ReflectorTarget<T>;
  /** Told of each failure, before it is tried again. */
  readonly onFailure?: (error: unknown) => void;
  readonly timings?: ReflectorTimings;
  /** @default Math.random */
  readonly random?: () => number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

interface ListAnswer<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

const pageSize = 500;
/** After so many watches in a row that the server answered and that failed, our version is doubted and everything is listed again. */
const refusalsBeforeRelist = 4;

/**
 * Keeps a target equal to one collection of the API server: lists it in pages, watches from there, resumes where a watch ended, and
 * lists again when the server no longer knows that point (410). Failures of every kind slow it down and never end it; meanwhile the
 * target keeps what it has.
 */
export class Reflector<T extends WatchedObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #retry: RetryDelay;
  readonly #closing = new AbortController();
  readonly #now: () => number;
  readonly #random: () => number;
  readonly synced: Promise<void>;
  readonly #markSynced: () => void;
  #running: Promise<void> | undefined;
  #isSynced = false;
  #resourceVersion: string | undefined;
  #detail = 'not listed yet';
  /** The verb of the last failure: a list that works says nothing of a watch that does not. */
  #failed: ApiVerb = 'list';
  /** Since the last list or event. A server that can't be reached says nothing about our version, so that does not count. */
  #refusals = 0;
  #isOpen = false;
  #isExpired = false;
  #restarts = 0;
  #lastEventMs = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? Date.now;
    const { firstRetryMs = 250, maxRetryMs = 30_000 } = options.timings ?? {};
    this.#retry = new RetryDelay({ firstMs: firstRetryMs, maxMs: maxRetryMs, random: this.#random });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#markSynced = resolve;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the watch; resolves when nothing of it is left. `synced` stays pending when it was. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the reflector was closed'));
    await this.#running;
  }

  health(): ResourceHealth {
    const detail = this.#detail;
    const { resource } = this.#options;
    return { resource, healthy: detail === '', detail, restarts: this.#restarts, lastEventMs: this.#lastEventMs };
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list();
        else await this.#watch(this.#resourceVersion);
      } catch (error) {
        if (!signal.aborted) await this.#recover(error);
      }
    }
  }

  async #list(): Promise<void> {
    const { client, path, accept, fieldSelector, labelSelector, target } = this.#options;
    const { signal } = this.#closing;
    const objects: T[] = [];
    let page: ListAnswer<T>;
    let next: string | undefined;
    do {
      const query = { limit: pageSize, continue: next, fieldSelector, labelSelector };
      page = await client.json<ListAnswer<T>>({ path, query, accept: accept?.list, timeoutMs: 60_000, signal });
      objects.push(...(page.items ?? []));
      next = page.metadata?.continue || undefined;
    } while (next !== undefined);
    const resourceVersion = page.metadata?.resourceVersion;
    if (resourceVersion === undefined) throw new ApiError(`list ${path}`, 'the answer is no list');
    target.replace(objects);
    this.#resourceVersion = resourceVersion;
    this.#refusals = 0;
    if (this.#failed === 'list') this.#showHealthy();
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#markSynced();
  }

  /** One watch, from its request to its regular end, or its silence. */
  async #watch(resourceVersion: string): Promise<void> {
    const { client, path, accept, fieldSelector, labelSelector, timings } = this.#options;
    const { stallTimeoutMs = 90_000, watchSeconds = 240 } = timings ?? {};
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + this.#random()));
    const startedMs = this.#now();
    this.#isOpen = false;
    const end = await client.watch({
      path,
      query: { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds, fieldSelector, labelSelector },
      accept: accept?.watch,
      stallTimeoutMs,
      signal: this.#closing.signal,
      onOpen: () => {
        this.#isOpen = true;
        this.#showHealthy();
      },
      onLine: (line) => this.#onLine(line),
    });
    // A server that began anew sends no bookmarks of a kind that nothing happened to yet. Whether it can be reached, the next request tells.
    if (end === 'silent') {
      this.#restarts++;
      return;
    }
    // A server that is going away ends watches at once: do not turn that into a busy loop.
    if (this.#now() - startedMs < 1000) throw new ApiError(`watch ${path}`, 'the server ended the watch at once');
    this.#madeProgress();
  }

  #onLine(line: string): void {
    const { target, resource } = this.#options;
    const event = parseWatchEvent<T>(line, resource);
    if (event.kind === 'apply') target.apply(event.object);
    else if (event.kind === 'remove') target.remove(event.object);
    this.#resourceVersion = event.resourceVersion;
    this.#madeProgress();
  }

  #madeProgress(): void {
    this.#showHealthy();
    this.#retry.succeeded();
    this.#refusals = 0;
    this.#isExpired = false;
  }

  async #recover(error: unknown): Promise<void> {
    const { log, path, resource, target } = this.#options;
    this.#restarts++;
    this.#failed = this.#resourceVersion === undefined ? 'list' : 'watch';
    this.#options.onFailure?.(error);
    if (this.#isOpen || (error instanceof ApiError && error.status !== 0)) this.#refusals++;
    const backOffMs = Math.max(this.#retry.nextMs(), error instanceof ApiError ? error.retryAfterMs : 0);
    const wasExpired = this.#isExpired;
    this.#isExpired = hasStatus(error, 410);
    if (this.#isExpired || this.#refusals >= refusalsBeforeRelist) this.#resourceVersion = undefined;
    // Once in a row that is the ordinary end of an old watch, and nothing to wait for.
    if (this.#isExpired && !wasExpired) {
      log.info({ resource }, 'the watch is too old for the server: listing again');
      return;
    }
    const trouble = apiTrouble(error, this.#failed, path);
    this.#detail = trouble.message;
    target.trouble?.(trouble);
    log.debug({ resource, err: error, delayMs: Math.round(backOffMs) }, 'watching a resource failed: trying again');
    await pause(backOffMs, this.#closing.signal);
  }

  /** The server answers. A watch that opens may still fail at once, so the delays go on growing until something came through it. */
  #showHealthy(): void {
    this.#lastEventMs = this.#now();
    this.#failed = 'list';
    if (this.#detail === '') return;
    this.#detail = '';
    this.#options.target.trouble?.(undefined);
  }
}

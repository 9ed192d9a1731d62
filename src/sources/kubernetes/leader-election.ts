import type { Log } from '../../log.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { type ApiVerb, apiTrouble } from './api-trouble.ts';
import { heldSpec, type Lease, type LeaseSpec, releasedSpec } from './lease.ts';
import { pause } from './pause.ts';

export interface LeaderElectionOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process: two that share one would both lead. */
  readonly identity: string;
  /** Called when leadership comes and goes. */
  readonly onChange: (isLeader: boolean) => void;
  /** How long a lease holds after its last renewal. @default 15,000 */
  readonly leaseMs?: number;
  /** A leader that could not renew for so long steps down, before anyone else may take over. @default 10,000 */
  readonly renewDeadlineMs?: number;
  /** @default 2,000 */
  readonly retryMs?: number;
  /** @default Math.random */
  readonly random?: () => number;
}

/** Two attempts fit into the renew deadline. */
const requestTimeoutMs = 3000;
/** Name of this part in troubles. */
const part = 'lease';
const noLease = Symbol('no lease');

/**
 * Takes part in the election for one Lease. The holder renews it; the others take it when its version did not change for its whole
 * duration by their own clock, so that clocks need not agree. Leadership decides who writes to the API server and nothing else:
 * serving traffic never depends on it.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #isLeader = false;
  #lease: Lease | undefined;
  /** What was asked for last, for the words on its failure. */
  #asked: readonly [ApiVerb, string] = ['get', ''];
  #observed: string | typeof noLease | undefined;
  /** When the Lease was last seen to change; when we last renewed it. Monotonic milliseconds. */
  #observedMs = 0;
  #renewedMs = 0;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Steps down and lets go of the Lease, so that another replica leads within a retry. */
  async close(): Promise<void> {
    const wasLeader = this.#isLeader;
    this.#closing.abort();
    await this.#running;
    this.#become(false);
    if (wasLeader) await this.#release();
  }

  async #run(): Promise<void> {
    const { retryMs = 2000, random = Math.random } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#attempt();
      await pause(this.#isLeader ? retryMs : retryMs * (1 + random() * 0.2), signal);
    }
  }

  async #attempt(): Promise<void> {
    const { log, troubles, renewDeadlineMs = 10_000 } = this.#options;
    const startedMs = performance.now();
    try {
      if (await this.#takeOrRenew()) {
        this.#renewedMs = startedMs;
        this.#become(true);
      } else {
        this.#become(false);
      }
      troubles.clear(part);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      log.debug({ err: error }, 'taking or renewing the Lease failed');
      troubles.report(part, apiTrouble(error, ...this.#asked));
      if (performance.now() - this.#renewedMs > renewDeadlineMs) this.#become(false);
    }
  }

  /** Whether we hold the Lease now. */
  async #takeOrRenew(): Promise<boolean> {
    if (!this.#isLeader || this.#lease === undefined) await this.#read();
    const { identity } = this.#options;
    const holder = this.#lease?.spec?.holderIdentity ?? '';
    if (holder !== '' && holder !== identity && !this.#hasExpired()) return false;
    try {
      await this.#write(heldSpec(this.#lease?.spec, identity, this.#leaseMs, Date.now()));
      return true;
    } catch (error) {
      if (!hasStatus(error, 409) && !hasStatus(error, 404)) throw error;
      // Somebody else was faster, or it was deleted: look again at once when we led, at the next attempt otherwise.
      this.#lease = undefined;
      if (!this.#isLeader) return false;
      await this.#read();
      return this.#currentHolder() === identity;
    }
  }

  #currentHolder(): string {
    return this.#lease?.spec?.holderIdentity ?? '';
  }

  #hasExpired(): boolean {
    const durationMs = (this.#lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return performance.now() - this.#observedMs > durationMs;
  }

  async #read(): Promise<void> {
    const { client } = this.#options;
    this.#asked = ['get', this.#path];
    try {
      this.#observe(await client.json<Lease>({ path: this.#path, timeoutMs: requestTimeoutMs, signal: this.#closing.signal }));
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      this.#observe(undefined);
    }
  }

  #observe(lease: Lease | undefined): void {
    this.#lease = lease;
    const version = lease === undefined ? noLease : lease.metadata.resourceVersion;
    if (version === this.#observed) return;
    this.#observed = version;
    this.#observedMs = performance.now();
  }

  async #write(spec: LeaseSpec, signal: AbortSignal | undefined = this.#closing.signal): Promise<void> {
    const { client, namespace, name } = this.#options;
    const metadata = this.#lease?.metadata ?? { name, namespace };
    const body: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    const isNew = this.#lease === undefined;
    const path = isNew ? this.#collectionPath : this.#path;
    this.#asked = [isNew ? 'create' : 'update', path];
    this.#observe(await client.json<Lease>({ method: isNew ? 'POST' : 'PUT', path, body, timeoutMs: requestTimeoutMs, signal }));
  }

  async #release(): Promise<void> {
    const { log } = this.#options;
    if (this.#lease?.spec === undefined) return;
    try {
      await this.#write(releasedSpec(this.#lease.spec, Date.now()), AbortSignal.timeout(2000));
    } catch (error) {
      log.debug({ err: error }, 'letting go of the Lease failed: it will expire');
    }
  }

  #become(isLeader: boolean): void {
    if (isLeader === this.#isLeader) return;
    const { log, onChange, identity } = this.#options;
    this.#isLeader = isLeader;
    log.info({ identity }, isLeader ? 'this replica leads: it writes statuses and Events' : 'this replica does not lead any more');
    onChange(isLeader);
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? 15_000;
  }

  get #collectionPath(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`;
  }

  get #path(): string {
    return `${this.#collectionPath}/${this.#options.name}`;
  }
}

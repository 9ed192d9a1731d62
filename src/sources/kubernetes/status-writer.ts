import type { Ingress } from '../../api/objects.ts';
import type { Log } from '../../log.ts';
import type { IngressStatus, ObjectRef } from '../../translate/translation.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { apiTrouble } from './api-trouble.ts';
import { givenAddresses, type PublishedAddress, sameAddresses, serviceAddresses } from './publish-addresses.ts';
import { collectionPath, ingressType } from './resources.ts';

export interface StatusWriterOptions {
  readonly client: ApiClient;
  readonly store: ObjectStore;
  readonly log: Log;
  readonly troubles: Troubles;
  /** `namespace/name`; its addresses are published when none are given by hand. */
  readonly publishService: string | undefined;
  readonly publishAddresses: readonly string[];
  /** Least time between two writes of one object. @default 30,000 */
  readonly minWriteIntervalMs?: number;
  /** How long changes are collected before they are written. @default 500 */
  readonly holdOffMs?: number;
}

/** How often statuses were written, by result. */
export interface StatusWrites {
  readonly ok: number;
  readonly failed: number;
}

interface Written {
  readonly addresses: readonly PublishedAddress[];
  /** Monotonic milliseconds of the last attempt. */
  readonly atMs: number;
}

/** A write to bring about. */
interface Write {
  readonly ingress: Ingress;
  readonly uid: string;
  readonly addresses: readonly PublishedAddress[];
}

const writesAtOnce = 4;
/** Names of parts in troubles. */
const writingPart = 'ingresses/status';
const servicePart = 'publish-service';

/**
 * Writes our addresses to `status.loadBalancer.ingress` of the Ingresses that we serve, while active. It compares with what the
 * store has, so an equal status is not written; one object is written at most once in 30 s, and a failed write is tried again after
 * that time. Addresses stay when this program ends (a restart must not make DNS records disappear); they are taken back from an
 * Ingress that we served and no longer serve.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #written = new Map<string, Written>();
  #statuses: readonly IngressStatus[] = [];
  #isActive = false;
  #succeeded = 0;
  #failed = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #pass: Promise<void> | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.subscribe(() => {
      this.#lookForService();
      this.#scheduleSoon();
    });
  }

  /** Writes of statuses that came to an end. */
  get writes(): StatusWrites {
    return { ok: this.#succeeded, failed: this.#failed };
  }

  /** Whether we may write: leadership. */
  set active(isActive: boolean) {
    this.#isActive = isActive && !this.#closing.signal.aborted;
    if (!isActive) this.#written.clear();
    this.#scheduleSoon();
  }

  update(statuses: readonly IngressStatus[]): void {
    this.#statuses = statuses;
    this.#scheduleSoon();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#isActive = false;
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the status writer was closed'));
    await this.#pass;
  }

  #scheduleSoon(): void {
    this.#schedule(this.#options.holdOffMs ?? 500);
  }

  /** The earliest of the times asked for wins. */
  #schedule(delayMs: number): void {
    if (!this.#isActive) return;
    const dueMs = performance.now() + delayMs;
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timerDueMs = Number.POSITIVE_INFINITY;
      this.#startPass();
    }, delayMs);
    this.#timer.unref();
  }

  #startPass(): void {
    if (this.#pass !== undefined) {
      this.#scheduleSoon();
      return;
    }
    this.#pass = this.#writeDue().finally(() => {
      this.#pass = undefined;
    });
  }

  async #writeDue(): Promise<void> {
    const writes = this.#neededWrites().values();
    const lane = async () => {
      for (const write of writes) if (this.#isActive) await this.#write(write);
    };
    await Promise.all(Array.from({ length: writesAtOnce }, lane));
  }

  /** The Service whose addresses are to be published has to be there, on every replica: anyone may lead next. */
  #lookForService(): void {
    const { store, publishService, publishAddresses, troubles } = this.#options;
    if (publishService === undefined || publishAddresses.length > 0 || !store.synced) return;
    if (store.get('Service', publishService) !== undefined) {
      troubles.clear(servicePart);
      return;
    }
    const message = `Service ${publishService}, whose addresses --publish-service asks to publish, does not exist: Ingresses get no address; create it, or correct --publish-service`;
    troubles.report(servicePart, { reason: 'missing', message });
  }

  /** What differs now and may be written now; what must wait gets its time. */
  #neededWrites(): readonly Write[] {
    const ours = this.#ourAddresses();
    if (ours === undefined || !this.#isActive) return [];
    const nowMs = performance.now();
    const { minWriteIntervalMs = 30_000 } = this.#options;
    const due: Write[] = [];
    for (const write of [...this.#publications(ours), ...this.#withdrawals()]) {
      if (sameAddresses(presentAddresses(write.ingress), write.addresses)) continue;
      const waitMs = (this.#written.get(write.uid)?.atMs ?? Number.NEGATIVE_INFINITY) + minWriteIntervalMs - nowMs;
      if (waitMs > 0) this.#schedule(waitMs);
      else due.push(write);
    }
    return due;
  }

  /** undefined: not known, so that nothing is written. An existing Service without addresses yet has an empty list. */
  #ourAddresses(): readonly PublishedAddress[] | undefined {
    const { publishAddresses, publishService, store } = this.#options;
    if (publishAddresses.length > 0) return givenAddresses(publishAddresses);
    const service = publishService === undefined ? undefined : store.get('Service', publishService);
    return service === undefined ? undefined : serviceAddresses(service);
  }

  #publications(addresses: readonly PublishedAddress[]): readonly Write[] {
    return this.#statuses.flatMap(({ object, publish }) => {
      const ingress = publish ? this.#present(object) : undefined;
      return ingress === undefined ? [] : [{ ingress, uid: object.uid, addresses }];
    });
  }

  /** Ingresses that carry what we wrote and are not served any more. Forgets those that are gone. */
  #withdrawals(): readonly Write[] {
    const served = new Set(this.#statuses.filter(({ publish }) => publish).map(({ object }) => object.uid));
    const candidates = new Map<string, Ingress>();
    for (const ingress of this.#options.store.snapshot().of('Ingress').values()) candidates.set(ingress.metadata.uid ?? '', ingress);
    const writes: Write[] = [];
    for (const [uid, { addresses }] of this.#written) {
      const ingress = candidates.get(uid);
      if (ingress === undefined) this.#written.delete(uid);
      else if (!served.has(uid) && sameAddresses(presentAddresses(ingress), addresses)) writes.push({ ingress, uid, addresses: [] });
    }
    return writes;
  }

  #present({ namespace, name, uid }: ObjectRef): Ingress | undefined {
    const ingress = this.#options.store.get('Ingress', `${namespace}/${name}`);
    return ingress?.metadata.uid === uid ? ingress : undefined;
  }

  async #write({ ingress, uid, addresses }: Write): Promise<void> {
    const { client, log, troubles, minWriteIntervalMs = 30_000 } = this.#options;
    const { namespace, name } = ingress.metadata;
    const path = `${collectionPath(ingressType, namespace)}/${name}/status`;
    this.#written.set(uid, { addresses, atMs: performance.now() });
    try {
      // The uid makes the server refuse the write when another object took the name.
      const body = { metadata: { uid }, status: { loadBalancer: { ingress: addresses.length === 0 ? null : addresses } } };
      await client.json({ method: 'PATCH', path, body, signal: this.#closing.signal });
      this.#succeeded++;
      troubles.clear(writingPart);
      log.info({ ingress: `${namespace}/${name}`, addresses }, 'wrote the addresses of an Ingress');
    } catch (error) {
      if (this.#closing.signal.aborted || hasStatus(error, 404)) return;
      this.#failed++;
      log.debug({ ingress: `${namespace}/${name}`, err: error }, 'writing the status of an Ingress failed: trying again');
      troubles.report(writingPart, apiTrouble(error, 'patch', path));
      this.#schedule(minWriteIntervalMs);
    }
  }
}

function presentAddresses(ingress: Ingress): readonly PublishedAddress[] {
  return ingress.status?.loadBalancer?.ingress ?? [];
}

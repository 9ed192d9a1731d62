import type { Ingress } from '../../api/objects.ts';
import type { IngressStatus, ObjectRef } from '../../translate/translation.ts';
import { type AddressOptions, ownAddresses } from './own-addresses.ts';
import { type PacedWrite, PacedWriter, type PacedWriterOptions, type StatusWrites } from './paced-writer.ts';
import { type PublishedAddress, sameAddresses } from './publish-addresses.ts';
import { collectionPath, ingressType } from './resources.ts';

export interface StatusWriterOptions extends Omit<PacedWriterOptions, 'needed' | 'part'>, AddressOptions {}

/** A write to bring about. */
interface Write {
  readonly ingress: Ingress;
  readonly uid: string;
  readonly addresses: readonly PublishedAddress[];
}

/** Name, in troubles, of the Service whose addresses are published. */
const servicePart = 'publish-service';

/**
 * Writes our addresses to `status.loadBalancer.ingress` of the Ingresses that we serve, while active. It compares with what the
 * store has, so an equal status is not written; one object is written at most once in 30 s, and a failed write is tried again after
 * that time. Addresses stay when this program ends (a restart must not make DNS records disappear); they are taken back from an
 * Ingress that we served and no longer serve.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #writer: PacedWriter;
  readonly #unsubscribe: () => void;
  /** What we wrote, by uid. */
  readonly #written = new Map<string, readonly PublishedAddress[]>();
  #statuses: readonly IngressStatus[] = [];

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#writer = new PacedWriter({ ...options, part: 'ingresses/status', needed: () => this.#needed() });
    this.#unsubscribe = options.store.subscribe(() => this.#lookForService());
  }

  /** Writes of statuses that came to an end. */
  get writes(): StatusWrites {
    return this.#writer.writes;
  }

  /** Whether we may write: leadership. */
  set active(isActive: boolean) {
    if (!isActive) this.#written.clear();
    this.#writer.active = isActive;
  }

  update(statuses: readonly IngressStatus[]): void {
    this.#statuses = statuses;
    this.#writer.changed();
  }

  close(): Promise<void> {
    this.#unsubscribe();
    return this.#writer.close();
  }

  /** The Service whose addresses are to be published has to be there, on every replica: anyone may lead next. */
  #lookForService(): void {
    const { store, publishService, publishAddresses, troubles } = this.#options;
    if (publishService === undefined || publishAddresses.length > 0 || !store.synced) return;
    if (store.get('Service', publishService) !== undefined) {
      troubles.clear(servicePart);
      return;
    }
    const message = `Service ${publishService}, whose addresses --publish-service asks to publish, does not exist: Ingresses and SmartRoutes get no address; create it, or correct --publish-service`;
    troubles.report(servicePart, { reason: 'missing', message });
  }

  /** What differs now. */
  #needed(): readonly PacedWrite[] {
    const ours = ownAddresses(this.#options.store, this.#options);
    if (ours === undefined) return [];
    return [...this.#publications(ours), ...this.#withdrawals()]
      .filter(({ ingress, addresses }) => !sameAddresses(presentAddresses(ingress), addresses))
      .map((write) => this.#write(write));
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
    for (const [uid, addresses] of this.#written) {
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

  #write({ ingress, uid, addresses }: Write): PacedWrite {
    const { namespace, name } = ingress.metadata;
    return {
      uid,
      path: `${collectionPath(ingressType, namespace)}/${name}/status`,
      status: { loadBalancer: { ingress: addresses.length === 0 ? null : addresses } },
      begin: () => this.#written.set(uid, addresses),
      done: () => this.#options.log.info({ ingress: `${namespace}/${name}`, addresses }, 'wrote the addresses of an Ingress'),
    };
  }
}

function presentAddresses(ingress: Ingress): readonly PublishedAddress[] {
  return ingress.status?.loadBalancer?.ingress ?? [];
}

import type { ConfigMap, Secret, Service } from '../api/objects.ts';
import type { Listener } from '../routes/route-table.ts';
import type { InstallationGuards } from './installation-guards.ts';
import type { InstallationTls } from './installation-tls.ts';
import type { ObjectView } from './object-view.ts';
import { type ForeignReference, ReferenceGrants } from './reference-grants.ts';
import { sameItems } from './same-items.ts';

/** What objects may refer to, in one snapshot. */
export interface References {
  readonly services: ReadonlyMap<string, Service>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly grants: ReferenceGrants;
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly tls: InstallationTls;
  readonly guards: InstallationGuards;
}

export function referencesOf(
  objects: ObjectView,
  listeners: References['listeners'],
  tls: InstallationTls,
  guards: InstallationGuards,
): References {
  const grants = ReferenceGrants.of(objects.of('ReferenceGrant'));
  const [services, secrets, configMaps] = [objects.of('Service'), objects.of('Secret'), objects.of('ConfigMap')];
  return { services, secrets, configMaps, grants, listeners, tls, guards };
}

/** Whether two snapshots have the same objects to refer to. */
export function sameReferences(a: References, b: References | undefined): boolean {
  return (
    a.services === b?.services &&
    a.secrets === b.secrets &&
    a.configMaps === b.configMaps &&
    a.grants === b.grants &&
    a.listeners === b.listeners &&
    a.tls === b.tls &&
    a.guards === b.guards
  );
}

/** Looks objects up and remembers what was found, so that a result holds for as long as every look-up would find the same. */
export class TrackedReads {
  readonly #references: References;
  readonly #services = new Map<string, Service | undefined>();
  readonly #secrets = new Map<string, Secret | undefined>();
  readonly #configMaps = new Map<string, ConfigMap | undefined>();
  readonly #permits: (readonly [ForeignReference, boolean])[] = [];
  readonly #listeners = new Map<string, Listener | undefined>();
  readonly #closed: ClosedRead[] = [];
  readonly #served: ServedRead[] = [];
  #tls: InstallationTls | undefined;
  #guards: InstallationGuards | undefined;

  constructor(references: References) {
    this.#references = references;
  }

  service(key: string): Service | undefined {
    const found = this.#references.services.get(key);
    this.#services.set(key, found);
    return found;
  }

  secret(key: string): Secret | undefined {
    const found = this.#references.secrets.get(key);
    this.#secrets.set(key, found);
    return found;
  }

  configMap(key: string): ConfigMap | undefined {
    const found = this.#references.configMaps.get(key);
    this.#configMaps.set(key, found);
    return found;
  }

  listener(key: string): Listener | undefined {
    const found = this.#references.listeners.get(key);
    this.#listeners.set(key, found);
    return found;
  }

  /** Whether every listener of these protocols is kept for other namespaces, and there is one. */
  isClosedTo(namespace: string, protocols: readonly Listener['protocol'][]): boolean {
    const isClosed = areClosedTo(this.#references.listeners, namespace, protocols);
    this.#closed.push({ namespace, protocols, isClosed });
    return isClosed;
  }

  /** Every listener of these protocols that is for a namespace. */
  listenersFor(namespace: string, protocols: readonly Listener['protocol'][]): readonly Listener[] {
    const found = listenersFor(this.#references.listeners, namespace, protocols);
    this.#served.push({ namespace, protocols, found });
    return found;
  }

  /** How the installation speaks TLS. */
  tls(): InstallationTls {
    this.#tls = this.#references.tls;
    return this.#tls;
  }

  /** What the installation's `defaults` make of the Secrets that they name. */
  guards(): InstallationGuards {
    this.#guards = this.#references.guards;
    return this.#guards;
  }

  /** Whether the other namespace permits the reference. */
  permits(reference: ForeignReference): boolean {
    const permitted = this.#references.grants.permit(reference);
    this.#permits.push([reference, permitted]);
    return permitted;
  }

  /** Keys of every Secret that was asked for, found or not. */
  secretKeys(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  /** The reads as data, to be checked against later snapshots without keeping this one alive. */
  record(): ReadRecord {
    return {
      services: [...this.#services],
      secrets: [...this.#secrets],
      configMaps: [...this.#configMaps],
      permits: this.#permits,
      listeners: [...this.#listeners],
      closed: this.#closed,
      served: this.#served,
      tls: this.#tls,
      guards: this.#guards,
    };
  }
}

export interface ReadRecord {
  readonly services: readonly (readonly [string, Service | undefined])[];
  readonly secrets: readonly (readonly [string, Secret | undefined])[];
  readonly configMaps: readonly (readonly [string, ConfigMap | undefined])[];
  readonly permits: readonly (readonly [ForeignReference, boolean])[];
  readonly listeners: readonly (readonly [string, Listener | undefined])[];
  readonly closed: readonly ClosedRead[];
  readonly served: readonly ServedRead[];
  /** undefined: it was not asked for. */
  readonly tls: InstallationTls | undefined;
  readonly guards: InstallationGuards | undefined;
}

/** Whether there was no listener of some protocols for a namespace. */
interface ClosedRead {
  readonly namespace: string;
  readonly protocols: readonly Listener['protocol'][];
  readonly isClosed: boolean;
}

/** The listeners of some protocols for a namespace. */
interface ServedRead {
  readonly namespace: string;
  readonly protocols: readonly Listener['protocol'][];
  readonly found: readonly Listener[];
}

/** Whether every look-up on record finds the same object in these references. */
export function stillHolds(record: ReadRecord, references: References): boolean {
  for (const [key, found] of record.services) if (references.services.get(key) !== found) return false;
  for (const [key, found] of record.secrets) if (references.secrets.get(key) !== found) return false;
  for (const [key, found] of record.configMaps) if (references.configMaps.get(key) !== found) return false;
  for (const [key, found] of record.listeners) if (references.listeners.get(key) !== found) return false;
  for (const { namespace, protocols, isClosed } of record.closed)
    if (areClosedTo(references.listeners, namespace, protocols) !== isClosed) return false;
  for (const { namespace, protocols, found } of record.served)
    if (!sameItems(listenersFor(references.listeners, namespace, protocols), found)) return false;
  if (record.tls !== undefined && record.tls !== references.tls) return false;
  if (record.guards !== undefined && record.guards !== references.guards) return false;
  for (const [reference, permitted] of record.permits) if (references.grants.permit(reference) !== permitted) return false;
  return true;
}

function areClosedTo(listeners: References['listeners'], namespace: string, protocols: readonly Listener['protocol'][]): boolean {
  let isThere = false;
  for (const { protocol, namespaces } of listeners.values()) {
    if (!protocols.includes(protocol)) continue;
    if (namespaces === undefined || namespaces.includes(namespace)) return false;
    isThere = true;
  }
  return isThere;
}

function listenersFor(
  listeners: References['listeners'],
  namespace: string,
  protocols: readonly Listener['protocol'][],
): readonly Listener[] {
  return [...listeners.values()].filter(
    ({ protocol, namespaces }) => protocols.includes(protocol) && namespaces?.includes(namespace) !== false,
  );
}

import type { Secret, Service } from '../api/objects.ts';
import type { ObjectView } from './object-view.ts';
import { type ForeignReference, ReferenceGrants } from './reference-grants.ts';

/** The objects that others may refer to, in one snapshot. */
export interface References {
  readonly services: ReadonlyMap<string, Service>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly grants: ReferenceGrants;
}

export function referencesOf(objects: ObjectView): References {
  return { services: objects.of('Service'), secrets: objects.of('Secret'), grants: ReferenceGrants.of(objects.of('ReferenceGrant')) };
}

/** Whether two snapshots have the same objects to refer to. */
export function sameReferences(a: References, b: References | undefined): boolean {
  return a.services === b?.services && a.secrets === b.secrets && a.grants === b.grants;
}

/** Looks objects up and remembers what was found, so that a result holds for as long as every look-up would find the same. */
export class TrackedReads {
  readonly #references: References;
  readonly #services = new Map<string, Service | undefined>();
  readonly #secrets = new Map<string, Secret | undefined>();
  readonly #permits: (readonly [ForeignReference, boolean])[] = [];

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
    return { services: [...this.#services], secrets: [...this.#secrets], permits: this.#permits };
  }
}

export interface ReadRecord {
  readonly services: readonly (readonly [string, Service | undefined])[];
  readonly secrets: readonly (readonly [string, Secret | undefined])[];
  readonly permits: readonly (readonly [ForeignReference, boolean])[];
}

/** Whether every look-up on record finds the same object in these references. */
export function stillHolds(record: ReadRecord, references: References): boolean {
  for (const [key, found] of record.services) if (references.services.get(key) !== found) return false;
  for (const [key, found] of record.secrets) if (references.secrets.get(key) !== found) return false;
  for (const [reference, permitted] of record.permits) if (references.grants.permit(reference) !== permitted) return false;
  return true;
}

import { isDeepStrictEqual } from 'node:util';
import type { SmartRouteCondition } from '../../api/generated/smart-route.ts';
import type { SmartProxyConfig, SmartRoute } from '../../api/objects.ts';
import type { Condition } from '../../translate/conditions.ts';
import type { ObjectRef } from '../../translate/translation.ts';
import { type PacedWrite, PacedWriter, type PacedWriterOptions, type StatusWrites } from './paced-writer.ts';
import { collectionPath, type ResourceType } from './resources.ts';

export type ObjectStatusWriterOptions = Omit<PacedWriterOptions, 'needed' | 'part'>;

/** The kinds of ours that have conditions. */
type ConditionedKind = (SmartRoute | SmartProxyConfig)['kind'];
type ConditionedObject<K extends ConditionedKind> = Extract<SmartRoute | SmartProxyConfig, { readonly kind: K }>;

/** What is written to one kind. */
export interface StatusKind<K extends ConditionedKind, C> {
  readonly kind: K;
  readonly resource: ResourceType;
  /** The status as the API server holds it; a condition whose status is as in `present` keeps its time. @param now RFC 3339 */
  readonly statusOf: (content: C, present: ConditionedObject<K>['status'], now: string) => NonNullable<ConditionedObject<K>['status']>;
}

/**
 * Writes the statuses of a kind of ours, while active: what differs from what the store has, one object at most once in 30 s. A status
 * that we wrote is taken back when its object is no longer ours. Times of conditions are added here, because translate knows none.
 */
export class ObjectStatusWriter<K extends ConditionedKind, C extends { readonly object: ObjectRef }> {
  readonly #options: ObjectStatusWriterOptions;
  readonly #kind: StatusKind<K, C>;
  readonly #writer: PacedWriter;
  /** Objects that carry what we wrote, by uid. */
  readonly #written = new Set<string>();
  #statuses: readonly C[] = [];

  constructor(options: ObjectStatusWriterOptions, kind: StatusKind<K, C>) {
    this.#options = options;
    this.#kind = kind;
    const needed = () => [...this.#changes(), ...this.#withdrawals()];
    this.#writer = new PacedWriter({ ...options, part: `${kind.resource.plural}/status`, needed });
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

  update(statuses: readonly C[]): void {
    this.#statuses = statuses;
    this.#writer.changed();
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  #changes(): readonly PacedWrite[] {
    const now = new Date().toISOString();
    return this.#statuses.flatMap((content) => {
      const { namespace, name, uid } = content.object;
      const object = this.#options.store.get(this.#kind.kind, `${namespace}/${name}`) as ConditionedObject<K> | undefined;
      if (object?.metadata.uid !== uid) return [];
      const status = this.#kind.statusOf(content, object.status, now);
      return isDeepStrictEqual(status, object.status) ? [] : [this.#write(object, status)];
    });
  }

  #withdrawals(): readonly PacedWrite[] {
    if (this.#written.size === 0) return [];
    const ours = new Set(this.#statuses.map(({ object }) => object.uid));
    const lost = new Set([...this.#written].filter((uid) => !ours.has(uid)));
    if (lost.size === 0) return [];
    const writes: PacedWrite[] = [];
    for (const object of this.#options.store.snapshot().of(this.#kind.kind).values() as Iterable<ConditionedObject<K>>) {
      const { uid = '' } = object.metadata;
      if (!lost.delete(uid) || object.status === undefined) continue;
      writes.push(this.#write(object, null));
    }
    for (const uid of lost) this.#written.delete(uid);
    return writes;
  }

  /** @param status null: none any more */
  #write({ metadata, status: present }: ConditionedObject<K>, status: object | null): PacedWrite {
    const { namespace, name, uid = '' } = metadata;
    return {
      uid,
      path: `${collectionPath(this.#kind.resource, namespace)}/${name}/status`,
      status: status === null ? null : { ...gone(present, status), ...status },
      begin: () => {
        if (status !== null) this.#written.add(uid);
      },
      done: () => {
        if (status === null) this.#written.delete(uid);
        this.#options.log.debug({ kind: this.#kind.kind, object: `${namespace}/${name}` }, 'wrote the status of an object');
      },
    };
  }
}

/** In a merge patch a field that is to go has to be said: null for each of `present` that `wanted` does not have. */
function gone(present: object | undefined, wanted: object): Readonly<Record<string, null>> {
  const names = Object.keys(present ?? {}).filter((name) => !Object.hasOwn(wanted, name));
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Conditions with times: one whose status is as before keeps its own. */
export function timedConditions(
  wanted: readonly Condition[],
  before: readonly SmartRouteCondition[] = [],
  observedGeneration: number,
  now: string,
): readonly SmartRouteCondition[] {
  return wanted.map((condition) => {
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, observedGeneration, lastTransitionTime: same?.lastTransitionTime ?? now };
  });
}

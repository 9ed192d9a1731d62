import { isDeepStrictEqual } from 'node:util';
import { type KubeObject, type ObjectKind, objectKey } from '../api/objects.ts';
import { withoutBallast } from './without-ballast.ts';

/** The object type of a kind. */
export type ObjectOf<K extends ObjectKind> = Extract<KubeObject, { readonly kind: K }>;

/** What a snapshot holds: immutable, indexed by kind and by `namespace/name` (`name` for cluster-scoped kinds). */
export interface Snapshot {
  /** Grows with every change; two snapshots with the same revision are the same. */
  readonly revision: number;
  /** Every object of a kind. The map keeps its reference while nothing of that kind changed. */
  of<K extends ObjectKind>(kind: K): ReadonlyMap<string, ObjectOf<K>>;
}

/** Something wrong with a source itself (a file that does not parse, a watch that fails), for `/debug/problems`. */
export interface SourceProblem {
  /** The file with line, or the part: `shop.yaml:12`, `ingresses`, `snapshot`, `listener mail`. */
  readonly where: string;
  /** One of the TroubleReasons; none: a file or listener. */
  readonly reason?: string;
  readonly message: string;
}

/** How one watched resource fares. */
export interface ResourceHealth {
  readonly resource: string;
  readonly healthy: boolean;
  /** Empty while healthy; else what went wrong last. */
  readonly detail: string;
  readonly restarts: number;
  /** Milliseconds since 1970 of the last sign of life; 0 before the first. */
  readonly lastEventMs: number;
  /** What is served does without it where it may not be read. */
  readonly optional?: boolean;
}

/** Where objects come from: an API server or a manifest folder. It fills its store and nothing else. */
export interface Source {
  readonly store: ObjectStore;
  /** Resolves when every resource was read once; rejects when the configuration can't work. */
  start(): Promise<void>;
  /** The Secrets (`namespace/name`) that objects refer to: a source that reads Secrets one by one reads these. */
  setReferencedSecrets(keys: readonly string[]): void;
  close(): Promise<void>;
  health(): readonly ResourceHealth[];
}

/** The objects of one kind; `shared` tells that a snapshot holds the map, so that the next change has to copy it. */
interface KindIndex {
  objects: Map<string, KubeObject>;
  shared: boolean;
}

const noObjects: ReadonlyMap<string, KubeObject> = new Map();

/**
 * The objects that we know, by kind and key. A source writes, the controller reads snapshots. An object is never changed, only
 * replaced; one that arrives again without a difference keeps the reference that is already here, so that memos on identity hold.
 */
export class ObjectStore {
  readonly #kinds = new Map<ObjectKind, KindIndex>();
  readonly #listeners = new Set<() => void>();
  readonly #problems = new Map<string, readonly SourceProblem[]>();
  #revision = 0;
  #synced = false;
  #snapshot: Snapshot | undefined;

  /** Whether the source has delivered everything at least once. Never goes back to false. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The revision of the next snapshot. */
  get revision(): number {
    return this.#revision;
  }

  markSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#notify();
  }

  get<K extends ObjectKind>(kind: K, key: string): ObjectOf<K> | undefined {
    return this.#kinds.get(kind)?.objects.get(key) as ObjectOf<K> | undefined;
  }

  count(kind: ObjectKind): number {
    return this.#kinds.get(kind)?.objects.size ?? 0;
  }

  /** Adds or replaces one object; tells whether that made a difference. */
  apply(object: KubeObject): boolean {
    const changed = this.#put(object);
    if (changed) this.#changed();
    return changed;
  }

  /** Removes one object; tells whether it was there. */
  remove(kind: ObjectKind, key: string): boolean {
    const changed = this.#delete(kind, key);
    if (changed) this.#changed();
    return changed;
  }

  /** Makes `objects` all that there is of a kind, or of a kind in one namespace; one notification at most. */
  replaceKind<K extends ObjectKind>(kind: K, objects: Iterable<ObjectOf<K>>, namespace?: string): boolean {
    const changed = this.#replace(kind, objects, namespace);
    if (changed) this.#changed();
    return changed;
  }

  /** Makes `objects` all that there is, of every kind; one notification at most. */
  replaceAll(objects: Iterable<KubeObject>): boolean {
    const byKind = new Map<ObjectKind, KubeObject[]>();
    for (const kind of this.#kinds.keys()) byKind.set(kind, []);
    for (const object of objects) {
      const list = byKind.get(object.kind);
      if (list === undefined) byKind.set(object.kind, [object]);
      else list.push(object);
    }
    let changed = false;
    for (const [kind, list] of byKind) changed = this.#replace(kind, list, undefined) || changed;
    if (changed) this.#changed();
    return changed;
  }

  /** An immutable view of this moment. Taking one costs nothing; the first change of a kind after it copies that kind's index. */
  snapshot(): Snapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const maps = new Map<ObjectKind, ReadonlyMap<string, KubeObject>>();
    for (const [kind, index] of this.#kinds) {
      index.shared = true;
      maps.set(kind, index.objects);
    }
    this.#snapshot = Object.freeze({
      revision: this.#revision,
      of: <K extends ObjectKind>(kind: K) => (maps.get(kind) ?? noObjects) as ReadonlyMap<string, ObjectOf<K>>,
    });
    return this.#snapshot;
  }

  /** Calls `listener` after every change of objects, problems or `synced`; the returned function ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces what `reporter` (a reflector, the manifest folder) has to say; an empty list takes it back. */
  setProblems(reporter: string, problems: readonly SourceProblem[]): void {
    if (isDeepStrictEqual(this.#problems.get(reporter) ?? [], problems)) return;
    if (problems.length === 0) this.#problems.delete(reporter);
    else this.#problems.set(reporter, problems);
    this.#notify();
  }

  problems(): readonly SourceProblem[] {
    return [...this.#problems.values()].flat();
  }

  #replace(kind: ObjectKind, objects: Iterable<KubeObject>, namespace: string | undefined): boolean {
    const wanted = new Set<string>();
    let changed = false;
    for (const object of objects) {
      wanted.add(objectKey(object));
      changed = this.#put(object) || changed;
    }
    for (const [key, object] of this.#kinds.get(kind)?.objects ?? []) {
      if (wanted.has(key) || (namespace !== undefined && object.metadata.namespace !== namespace)) continue;
      changed = this.#delete(kind, key) || changed;
    }
    return changed;
  }

  #put(object: KubeObject): boolean {
    const key = objectKey(object);
    const present = this.#kinds.get(object.kind)?.objects.get(key);
    if (present === object) return false;
    const lean = withoutBallast(object);
    if (present !== undefined && sameObject(present, lean)) return false;
    this.#writable(object.kind).set(key, lean);
    return true;
  }

  #delete(kind: ObjectKind, key: string): boolean {
    return this.#kinds.get(kind)?.objects.has(key) === true && this.#writable(kind).delete(key);
  }

  #writable(kind: ObjectKind): Map<string, KubeObject> {
    let index = this.#kinds.get(kind);
    if (index === undefined) this.#kinds.set(kind, (index = { objects: new Map(), shared: false }));
    if (index.shared) {
      index.objects = new Map(index.objects);
      index.shared = false;
    }
    return index.objects;
  }

  #changed(): void {
    this.#revision++;
    this.#snapshot = undefined;
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Objects of an API server are the same when their versions are; those without a version are compared as a whole. */
function sameObject(a: KubeObject, b: KubeObject): boolean {
  const version = a.metadata.resourceVersion;
  if (version !== undefined && b.metadata.resourceVersion !== undefined) {
    return version === b.metadata.resourceVersion && a.metadata.uid === b.metadata.uid && isSameContent(a, b);
  }
  return isDeepStrictEqual(a, b);
}

/** The same version of a Secret may come without its data (watched as metadata) and with it (fetched). */
function isSameContent(a: KubeObject, b: KubeObject): boolean {
  return a.kind !== 'Secret' || b.kind !== 'Secret' || isDeepStrictEqual(a.data, b.data);
}

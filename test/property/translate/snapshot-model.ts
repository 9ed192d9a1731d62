import type { KubeObject, ObjectKind } from '../../../src/api/objects.ts';
import type { ObjectView } from '../../../src/translate/object-view.ts';

/** Objects of any shape under keys, with the store's promise: a kind's map is a new one after each change of that kind, and only then. */
export class SnapshotModel {
  readonly #kinds = new Map<ObjectKind, ReadonlyMap<string, KubeObject>>();

  /** Each object is its own, as in a store, even when tests share one. */
  set(kind: ObjectKind, key: string, object: object): void {
    this.#kinds.set(kind, new Map(this.#kinds.get(kind)).set(key, { ...object } as KubeObject));
  }

  remove(kind: ObjectKind, key: string): void {
    const rest = new Map(this.#kinds.get(kind));
    if (rest.delete(key)) this.#kinds.set(kind, rest);
  }

  view(): ObjectView {
    const kinds = new Map(this.#kinds);
    return { of: (kind) => (kinds.get(kind) ?? none) as never };
  }

  /** The same objects, entered into their maps in another order. */
  reversed(): ObjectView {
    const kinds = new Map([...this.#kinds].map(([kind, objects]) => [kind, new Map([...objects].reverse())]));
    return { of: (kind) => (kinds.get(kind) ?? none) as never };
  }
}

const none: ReadonlyMap<string, never> = new Map<string, never>();

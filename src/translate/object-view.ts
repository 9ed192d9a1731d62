import type { KubeObject, ObjectKind } from '../api/objects.ts';

/** What translate reads: every object of a kind by `namespace/name` (`name` for cluster-scoped kinds). Each map is immutable. */
export interface ObjectView {
  /** The map keeps its reference while nothing of that kind changed. */
  of<K extends ObjectKind>(kind: K): ReadonlyMap<string, Extract<KubeObject, { readonly kind: K }>>;
}

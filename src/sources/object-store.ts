import type { KubeObject, ObjectKind } from '../api/objects.ts';

/** What a snapshot holds: immutable, indexed by kind and by `namespace/name` (`name` for cluster-scoped kinds). */
export interface Snapshot {
  /** Grows with every change; two snapshots with the same revision are the same. */
  readonly revision: number;
  /** Every object of a kind. The map keeps its reference while nothing of that kind changed. */
  of<K extends ObjectKind>(kind: K): ReadonlyMap<string, Extract<KubeObject, { readonly kind: K }>>;
}

/** Something wrong with a source itself (a file that does not parse, a watch that fails), for `/debug/problems`. */
export interface SourceProblem {
  /** The file with line, or the resource: `shop.yaml:12`, `ingresses`. */
  readonly where: string;
  readonly message: string;
}

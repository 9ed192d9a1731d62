import type { Source } from '../object-store.ts';
import type { KeptSecrets } from './kept-secrets.ts';

/** A source that reads manifests: besides objects it knows where each stands. */
export interface ManifestSource extends Source {
  /** Secrets that the program keeps itself. */
  readonly kept: KeptSecrets;
  /** `shop.yaml:12`, or undefined for an object that is in no file. */
  locationOf(kind: string, key: string): string | undefined;
  /** What a file that `locationOf` names says at the moment; undefined: it is gone, too large, or not kept. */
  textOf(file: string): Promise<string | undefined>;
  /** How many objects of kinds that we do not read, by `kind.apiVersion`. */
  skippedKinds(): ReadonlyMap<string, number>;
}

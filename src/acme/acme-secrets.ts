import type { Secret } from '../api/objects.ts';
import { SmartProxyError } from '../errors.ts';
import type { Trouble } from '../sources/troubles.ts';

/** Secrets can not be read or written as things are: code ACME_FAILED. The CA has no part in it. */
export class SecretsError extends SmartProxyError {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, cause: unknown) {
    super('ACME_FAILED', trouble.message, { cause });
    this.trouble = trouble;
  }
}

/** Where Secrets are kept: an API server, or a folder. What an API server refuses rejects with a SecretsError. */
export interface AcmeSecrets {
  /** By `namespace/name`, as it is now. */
  read(key: string): Promise<Secret | undefined>;
  /**
   * Puts the Secret in the place of the version that its `resourceVersion` names; without one, where there is none yet. Gives it as it is
   * kept; undefined: somebody was faster, and nothing was written.
   */
  write(secret: Secret): Promise<Secret | undefined>;
  /** Rejects when `write` could not do it now, for whatever reason but that somebody was faster; writes nothing. */
  probe(secret: Secret): Promise<void>;
  remove(key: string): Promise<void>;
  /** Secrets of a type in one namespace. */
  list(namespace: string, type: string): Promise<readonly Secret[]>;
}

/** Somebody else writes what we write: another leader. What it does is as good. */
export class Superseded extends Error {}

/** Writes a Secret, with the version that it was read in. Rejects with Superseded. */
export async function writeSecret(secrets: AcmeSecrets, secret: Secret): Promise<Secret> {
  const written = await secrets.write(secret);
  if (written !== undefined) return written;
  const { namespace, name } = secret.metadata;
  throw new Superseded(`Secret ${namespace}/${name} was written by another process`);
}

/** Namespace and name of a key. */
export function nameOfKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

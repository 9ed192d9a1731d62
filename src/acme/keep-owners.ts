import type { Secret } from '../api/objects.ts';
import { withOwners } from '../translate/acme-owners.ts';
import type { ObjectRef } from '../translate/translation.ts';
import { type AcmeSecrets, writeSecret } from './acme-secrets.ts';

/**
 * Names these owners in a Secret of ours, and takes away those that it named before. A write of its own: a cluster may refuse it to an
 * account that may renew (OwnerReferencesPermissionEnforcement). Rejects as `writeSecret` does.
 */
export async function keepOwners(secrets: AcmeSecrets, secret: Secret, owners: readonly ObjectRef[]): Promise<void> {
  const metadata = withOwners(secret.metadata, owners);
  if (metadata !== secret.metadata) await writeSecret(secrets, { ...secret, metadata });
}

import type { Secret } from '../api/objects.ts';

/** On Secrets that we made: the directory of the CA that their certificate is from. */
export const acmeDirectoryAnnotation = 'smartproxy.dev/acme-directory';

/** On Secrets that we made: who may change them. */
export const managedByLabel = { 'app.kubernetes.io/managed-by': 'smartproxy-ingress' } as const;

/** Why a Secret must not be written, as the end of a sentence; undefined: we made it. */
export function foreignSecret(secret: Pick<Secret, 'metadata'>): string | undefined {
  const { annotations = {}, labels = {} } = secret.metadata;
  if (Object.keys({ ...annotations, ...labels }).some((name) => name.includes('cert-manager.io/'))) return 'is kept by cert-manager';
  const isOurs = annotations[acmeDirectoryAnnotation] !== undefined;
  return isOurs ? undefined : 'was made by somebody else';
}

import type { ResolvedIngress } from './resolved-ingress.ts';

/** `namespace/name` of each Secret that is asked for, sorted, once. @param defaultCertificate the Secret of the default certificate */
export function referencedSecrets(ingresses: readonly ResolvedIngress[], defaultCertificate: string | undefined): readonly string[] {
  const keys = new Set<string>();
  if (defaultCertificate !== undefined) keys.add(defaultCertificate);
  for (const ingress of ingresses) for (const key of ingress.referencedSecrets) keys.add(key);
  return [...keys].sort();
}

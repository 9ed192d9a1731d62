import type { ResolvedObject } from './resolved-object.ts';

/** `namespace/name` of each Secret that is asked for, sorted, once. @param defaultCertificate the Secret of the default certificate */
export function referencedSecrets(
  objects: readonly ResolvedObject[],
  defaultCertificate: string | undefined,
  ...others: readonly (readonly string[])[]
): readonly string[] {
  const keys = new Set<string>(others.flat());
  if (defaultCertificate !== undefined) keys.add(defaultCertificate);
  for (const object of objects) for (const key of object.referencedSecrets) keys.add(key);
  return [...keys].sort();
}

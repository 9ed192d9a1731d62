import type { KubeObject } from '../api/objects.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The object without `managedFields` and the last-applied annotation: memory that nobody reads, and in a Secret a second copy of
 * its data in clear. The object itself is left as it is; one without ballast is returned unchanged.
 */
export function withoutBallast<T extends KubeObject>(object: T): T {
  const metadata: T['metadata'] & { readonly managedFields?: unknown } = object.metadata;
  const carriesLastApplied = metadata.annotations?.[lastApplied] !== undefined;
  if (metadata.managedFields === undefined && !carriesLastApplied) return object;
  const { managedFields: _, ...rest } = metadata;
  if (!carriesLastApplied) return { ...object, metadata: rest };
  const { [lastApplied]: __, ...annotations } = rest.annotations ?? {};
  return { ...object, metadata: { ...rest, annotations } };
}

import type { AnnotationValues } from '../api/annotations.ts';
import type { ActiveLimit } from '../routes/policy.ts';

/** Limits of requests under way as settings: in all, and of each client address; undefined: it inherits. */
export interface ActiveSettings {
  /** `most` 0 = no limit. */
  readonly requestLimit: ActiveLimit | undefined;
  readonly addressLimit: ActiveLimit | undefined;
}

/** Those of a policy. @param scope names where they are written: `SmartRoute shop/shop` */
export function activeLimitsOf(
  { maxRequests, maxRequestsPerAddress }: { readonly maxRequests?: number; readonly maxRequestsPerAddress?: number },
  scope: string,
): ActiveSettings {
  return { requestLimit: limitOf(maxRequests, scope, 'route'), addressLimit: limitOf(maxRequestsPerAddress, scope, 'address') };
}

/** Those that annotations set. @param scope names the object: `Ingress shop/shop` */
export function activeLimitsOfAnnotations({ limitConnections, limitAllowlist }: AnnotationValues, scope: string): ActiveSettings {
  return { requestLimit: undefined, addressLimit: limitOf(limitConnections, scope, 'address', limitAllowlist) };
}

/** Those that limit anything; undefined: none does. */
export function usableLimits({ requestLimit, addressLimit }: Partial<ActiveSettings>): readonly ActiveLimit[] | undefined {
  const usable = [requestLimit, addressLimit].filter((limit) => limit !== undefined && limit.most > 0) as readonly ActiveLimit[];
  return usable.length === 0 ? undefined : usable;
}

function limitOf(
  most: number | undefined,
  scope: string,
  per: ActiveLimit['per'],
  exempt: readonly string[] = [],
): ActiveLimit | undefined {
  return most === undefined ? undefined : { scope, most, per, exempt };
}

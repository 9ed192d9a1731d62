import { isNetwork } from '../address-list.ts';
import type { AnnotationValues } from '../api/annotations.ts';
import type { SmartRouteRateLimit } from '../api/generated/smart-route.ts';
import type { RateLimit } from '../routes/policy.ts';
import { scopedRateLimits } from '../routes/rate-scope.ts';

const windowsMs = { Second: 1000, Minute: 60_000, Hour: 3_600_000 } as const;

/** As ingress-nginx. */
const defaultBurstMultiplier = 5;

/** The rate limits of a policy; what is no network is left out of `exempt` (`wrongExemption` finds it). @param scope names where it is written: `SmartRoute shop/shop` */
export function rateLimitsOf(limits: readonly SmartRouteRateLimit[], scope: string): readonly RateLimit[] {
  const read = limits.map(({ requests, per, burst, key, exempt }) => ({
    requests,
    windowMs: windowsMs[per],
    burst: burst ?? requests,
    key: keyOf(key),
    exempt: (exempt ?? []).filter(isNetwork),
  }));
  return scopedRateLimits(scope, read);
}

/** The first exemption that is no network: its requests are counted. */
export function wrongExemption(limits: readonly SmartRouteRateLimit[]): string | undefined {
  return limits.flatMap(({ exempt = [] }) => exempt).find((cidr) => !isNetwork(cidr));
}

function keyOf(key: SmartRouteRateLimit['key']): RateLimit['key'] {
  if (key?.type === 'Header') return { kind: 'header', name: (key.header ?? '').toLowerCase() };
  return { kind: key?.type === 'Everybody' ? 'everybody' : 'address' };
}

/** The rate limits that annotations set, by client address; undefined: none. */
export function rateLimitsOfAnnotations(values: AnnotationValues, scope: string): readonly RateLimit[] | undefined {
  const { limitRps, limitRpm, limitBurstMultiplier = defaultBurstMultiplier, limitAllowlist = [] } = values;
  if (limitRps === undefined && limitRpm === undefined) return undefined;
  const limit = (requests = 0, windowMs: number): readonly Omit<RateLimit, 'scope'>[] =>
    requests === 0
      ? []
      : [{ requests, windowMs, burst: requests * limitBurstMultiplier, key: { kind: 'address' }, exempt: limitAllowlist }];
  return scopedRateLimits(scope, [...limit(limitRps, windowsMs.Second), ...limit(limitRpm, windowsMs.Minute)]);
}

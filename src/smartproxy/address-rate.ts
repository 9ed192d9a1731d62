import type { RateLimit } from '../routes/policy.ts';
import { rateScope } from '../routes/rate-scope.ts';

/** New connections of an address; undefined: any number may come. @param perMinute all of them at once if they like, 0 = no limit */
export function connectionRate(perMinute: number): RateLimit | undefined {
  return addressRate(perMinute, 'connections of an address');
}

/** New sessions of an address over UDP. Apart from its connections: whoever sends datagrams in its name takes nothing of those. */
export function sessionRate(perMinute: number): RateLimit | undefined {
  return addressRate(perMinute, 'sessions of an address');
}

/** New connections of an address, as replicas share the rate. */
export function sharedConnectionRate(perMinute: number, ingressClass: string): RateLimit | undefined {
  return addressRate(perMinute, `connections ${ingressClass}`);
}

function addressRate(perMinute: number, place: string): RateLimit | undefined {
  if (perMinute === 0) return undefined;
  const limit = { requests: perMinute, windowMs: 60_000, burst: perMinute, key: { kind: 'address' } } as const;
  return { scope: rateScope(place, limit), ...limit, exempt: [] };
}

import type { RateLimit } from '../routes/policy.ts';

/**
 * So many a minute from one address, all of them at once if they like; undefined: any number may come.
 * @param perMinute 0 = no limit
 * @param scope what is counted: the same scope counts together
 */
export function addressRate(perMinute: number, scope: string): RateLimit | undefined {
  if (perMinute === 0) return undefined;
  return { scope, requests: perMinute, windowMs: 60_000, burst: perMinute, key: { kind: 'address' }, exempt: [] };
}

import type { RateLimit } from './policy.ts';

/**
 * Names the buckets of a limit: by where it is written and by its own numbers. A bucket is a time that was reckoned with those numbers, so what
 * is written in its place later has others and begins anew, and a limit that stays as it is forgets nothing, wherever in a list it stands.
 * @param place names where it is written, and who else counts with it: `SmartRoute shop/shop`
 */
export function rateScope(place: string, { requests, windowMs, burst, key }: Omit<RateLimit, 'scope' | 'exempt'>): string {
  const by = key.kind === 'header' ? `header ${key.name}` : key.kind;
  return `${place} ${requests}/${windowMs}ms burst ${burst} by ${by}`;
}

/** Those of a list, each with a scope of its own: one that is there twice counts twice. */
export function scopedRateLimits(place: string, limits: readonly Omit<RateLimit, 'scope'>[]): readonly RateLimit[] {
  const counts = new Map<string, number>();
  return limits.map((limit) => {
    const name = rateScope(place, limit);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return { scope: count === 1 ? name : `${name} ${count}`, ...limit };
  });
}

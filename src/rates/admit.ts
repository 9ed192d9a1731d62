import type { RateLimit } from '../routes/policy.ts';
import { clientOfAddress, clientOfHeader, isExempt } from './rate-client.ts';
import type { RateLimiters } from './rate-limiters.ts';

/** A limit that is used up. */
export interface RateRefusal {
  readonly limit: RateLimit;
  /** Until one more would be admitted. */
  readonly waitMs: number;
}

/** One request or connection with what each limit counts it as; undefined: exempt. */
export interface RateAttempt {
  readonly limits: readonly RateLimit[];
  readonly clients: readonly (string | undefined)[];
}

/**
 * @param address of the client, in plain form, see `plainAddress`
 * @param header the value of a request header by its name
 */
export function rateAttempt(
  limits: readonly RateLimit[],
  address: string,
  header: (name: string) => string | undefined = noHeader,
): RateAttempt {
  return { limits, clients: limits.map((limit) => (isExempt(limit, address) ? undefined : clientOf(limit, address, header))) };
}

/** The first limit that is used up in this pod; nothing is counted. */
export function localRefusal(rates: RateLimiters, { limits, clients }: RateAttempt): RateRefusal | undefined {
  for (const [index, limit] of limits.entries()) {
    const client = clients[index];
    const waitMs = client === undefined ? 0 : rates.waitMs(limit, client);
    if (waitMs > 0) return { limit, waitMs };
  }
  return undefined;
}

/** Counts the attempt in this pod. */
export function countAttempt(rates: RateLimiters, { limits, clients }: RateAttempt): void {
  for (const [index, limit] of limits.entries()) {
    const client = clients[index];
    if (client !== undefined) rates.take(limit, client);
  }
}

function clientOf({ key }: RateLimit, address: string, header: (name: string) => string | undefined): string {
  if (key.kind === 'everybody') return '*';
  const value = key.kind === 'header' ? header(key.name) : undefined;
  return value === undefined || value === '' ? clientOfAddress(address) : clientOfHeader(value);
}

function noHeader(): undefined {
  return undefined;
}

import type { AcmeFailure } from '../translate/acme-state.ts';
import { SecretsError } from './acme-secrets.ts';
import { CaError, isOutage } from './ca-error.ts';
import { fixOf } from './failure-fix.ts';

const minuteMs = 60_000;
/** CAs count refusals: Let's Encrypt takes five an hour for one name. */
const refused = { firstMs: minuteMs, factor: 4, mostMs: 6 * 60 * minuteMs };
/** An outage is over when it is over, and a right that was missing is given when it is given: no CA counts either. */
const outage = { firstMs: minuteMs / 4, factor: 2, mostMs: 10 * minuteMs };

/**
 * What to keep of a try that failed: longer pauses after each, and never shorter than the CA asks. Pure.
 * @param before what failed before it
 * @param random 0 up to 1
 */
export function failureOf(error: unknown, before: AcmeFailure | undefined, nowMs: number, random: number): AcmeFailure {
  const count = (before?.count ?? 0) + 1;
  const { firstMs, factor, mostMs } = isOutage(error) || error instanceof SecretsError ? outage : refused;
  const pauseMs = Math.min(mostMs, firstMs * factor ** Math.min(count - 1, 20));
  const asked = error instanceof CaError ? error.retryAfterMs : 0;
  const nextAttemptMs = nowMs + Math.max(asked, pauseMs * (1 - random / 5));
  return { count, message: wordsOf(error), nextAttemptMs: Math.round(nextAttemptMs) };
}

function wordsOf(error: unknown): string {
  if (error instanceof CaError) {
    const fix = fixOf(error);
    const cause = error.type === undefined ? error.reason : `${error.reason} (${error.type})`;
    return fix === undefined ? cause : `${cause}; ${fix}`;
  }
  return error instanceof Error ? error.message : String(error);
}

import type { AcmeCertificate } from '../translate/acme-certificate.ts';
import type { AcmeFailure } from '../translate/acme-state.ts';
import { SecretsError } from './acme-secrets.ts';
import { CaError, isOutage } from './ca-error.ts';
import { fixOf } from './failure-fix.ts';
import { isOfWish, wishId } from './wish-id.ts';

const minuteMs = 60_000;
/** CAs count refusals: Let's Encrypt takes five an hour for one name. */
const refused = { firstMs: minuteMs, factor: 4, mostMs: 6 * 60 * minuteMs };
/** An outage is over when it is over, and a right that was missing is given when it is given: no CA counts either. */
const outage = { firstMs: minuteMs / 4, factor: 2, mostMs: 10 * minuteMs };

/**
 * What to keep of a try that failed: longer pauses after each of the same wish, and never shorter than the CA asks. Pure.
 * @param certificate with what failed before
 * @param random 0 up to 1
 */
export function failureOf(error: unknown, certificate: AcmeCertificate, nowMs: number, random: number): AcmeFailure {
  const before = certificate.state.failure;
  const count = before !== undefined && isOfWish(before, certificate) ? before.count + 1 : 1;
  const { firstMs, factor, mostMs } = isOutage(error) || error instanceof SecretsError ? outage : refused;
  const pauseMs = Math.min(mostMs, firstMs * factor ** Math.min(count - 1, 20));
  const asked = error instanceof CaError ? error.retryAfterMs : 0;
  const nextAttemptMs = nowMs + Math.max(asked, pauseMs * (1 - random / 5));
  const of = asked > 0 ? certificate.issuer.directory : wishId(certificate);
  return { count, of, message: wordsOf(error), nextAttemptMs: Math.round(nextAttemptMs) };
}

function wordsOf(error: unknown): string {
  if (error instanceof CaError) {
    const fix = fixOf(error);
    const cause = error.type === undefined ? error.reason : `${error.reason} (${error.type})`;
    return fix === undefined ? cause : `${cause}; ${fix}`;
  }
  return error instanceof Error ? error.message : String(error);
}

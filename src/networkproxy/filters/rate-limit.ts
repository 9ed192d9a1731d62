import { plainAddress } from '../../address-list.ts';
import { countAttempt, localRefusal, type RateAttempt, type RateRefusal, rateAttempt } from '../../rates/admit.ts';
import type { RateLimiters } from '../../rates/rate-limiters.ts';
import type { SharedRates } from '../../rates/shared-rates.ts';
import type { Policy, RateLimit } from '../../routes/policy.ts';
import { clientAddressOf } from '../forwarded-fields.ts';
import { lastFieldValue } from '../http1/request-lines.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import { believedField } from '../told-fields.ts';
import type { FilterRequest } from './filter-request.ts';
import { Later } from './later.ts';

/**
 * Counts the request against the limits of its route; a reply when one is used up. What this pod's own buckets refuse nobody else is asked
 * about. Where replicas share their rates, the others have a say; without an answer the own buckets decide alone.
 */
export function rateLimited(
  request: FilterRequest,
  limits: readonly RateLimit[],
  { clientCertificate }: Policy,
): LocalReply | Later | undefined {
  const { head, facts } = request;
  const { trustedProxies, rates } = request.context;
  const address = plainAddress(clientAddressOf(head, facts, trustedProxies));
  const attempt = rateAttempt(limits, address, (name) => believedField(name, request, clientCertificate, lastFieldValue));
  const refusal = localRefusal(rates, attempt);
  if (refusal !== undefined) return refused(refusal);
  const { shared } = rates;
  if (shared?.mayAsk() === true) return askOthers(rates, shared, attempt);
  countAttempt(rates, attempt);
  return undefined;
}

function askOthers(rates: RateLimiters, shared: SharedRates, attempt: RateAttempt): Later {
  const { limits, clients } = attempt;
  return new Later({
    timeoutMs: shared.timeoutMs,
    decide: async () => {
      const found = await shared.take(limits, clients);
      const limit = found && limits[found.index];
      if (found !== undefined && limit !== undefined) return refused({ limit, waitMs: found.waitMs });
      countAttempt(rates, attempt);
      return undefined;
    },
    otherwise: ({ kind }) => {
      if (kind === 'late') shared.onLate();
      countAttempt(rates, attempt);
      return undefined;
    },
  });
}

function refused(refusal: RateRefusal): LocalReply {
  return { ...errorReply('rate_limited'), headers: rateFields(refusal) };
}

/**
 * What a refused client is told: when to come again (RFC 9110, section 10.2.3), and the limit with what is left of it
 * (draft-ietf-httpapi-ratelimit-headers-10).
 */
function rateFields({ limit: { requests, windowMs }, waitMs }: RateRefusal): readonly string[] {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return [
    ...['retry-after', String(seconds)],
    ...['ratelimit-policy', `"default";q=${requests};w=${windowMs / 1000}`],
    ...['ratelimit', `"default";r=0;t=${seconds}`],
  ];
}

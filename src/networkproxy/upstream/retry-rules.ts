import type { ResponseFlag } from '../../observability/counters/response-flag.ts';
import type { RetryRules } from '../../routes/policy.ts';

/** May be done twice with the effect of once (RFC 9110 section 9.2.2). */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether requests with this method are tried again at all once a backend may have seen them. */
export function mayBeDoneTwice({ nonIdempotent }: RetryRules, method: string): boolean {
  return nonIdempotent || idempotentMethods.has(method);
}

/** Whether a request that got no answer is tried again. @param flag what happened to it */
export function retriesFailure({ reset, timeout, perTryTimeoutMs }: RetryRules, flag: ResponseFlag): boolean {
  switch (flag) {
    case 'upstream_reset':
    case 'upstream_protocol_error':
    case 'upstream_response_too_large':
      return reset;
    case 'upstream_timeout':
      return timeout || perTryTimeoutMs > 0;
    default:
      return false;
  }
}

/** Whether an answer is given up for another. @param grpcStatus of a call that ended with its head; undefined: it did not, or is none */
export function retriesAnswer({ statuses, grpcStatuses }: RetryRules, status: number, grpcStatus: string | undefined): boolean {
  return statuses.includes(status) || (grpcStatus !== undefined && grpcStatuses.includes(grpcStatus));
}

/** How much longer a pause may get than the first one. */
const largestFactor = 10;

/**
 * Milliseconds before a retry: doubling from the first one, of which one half is by chance, so that clients that failed together do not come
 * again together.
 * @param retry 1 for the first
 * @param random from 0 up to, not including, 1
 */
export function backOffMs(baseMs: number, retry: number, random: number): number {
  const full = baseMs * Math.min(2 ** (retry - 1), largestFactor);
  return full / 2 + (full / 2) * random;
}

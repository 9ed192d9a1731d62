import { type RateAttempt, rateAttempt } from '../../rates/admit.ts';
import type { Policy, RateLimit } from '../../routes/policy.ts';

/**
 * What a new session counts as, in the pod: of its address for the installation, and of its client for each limit of its route. A datagram can't
 * wait until other replicas have been asked. undefined: nothing limits the rate.
 * @param ofAddress the rate of one address in the installation
 * @param address of the client, in plain form
 */
export function sessionAttempt(ofAddress: RateLimit | undefined, policy: Policy | undefined, address: string): RateAttempt | undefined {
  const ofRoute = policy?.rateLimits && rateAttempt(policy.rateLimits, address);
  if (ofAddress === undefined) return ofRoute;
  return { limits: [ofAddress, ...(ofRoute?.limits ?? [])], clients: [address, ...(ofRoute?.clients ?? [])] };
}

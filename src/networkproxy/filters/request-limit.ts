import { plainAddress } from '../../address-list.ts';
import { clientOfAddress, isExempt } from '../../rates/rate-client.ts';
import type { ActiveLimit } from '../../routes/policy.ts';
import { clientAddressOf } from '../forwarded-fields.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import type { FilterRequest } from './filter-request.ts';

/** Takes a place of each limit for as long as the request is being answered, or none; a reply when one has none left. */
export function requestLimited(request: FilterRequest, all: readonly ActiveLimit[]): LocalReply | undefined {
  const { rates, trustedProxies } = request.context;
  const address = plainAddress(clientAddressOf(request.head, request.facts, trustedProxies));
  const limits = countingFor(all, address);
  const client = clientOfAddress(address);
  const refused = rates.active.refusal(limits, client);
  if (refused !== undefined) return errorReply('request_limit', refused.per);
  request.places = rates.active.take(limits, client);
  return undefined;
}

/** Those that count this address. */
function countingFor(limits: readonly ActiveLimit[], address: string): readonly ActiveLimit[] {
  return limits.some((limit) => isExempt(limit, address)) ? limits.filter((limit) => !isExempt(limit, address)) : limits;
}

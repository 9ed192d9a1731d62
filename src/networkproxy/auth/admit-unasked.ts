import type { AuthPolicy } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { withoutClaims } from './without-claims.ts';

/** Lets in a request that nobody was asked about. */
export function admitUnasked(request: FilterRequest, auth: AuthPolicy): void {
  request.context.counters.countAuth(auth.kind, 'not_asked');
  request.changeRequest((head) => withoutClaims(head, { auth }));
}

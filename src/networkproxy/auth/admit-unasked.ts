import type { AuthPolicy } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { withoutToken } from './bearer-token.ts';

/** Lets in a request that nobody was asked about. Its backend gets nothing that only who was asked may claim, and no credentials. */
export function admitUnasked(request: FilterRequest, auth: AuthPolicy): void {
  request.context.counters.countAuth(auth.kind, 'not_asked');
  const claimed = claimedHeaders(auth);
  if (claimed.length > 0) request.editRequest({ remove: claimed, set: [], add: [] });
  if (auth.kind === 'jwt' && !auth.forwardToken) request.changeRequest((head) => withoutToken(head, auth.from));
}

/** Headers by which the backend is told who it is, and that of the password. */
function claimedHeaders(auth: AuthPolicy): readonly string[] {
  switch (auth.kind) {
    case 'basic': {
      const name = auth.userHeader === undefined ? [] : [auth.userHeader];
      return auth.forwardAuthorization ? name : [...name, 'authorization'];
    }
    case 'external':
      return auth.responseHeaders;
    case 'jwt':
      return auth.claimHeaders.map(({ header }) => header);
    case 'oidc':
      return [...auth.claimHeaders.map(({ header }) => header), ...(auth.forwardAccessToken ? ['authorization'] : [])];
  }
}

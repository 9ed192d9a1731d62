import type { AuthPolicy } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { HeaderEditor } from '../header-editor.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import { withoutToken } from './bearer-token.ts';

/** Lets in a request that nobody was asked about. */
export function admitUnasked(request: FilterRequest, auth: AuthPolicy): void {
  request.context.counters.countAuth(auth.kind, 'not_asked');
  request.changeRequest((head) => withoutClaims(head, auth));
}

/** What a server may have of a request that says nothing of who asks: nothing that only who was asked may claim, and no credentials. */
export function withoutClaims(head: RequestHead, auth: AuthPolicy): RequestHead {
  const claimed = claimedHeaders(auth);
  const unclaimed =
    claimed.length === 0 ? head : { ...head, headers: new HeaderEditor({ remove: claimed, set: [], add: [] }).edit(head.headers) };
  return auth.kind === 'jwt' && !auth.forwardToken ? withoutToken(unclaimed, auth.from) : unclaimed;
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

import type { AuthPolicy } from '../../routes/auth-policy.ts';
import type { Policy } from '../../routes/policy.ts';
import { certificateFields } from '../../routes/told-fields.ts';
import { HeaderEditor } from '../header-editor.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import { withoutToken } from './bearer-token.ts';

/**
 * What a server may have of a request that says nothing of who asks: nothing that only who was asked may claim, and no credentials.
 * @param policy of the route; what it has nothing of is as anybody sends it
 */
export function withoutClaims(head: RequestHead, { auth, clientCertificate }: Pick<Policy, 'auth' | 'clientCertificate'>): RequestHead {
  const claimed = [...(auth === undefined ? [] : claimedHeaders(auth)), ...(clientCertificate === undefined ? [] : certificateFields)];
  const unclaimed =
    claimed.length === 0 ? head : { ...head, headers: new HeaderEditor({ remove: claimed, set: [], add: [] }).edit(head.headers) };
  return auth?.kind === 'jwt' && !auth.forwardToken ? withoutToken(unclaimed, auth.from) : unclaimed;
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

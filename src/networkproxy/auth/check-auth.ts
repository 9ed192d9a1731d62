import type { AuthPolicy } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import type { Later, Verdict } from '../filters/later.ts';
import { checkBasicAuth } from './basic-auth.ts';
import { checkExternalAuth } from './external-auth.ts';
import { checkJwtAuth } from './jwt-auth.ts';
import { checkOidcAuth } from './oidc/oidc-auth.ts';

/** One for each kind: a kind without one does not compile, where a switch would let everybody in. */
const checks: { readonly [K in AuthPolicy['kind']]: Check<Extract<AuthPolicy, { kind: K }>> } = {
  basic: checkBasicAuth,
  external: checkExternalAuth,
  jwt: checkJwtAuth,
  oidc: checkOidcAuth,
};

type Check<A> = (request: FilterRequest, auth: A, route: string) => Verdict | Later;

/** Lets in who may ask by `auth`. @param route the key of the route */
export function checkAuth(request: FilterRequest, auth: AuthPolicy, route: string): Verdict | Later {
  return (checks[auth.kind] as Check<AuthPolicy>)(request, auth, route);
}

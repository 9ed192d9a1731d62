import type { JwtAuth } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { Later, type Verdict } from '../filters/later.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import { tokenOf, withoutToken } from './bearer-token.ts';
import { type Claims, claimFields, missingClaim } from './claims.ts';

/** How long a request may wait for its token to be checked, fetching keys included. */
const timeoutMs = 10_000;
/** Longer ones are not looked at. */
const maxTokenLength = 16_384;

/** Lets in who brings a valid token of the route's issuer. One that was valid a moment ago is known at once. */
export function checkJwtAuth(request: FilterRequest, auth: JwtAuth): Verdict | Later {
  const token = tokenOf(request.head, auth.from);
  if (token === undefined || token.length > maxTokenLength) return refused(request, 'no token', challenge);
  const { auth: state, counters } = request.context;
  const { secrets } = request.table.table;
  const keys = state.keysNow(auth.keys, secrets);
  const known = keys && state.tokens.find(auth, keys, token, Date.now());
  if (known !== undefined) {
    counters.tokenCacheHits++;
    return judge(request, auth, known);
  }
  counters.tokenCacheMisses++;
  return new Later({
    timeoutMs,
    decide: async () => {
      // Loaded by whoever needs it: most workers never do.
      const { verifyToken } = await import('./verify-token.ts');
      const result = await verifyToken(token, auth, request);
      if (result.kind === 'unavailable') return unavailable(request, result.why);
      if (result.kind === 'invalid') return refused(request, result.why, invalid);
      // Keys that came in between say nothing of a token that others have checked.
      if (keys !== undefined && state.keysNow(auth.keys, secrets) === keys) state.tokens.keep(auth, keys, token, result.claims, Date.now());
      return judge(request, auth, result.claims);
    },
    otherwise: (why) => unavailable(request, why.kind === 'late' ? 'no keys in time' : 'the token can not be checked'),
  });
}

// RFC 6750 section 3. What exactly is wrong with a token is for the log.
const challenge = 'Bearer';
const invalid = 'Bearer error="invalid_token"';
const insufficient = 'Bearer error="insufficient_scope"';

function judge(request: FilterRequest, auth: JwtAuth, claims: Claims): Verdict {
  const { counters } = request.context;
  if (typeof claims.sub === 'string') request.user = claims.sub;
  const missing = missingClaim(claims, auth.requiredClaims);
  if (missing !== undefined) {
    counters.countAuth('jwt', 'refused');
    return { ...errorReply('auth_refused', `claim ${missing}`), headers: ['www-authenticate', insufficient] };
  }
  counters.countAuth('jwt', 'allowed');
  if (auth.claimHeaders.length > 0)
    request.editRequest({ remove: auth.claimHeaders.map(({ header }) => header), set: [], add: claimFields(claims, auth.claimHeaders) });
  if (!auth.forwardToken) request.changeRequest((head) => withoutToken(head, auth.from));
  return undefined;
}

function refused(request: FilterRequest, detail: string, authenticate: string): LocalReply {
  request.context.counters.countAuth('jwt', 'refused');
  return { ...errorReply('auth_required', detail), headers: ['www-authenticate', authenticate] };
}

function unavailable(request: FilterRequest, detail: string): LocalReply {
  request.context.counters.countAuth('jwt', 'unavailable');
  return errorReply('auth_unavailable', detail);
}

import type { BasicAuth } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { Later, type Verdict } from '../filters/later.ts';
import { errorReply } from '../local-reply.ts';
import { basicCredentials } from './basic-credentials.ts';

/** How long a request may wait for its password to be checked. */
const timeoutMs = 10_000;

/** Lets in who has a name and password of the route's list. A password that was right before is known at once. */
export function checkBasicAuth(request: FilterRequest, auth: BasicAuth): Verdict | Later {
  const { auth: state } = request.context;
  const entry = request.table.table.secrets.get(auth.users);
  if (entry === undefined) return unavailable(request, 'the list of users is missing');
  const credentials = basicCredentials(request.head.headers);
  if (credentials === undefined) return decide(request, auth, undefined, false);
  const { user, password } = credentials;
  const users = state.usersOf(entry);
  const own = users.hashOf(user);
  // Whether somebody is in the list must not show in how long it takes to say no.
  const hash = own ?? users.decoyOf(user);
  if (hash === undefined) return decide(request, auth, user, false);
  const known = state.passwords.checkNow(password, hash);
  if (known !== undefined) return decide(request, auth, user, known && own !== undefined);
  return new Later({
    timeoutMs,
    decide: async () => decide(request, auth, user, (await state.passwords.check(password, hash)) && own !== undefined),
    otherwise: () => unavailable(request, 'passwords can not be checked'),
  });
}

function decide(request: FilterRequest, auth: BasicAuth, user: string | undefined, isRight: boolean): Verdict {
  const { counters } = request.context;
  if (user === undefined || !isRight) {
    counters.countAuth('basic', 'refused');
    // Not the name: people type their password there.
    const detail = user === undefined ? 'no credentials' : 'wrong user name or password';
    const challenge = `Basic realm="${auth.realm}", charset="UTF-8"`;
    return { ...errorReply('auth_required', detail), headers: ['www-authenticate', challenge] };
  }
  counters.countAuth('basic', 'allowed');
  request.user = user;
  // A field of the head is a character a byte.
  const header = auth.userHeader === undefined ? [] : [auth.userHeader, Buffer.from(user, 'utf8').toString('latin1')];
  if (header.length > 0 || !auth.forwardAuthorization)
    request.editRequest({ remove: auth.forwardAuthorization ? [] : ['authorization'], set: header, add: [] });
  return undefined;
}

function unavailable(request: FilterRequest, detail: string): Verdict {
  request.context.counters.countAuth('basic', 'unavailable');
  return errorReply('auth_unavailable', detail);
}

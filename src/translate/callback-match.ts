import { prefixElements } from '../routes/compare-routes.ts';
import { LinearRegex } from '../routes/linear-regex.ts';
import type { PathMatch, RouteMatch } from '../routes/route.ts';
import type { AuthSettings } from './auth-settings.ts';
import type { ReadSmartRouteRule } from './smart-route-reading.ts';

type Oidc = AuthSettings & { readonly kind: 'oidc' };

/** Whether a rule of the object gets who comes back from the provider, and knows what to do with him: it asks for the same login. */
export function isCallbackMatched(login: Oidc, rules: readonly ReadSmartRouteRule[]): boolean {
  return rules.some(({ settings: { auth }, matches }) => {
    return auth?.kind === 'oidc' && isSameLogin(auth, login) && matches.some(({ match }) => takes(match, login.callbackPath));
  });
}

/** What a rule keeps in cookies of who logs in, the other can read. */
function isSameLogin(a: Oidc, b: Oidc): boolean {
  return a.issuer === b.issuer && a.clientId === b.clientId && a.callbackPath === b.callbackPath && a.cookieName === b.cookieName;
}

/** A browser that comes back sends a GET, of which nothing else is known. */
function takes({ path, methods, headers, query }: RouteMatch, callback: string): boolean {
  return headers.length + query.length === 0 && (methods.length === 0 || methods.includes('GET')) && fits(path, callback);
}

function fits({ kind, value }: PathMatch, callback: string): boolean {
  switch (kind) {
    case 'exact':
      return callback === value;
    case 'prefix': {
      const elements = prefixElements(value);
      return callback === elements || callback.startsWith(`${elements}/`);
    }
    case 'regex': {
      const pattern = LinearRegex.compile(value);
      return typeof pattern !== 'string' && pattern.matches(callback) !== false;
    }
    case 'unusable-regex':
      return true;
  }
}

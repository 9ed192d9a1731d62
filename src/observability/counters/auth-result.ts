/** Ways in which a route asks who a request is from: the `kind` label of `networkproxy_auth_total`. */
export const authKinds = ['basic', 'external', 'jwt', 'oidc'] as const;
export type AuthKind = (typeof authKinds)[number];

/** What came of it: the `result` label. The order is the layout of the counters, so it is part of the worker protocol. */
export const authResultMeanings = {
  allowed: 'the request went on',
  refused: 'it was answered 401, 403 or with a redirect',
  unavailable: 'nobody could say, so it was answered 503',
  failed_open: 'nobody could say, and the route lets such requests go on',
  not_asked: 'its address let the request go on, which is enough for the route',
} as const;
export type AuthResult = keyof typeof authResultMeanings;
export const authResults = Object.keys(authResultMeanings) as readonly AuthResult[];

/** Index of (kind, result) in a flat counter array. */
export function authIndex(kind: AuthKind, result: AuthResult): number {
  return authKinds.indexOf(kind) * authResults.length + authResults.indexOf(result);
}

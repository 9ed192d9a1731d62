import type { OidcAuth } from '../../../routes/auth-policy.ts';
import type { Claims } from '../claims.ts';

/** Who has logged in. It travels in a cookie, so it holds what is needed and no more. Times in seconds since 1970. */
export interface Session {
  readonly subject: string;
  /** Of the ID token, without those that are about the token itself. */
  readonly claims: Claims;
  readonly endsAt: number;
  /** From then on it has to be refreshed first; undefined: never. */
  readonly refreshAt?: number | undefined;
  readonly refreshToken?: string | undefined;
  readonly accessToken?: string | undefined;
}

/** What a provider gave for a code or a refresh token. */
export interface Tokens {
  readonly claims: Claims;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Of the access token; undefined: unknown. */
  readonly expiresInSeconds: number | undefined;
}

/** So much before its end an access token is refreshed. */
const earlySeconds = 15;

/** @param before of which this one goes on; undefined: somebody has just logged in */
export function makeSession(tokens: Tokens, auth: OidcAuth, nowSeconds: number, before?: Session): Session {
  const { claims, accessToken, refreshToken = before?.refreshToken, expiresInSeconds } = tokens;
  // A refresh need not bring an ID token again.
  const kept = Object.keys(claims).length === 0 && before !== undefined ? before.claims : withoutProtocol(claims);
  const tokenEnd = expiresInSeconds === undefined ? undefined : nowSeconds + Math.max(1, expiresInSeconds - earlySeconds);
  const endsAt = before?.endsAt ?? nowSeconds + auth.sessionSeconds;
  return {
    subject: typeof claims.sub === 'string' ? claims.sub : (before?.subject ?? ''),
    claims: kept,
    // An access token that can't be renewed ends the session of a backend that wants it.
    endsAt: auth.forwardAccessToken && refreshToken === undefined && tokenEnd !== undefined ? Math.min(endsAt, tokenEnd) : endsAt,
    ...(refreshToken !== undefined && { refreshToken, refreshAt: tokenEnd ?? nowSeconds + defaultRefreshSeconds }),
    ...(auth.forwardAccessToken && { accessToken }),
  };
}

/** When the provider does not say how long its tokens are good. */
const defaultRefreshSeconds = 300;

/** The session in a text that was sealed by us. */
export function readSession(text: string): Session | undefined {
  try {
    return JSON.parse(text) as Session;
  } catch {
    return undefined;
  }
}

/** Every rule of a client may ask for other claims, so all of them are kept but for the protocol's. */
function withoutProtocol(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !ofProtocol.has(name)));
}

const ofProtocol: ReadonlySet<string> = new Set([
  ...['iss', 'aud', 'azp', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'at_hash', 'c_hash', 's_hash', 'sid', 'auth_time'],
]);

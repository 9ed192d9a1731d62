import type { AnnotationValues } from '../api/annotations.ts';
import type {
  SmartRouteAuth,
  SmartRouteCache,
  SmartRouteExternal,
  SmartRouteFrom,
  SmartRouteJwt,
  SmartRouteOidc,
} from '../api/generated/smart-route.ts';
import type { AnswerCache, BasicAuth, ExternalAuth, JwtAuth, OidcAuth } from '../routes/auth-policy.ts';
import { hashSourceOf } from './hash-source.ts';

/**
 * Who may ask, by who they are. Secrets by name, in the namespace of the object; names of headers in lower case. `installation`: as the
 * `defaults` of the installation say, which are read once for all that inherit them.
 */
export type AuthSettings = { readonly kind: 'none' | 'installation' } | BasicSettings | ExternalSettings | JwtSettings | OidcSettings;

export interface BasicSettings extends Pick<BasicAuth, 'kind' | 'userHeader' | 'forwardAuthorization'> {
  readonly secret: string;
  /** `file`: its `auth` is one of htpasswd; `map`: every entry is a user. */
  readonly secretType: 'file' | 'map';
  readonly realm: string | undefined;
}

export interface ExternalSettings extends Omit<ExternalAuth, 'service' | 'authority' | 'target'> {
  readonly from: AuthUrl | AuthBackend;
}

export interface JwtSettings extends Omit<JwtAuth, 'keys'> {
  readonly keys: AuthUrl | { readonly secret: string };
}

export interface OidcSettings extends Omit<OidcAuth, 'secrets'> {
  /** With the key of cookies, and perhaps a secret of the client. */
  readonly secret: string;
}

/** A server by its URL. */
export interface AuthUrl {
  readonly url: string;
  /** Secret with the `ca.crt` that verifies it. */
  readonly ca: string | undefined;
}

/** A Service as a SmartRoute refers to one. */
export interface AuthBackend {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly port: number | string;
  readonly path: string;
}

const defaultTimeoutMs = 5000;
/** As ingress-nginx. */
const defaultCacheDurations: AnswerCache['durations'] = [{ statuses: [200, 202, 401], ms: 300_000 }];
const defaultClientHeaders = ['www-authenticate', 'location', 'content-type', 'retry-after', 'cache-control'];

const defaultAlgorithms = ['RS256', 'ES256', 'EdDSA'];
const defaultLeewaySeconds = 30;
const defaultSessionMs = 12 * 3_600_000;
const bearer = { kind: 'header', name: 'authorization' } as const;

/** What `auth` of a policy says. @param durationMs reads a time that the schema has let through */
export function authOfPolicy({ basic, external, jwt, oidc }: SmartRouteAuth, durationMs: ReadDuration): AuthSettings {
  if (basic !== undefined) {
    const { secretRef, secretType, realm, userHeader, forwardAuthorization = false } = basic;
    const type = secretType === 'AuthMap' ? 'map' : 'file';
    return { kind: 'basic', secret: secretRef.name, secretType: type, realm, userHeader: userHeader?.toLowerCase(), forwardAuthorization };
  }
  if (external !== undefined) return externalOf(external, durationMs);
  if (jwt !== undefined) return jwtOf(jwt, durationMs);
  return oidc === undefined ? { kind: 'none' } : oidcOf(oidc, durationMs);
}

type ReadDuration = (text: string) => number | undefined;

function externalOf(external: SmartRouteExternal, durationMs: ReadDuration): ExternalSettings {
  const { url, backend, path = '/', caRef, method = 'GET', timeout, requestHeaders, responseHeaders = [], clientHeaders } = external;
  return {
    kind: 'external',
    from:
      backend === undefined
        ? { url: url ?? '', ca: caRef?.name }
        : { name: backend.name, namespace: backend.namespace, port: backend.port.name ?? backend.port.number ?? 0, path },
    method,
    timeoutMs: (timeout === undefined ? undefined : durationMs(timeout)) ?? defaultTimeoutMs,
    requestHeaders: requestHeaders && lowerCase(requestHeaders),
    responseHeaders: lowerCase(responseHeaders),
    clientHeaders: clientHeaders === undefined ? defaultClientHeaders : lowerCase(clientHeaders),
    signIn: external.signIn,
    failOpen: external.failOpen ?? false,
    ...(external.cache && { cache: cacheOf(external.cache, durationMs) }),
  };
}

function cacheOf({ key, durations }: SmartRouteCache, durationMs: ReadDuration): AnswerCache {
  return {
    by: key.map(hashSourceOf),
    durations:
      durations?.map(({ statuses, duration }) => ({ statuses, ms: durationMs(duration) ?? 0 })).filter(({ ms }) => ms > 0) ??
      defaultCacheDurations,
  };
}

function jwtOf({ jwks, leeway, from, ...jwt }: SmartRouteJwt, durationMs: ReadDuration): JwtSettings {
  const leewayMs = leeway === undefined ? undefined : durationMs(leeway);
  return {
    kind: 'jwt',
    issuer: jwt.issuer,
    audiences: jwt.audiences ?? [],
    keys: jwks.secretRef === undefined ? { url: jwks.url ?? '', ca: jwks.caRef?.name } : { secret: jwks.secretRef.name },
    algorithms: jwt.algorithms ?? defaultAlgorithms,
    leewaySeconds: leewayMs === undefined ? defaultLeewaySeconds : leewayMs / 1000,
    from: from === undefined ? bearer : placeOf(from),
    forwardToken: jwt.forwardToken ?? false,
    ...claimsOf(jwt),
  };
}

function oidcOf({ secretRef, caRef, scopes, session, ...oidc }: SmartRouteOidc, durationMs: ReadDuration): OidcSettings {
  const sessionMs = session === undefined ? undefined : durationMs(session);
  return {
    kind: 'oidc',
    issuer: oidc.issuer,
    ca: caRef?.name,
    clientId: oidc.clientId,
    secret: secretRef.name,
    scopes: [...new Set(['openid', ...(scopes ?? ['profile', 'email'])])],
    callbackPath: oidc.callbackPath ?? '/oauth2/callback',
    logoutPath: oidc.logoutPath ?? '/oauth2/logout',
    afterLogout: oidc.afterLogout ?? '/',
    cookieName: oidc.cookieName ?? 'smartproxy-session',
    sessionSeconds: Math.ceil((sessionMs ?? defaultSessionMs) / 1000),
    forwardAccessToken: oidc.forwardAccessToken ?? false,
    ...claimsOf(oidc),
  };
}

function claimsOf({ claimHeaders = [], requiredClaims = [] }: Pick<SmartRouteJwt, 'claimHeaders' | 'requiredClaims'>) {
  return { claimHeaders: claimHeaders.map(({ claim, header }) => ({ claim, header: header.toLowerCase() })), requiredClaims };
}

function placeOf({ header, cookie, query }: SmartRouteFrom): JwtAuth['from'] {
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
  return cookie === undefined ? { kind: 'query', name: query ?? '' } : { kind: 'cookie', name: cookie };
}

/** What annotations say; those that contradict each other are the resolver's to refuse. */
export function authOfAnnotations(values: AnnotationValues): AuthSettings | undefined {
  const { authSecret, authSecretType = 'file', authRealm, authUrl, authMethod = 'GET', authResponseHeaders = [], authSignin } = values;
  const { authCacheKey, authCacheDuration = defaultCacheDurations } = values;
  if (authSecret !== undefined)
    return {
      kind: 'basic',
      secret: authSecret,
      secretType: authSecretType,
      realm: authRealm,
      userHeader: undefined,
      forwardAuthorization: false,
    };
  if (authUrl === undefined) return values.enableGlobalAuth === false ? { kind: 'none' } : undefined;
  return {
    kind: 'external',
    from: { url: authUrl, ca: undefined },
    method: authMethod,
    timeoutMs: defaultTimeoutMs,
    requestHeaders: undefined,
    responseHeaders: authResponseHeaders,
    clientHeaders: defaultClientHeaders,
    signIn: authSignin,
    failOpen: false,
    ...(authCacheKey && { cache: { by: authCacheKey, durations: authCacheDuration } }),
  };
}

function lowerCase(names: readonly string[]): readonly string[] {
  return names.map((name) => name.toLowerCase());
}

import type { HashSource } from './route.ts';

/** How requests have to say who they are from. */
export type AuthPolicy = BasicAuth | ExternalAuth | JwtAuth | OidcAuth;

/** User name and password (RFC 7617). */
export interface BasicAuth {
  readonly kind: 'basic';
  /** Key into `secrets`, of an htpasswd file. */
  readonly users: string;
  readonly realm: string;
  /** Request header that tells the backend the name, in lower case. */
  readonly userHeader: string | undefined;
  /** The backend gets `Authorization` as the client sent it. */
  readonly forwardAuthorization: boolean;
}

/** Login at an OpenID provider: authorization code with PKCE. The session is in an encrypted cookie. */
export interface OidcAuth extends Pick<JwtAuth, 'claimHeaders' | 'requiredClaims'> {
  readonly kind: 'oidc';
  /** Its URL, below which its configuration is. */
  readonly issuer: string;
  /** PEM; undefined: the public CAs. */
  readonly ca: string | undefined;
  readonly clientId: string;
  /** Key into `secrets`: JSON with `cookieKey` and perhaps `clientSecret`. */
  readonly secrets: string;
  readonly scopes: readonly string[];
  readonly callbackPath: string;
  readonly logoutPath: string;
  /** Where a browser is sent that has logged out: a path, or a URL. */
  readonly afterLogout: string;
  readonly cookieName: string;
  readonly sessionSeconds: number;
  /** The backend gets the access token in `Authorization`. */
  readonly forwardAccessToken: boolean;
}

/** A document on a server of the table. */
export interface ServedDocument {
  /** Key into `services`. */
  readonly service: string;
  /** The `Host` that it is asked with. */
  readonly authority: string;
  /** Path, perhaps with a query. */
  readonly target: string;
}

/** A signed token (RFC 7519). */
export interface JwtAuth {
  readonly kind: 'jwt';
  readonly issuer: string;
  /** One of these; empty: tokens for anybody. */
  readonly audiences: readonly string[];
  /** A JSON Web Key Set: on a server, or by its key in `secrets`. */
  readonly keys: ServedDocument | { readonly secret: string };
  /** Of RFC 7518 and RFC 8037, none of them symmetric. */
  readonly algorithms: readonly string[];
  readonly leewaySeconds: number;
  /** A header's name is in lower case. */
  readonly from: { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string };
  readonly forwardToken: boolean;
  /** What the backend gets of the token, in place of what the client sent. */
  readonly claimHeaders: readonly { readonly claim: string; readonly header: string }[];
  /** All of these, each with one of its values. */
  readonly requiredClaims: readonly { readonly claim: string; readonly values: readonly string[] }[];
}

/** Another server decides: a 2xx lets the request on. Names of headers in lower case. */
export interface ExternalAuth extends ServedDocument {
  readonly kind: 'external';
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly timeoutMs: number;
  /** What it gets of the request; undefined: all. */
  readonly requestHeaders: readonly string[] | undefined;
  /** What the backend gets of its 2xx, in place of what the client sent. */
  readonly responseHeaders: readonly string[];
  /** What the client gets of its refusal. */
  readonly clientHeaders: readonly string[];
  /** Where browsers are sent in place of a 401: a URL in which `$host` and the like stand for parts of the request's. */
  readonly signIn: string | undefined;
  /** A server that does not answer, or with a 5xx, lets requests on. */
  readonly failOpen: boolean;
  /** undefined: it is asked about every request. */
  readonly cache?: AnswerCache | undefined;
}

/** Which answers are kept, and by what. */
export interface AnswerCache {
  /** Requests that are equal in all of these, and in their host, are one; at least one. */
  readonly by: readonly HashSource[];
  /** The first that names a status counts; others are not kept. */
  readonly durations: readonly { readonly statuses: readonly number[]; readonly ms: number }[];
}

import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientSecretBasic,
  type Configuration,
  type CustomFetchOptions,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  None,
  ResponseBodyError,
  refreshTokenGrant,
} from 'openid-client';
import type { OidcAuth } from '../../../routes/auth-policy.ts';
import type { ProxyContext } from '../../proxy-context.ts';
import type { LoginAttempt } from './login-attempt.ts';
import { ProviderRefusal } from './provider-refusal.ts';
import type { Tokens } from './session.ts';

/** Its configuration is read again after this; the one that is there serves while that fails. */
const configurationMs = 3_600_000;
/** A failed try makes another one no sooner. */
const pauseMs = 5000;
/** How long one answer may take. */
const timeoutMs = 5000;

/** One client at one OpenID provider. `openid-client` knows the protocol; what it asks goes over the proxy's own pools. */
export class Provider {
  readonly #context: ProxyContext;
  readonly #auth: OidcAuth;
  readonly #clientSecret: string | undefined;
  #configuration: Configuration | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<Configuration> | undefined;

  constructor(context: ProxyContext, auth: OidcAuth, clientSecret: string | undefined) {
    this.#context = context;
    this.#auth = auth;
    this.#clientSecret = clientSecret;
  }

  /** Where a browser is sent to log in. */
  async loginUrl({ state, nonce, verifier }: LoginAttempt, redirectUri: string): Promise<string> {
    const challenge = await calculatePKCECodeChallenge(verifier);
    return buildAuthorizationUrl(await this.#config(), {
      ...{ redirect_uri: redirectUri, scope: this.#auth.scopes.join(' '), state, nonce },
      ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    }).href;
  }

  /** What the code is good for that a browser came back with. @param url that it came back to */
  async exchange(url: URL, { state, nonce, verifier }: LoginAttempt): Promise<Tokens> {
    const config = await this.#config();
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    return tokensOf(await refusing(authorizationCodeGrant(config, url, checks)));
  }

  async refresh(refreshToken: string): Promise<Tokens> {
    return tokensOf(await refusing(refreshTokenGrant(await this.#config(), refreshToken)));
  }

  /** Where a browser is sent to log out there too; undefined: the provider has no such place. */
  async logoutUrl(afterwards: string): Promise<string | undefined> {
    const config = await this.#config();
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
    return buildEndSessionUrl(config, { post_logout_redirect_uri: afterwards, client_id: this.#auth.clientId }).href;
  }

  async #config(): Promise<Configuration> {
    const nowMs = performance.now();
    const known = this.#configuration;
    if (known !== undefined && nowMs - this.#readAtMs < configurationMs) return known;
    if (this.#reading === undefined && nowMs - this.#triedAtMs < pauseMs) {
      if (known !== undefined) return known;
      throw new Error('Cannot ask the provider: it did not answer just now');
    }
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return known === undefined ? await this.#reading : await this.#reading.catch(() => known);
  }

  async #read(): Promise<Configuration> {
    this.#triedAtMs = performance.now();
    const { issuer, clientId } = this.#auth;
    const isPlain = issuer.startsWith('http:');
    const authentication = this.#clientSecret === undefined ? None() : ClientSecretBasic(this.#clientSecret);
    const config = await discovery(new URL(issuer), clientId, undefined, authentication, {
      [customFetch]: this.#fetch,
      execute: isPlain ? [allowInsecureRequests] : [],
    });
    this.#configuration = config;
    this.#readAtMs = performance.now();
    return config;
  }

  /** In the place of `fetch`: see docs/adr/006-who-may-ask.md. */
  readonly #fetch = async (url: string, { method, headers, body, signal }: CustomFetchOptions): Promise<Response> => {
    const answer = await this.#context.auth.urlServers.ask(
      this.#context,
      {
        ...{ method, url, ca: this.#auth.ca },
        headers: Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value]),
        body: body === undefined || body === null ? undefined : Buffer.from(String(body)),
      },
      signal ?? AbortSignal.timeout(timeoutMs),
    );
    if (answer.body === undefined) throw new Error('Cannot read the answer of the provider: it is too large');
    const fields = new Headers();
    for (let i = 0; i < answer.headers.length; i += 2) fields.append(answer.headers[i] as string, answer.headers[i + 1] as string);
    return new Response(Buffer.from(answer.body, 'latin1'), { status: answer.status, headers: fields });
  };
}

interface GrantAnswer {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  claims(): object | undefined;
  expiresIn(): number | undefined;
}

function tokensOf(answer: GrantAnswer): Tokens {
  return {
    claims: { ...answer.claims() },
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expiresInSeconds: answer.expiresIn(),
  };
}

/** Tells a provider that says no from one that says nothing. */
async function refusing<T>(grant: Promise<T>): Promise<T> {
  try {
    return await grant;
  } catch (error) {
    if (error instanceof AuthorizationResponseError || (error instanceof ResponseBodyError && error.status < 500))
      throw new ProviderRefusal(`Cannot log in: ${error.error}`, { cause: error });
    throw error;
  }
}

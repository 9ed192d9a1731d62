import type { OidcAuth } from '../../../routes/auth-policy.ts';
import type { SecretEntry } from '../../../routes/route-table.ts';
import type { ProxyContext } from '../../proxy-context.ts';
import type { Provider } from './provider.ts';
import { SealedText } from './sealed-text.ts';
import type { Tokens } from './session.ts';

/** So long a refresh is remembered: requests that come together bring the same token, and many providers take each once. */
const refreshKeptMs = 30_000;
const maxRefreshes = 1000;

/** What a route's login keeps between requests. */
export class OidcRuntime {
  readonly sessions: SealedText;
  readonly attempts: SealedText;
  readonly #auth: OidcAuth;
  readonly #clientSecret: string | undefined;
  readonly #refreshes = new Map<string, { readonly atMs: number; readonly tokens: Promise<Tokens> }>();
  #provider: Promise<Provider> | undefined;

  constructor(auth: OidcAuth, entry: SecretEntry) {
    const { cookieKey, clientSecret } = JSON.parse(entry.value.reveal()) as { readonly cookieKey: string; readonly clientSecret?: string };
    this.#auth = auth;
    this.#clientSecret = clientSecret;
    const client = `${auth.issuer} ${auth.clientId}`;
    this.sessions = new SealedText(cookieKey, `smartproxy oidc session ${client}`);
    this.attempts = new SealedText(cookieKey, `smartproxy oidc login ${client}`);
  }

  /** Loaded by whoever needs it: a session that is good needs no provider. */
  provider(context: ProxyContext): Promise<Provider> {
    this.#provider ??= import('./provider.ts').then(({ Provider }) => new Provider(context, this.#auth, this.#clientSecret));
    return this.#provider;
  }

  /** The tokens for a refresh token, asked for once by whoever brings it. */
  async refresh(context: ProxyContext, refreshToken: string): Promise<Tokens> {
    const nowMs = performance.now();
    for (const [token, { atMs }] of this.#refreshes) {
      if (nowMs - atMs < refreshKeptMs && this.#refreshes.size <= maxRefreshes) break;
      this.#refreshes.delete(token);
    }
    let known = this.#refreshes.get(refreshToken);
    if (known === undefined) {
      const tokens = this.provider(context).then((provider) => provider.refresh(refreshToken));
      this.#refreshes.set(refreshToken, (known = { atMs: nowMs, tokens }));
      // A provider that was away is asked again.
      tokens.catch(() => this.#refreshes.delete(refreshToken));
    }
    return await known.tokens;
  }
}

const runtimes = new WeakMap<OidcAuth, { readonly entry: SecretEntry; readonly runtime: OidcRuntime }>();

/** The runtime of a policy with its secrets; another one when either changes. */
export function oidcRuntimeOf(auth: OidcAuth, entry: SecretEntry): OidcRuntime {
  const known = runtimes.get(auth);
  if (known?.entry === entry) return known.runtime;
  const runtime = new OidcRuntime(auth, entry);
  runtimes.set(auth, { entry, runtime });
  return runtime;
}

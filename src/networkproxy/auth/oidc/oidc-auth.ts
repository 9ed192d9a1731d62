import { messageOf } from '../../../errors.ts';
import type { OidcAuth } from '../../../routes/auth-policy.ts';
import type { FilterRequest } from '../../filters/filter-request.ts';
import { Later, type Verdict } from '../../filters/later.ts';
import { schemeOf } from '../../forwarded-scheme.ts';
import type { RequestHead } from '../../http1/message-handler.ts';
import { lastFieldValue } from '../../http1/request-lines.ts';
import { errorReply, type LocalReply } from '../../local-reply.ts';
import { claimFields, missingClaim } from '../claims.ts';
import { CookieJar } from './cookie-jar.ts';
import { attemptPrefix, attemptSeconds, attemptSuffix, beginAttempt, type LoginAttempt } from './login-attempt.ts';
import { type OidcRuntime, oidcRuntimeOf } from './oidc-runtime.ts';
import { ProviderRefusal } from './provider-refusal.ts';
import { makeSession, readSession, type Session } from './session.ts';

/** How long a request may wait for the provider. */
const timeoutMs = 10_000;
/** What a session may take of the largest header of a request: a browser that sends more than that is refused, whatever it asks for. */
const sessionShare = 1 / 2;
/** The same of all logins under way. */
const attemptsShare = 1 / 4;
/** As many logins as one browser may have under way: one a tab. */
const maxAttempts = 8;

/** Lets in who has a session, and sends browsers without one to the provider. */
export function checkOidcAuth(request: FilterRequest, auth: OidcAuth): Verdict | Later {
  const entry = request.table.table.secrets.get(auth.secrets);
  if (entry === undefined) return unavailable(request, 'the key of cookies is missing');
  return new OidcCheck(request, auth, oidcRuntimeOf(auth, entry)).check();
}

class OidcCheck {
  readonly #request: FilterRequest;
  readonly #auth: OidcAuth;
  readonly #runtime: OidcRuntime;
  readonly #head: RequestHead;
  readonly #jar: CookieJar;
  /** That a session may take. */
  readonly #maxSessionBytes: number;
  /** That all logins under way may take. */
  readonly #maxAttemptsBytes: number;
  readonly #origin: string;
  readonly #now = Math.floor(Date.now() / 1000);

  constructor(request: FilterRequest, auth: OidcAuth, runtime: OidcRuntime) {
    const { head, facts, context } = request;
    const scheme = schemeOf(head, facts, context);
    this.#request = request;
    this.#auth = auth;
    this.#runtime = runtime;
    this.#head = head;
    const { maxHeaderBytes } = context.config;
    this.#maxSessionBytes = Math.floor(maxHeaderBytes * sessionShare);
    this.#maxAttemptsBytes = Math.floor(maxHeaderBytes * attemptsShare);
    this.#jar = new CookieJar(auth.cookieName, scheme === 'https');
    this.#origin = `${scheme}://${head.authority}`;
  }

  check(): Verdict | Later {
    const { path } = this.#head;
    if (path === this.#auth.callbackPath) return this.#later(() => this.#comeBack());
    if (path === this.#auth.logoutPath) return this.#later(() => this.#logOut());
    const session = this.#session();
    if (session === undefined) return this.#login();
    const { refreshToken, refreshAt = Number.POSITIVE_INFINITY } = session;
    if (refreshToken === undefined || this.#now < refreshAt) return this.#admit(session);
    return this.#later(() => this.#refresh(session, refreshToken));
  }

  #session(): Session | undefined {
    const sealed = this.#jar.read(this.#head.headers);
    const text = sealed === undefined ? undefined : this.#runtime.sessions.open(sealed);
    const session = text === undefined ? undefined : readSession(text);
    return session !== undefined && this.#now < session.endsAt ? session : undefined;
  }

  /** A page that a browser wants to show can wait for a login; anything else would not get what it asked for. */
  #login(): Verdict | Later {
    return isNavigation(this.#head) ? this.#later(() => this.#sendToLogin()) : this.#withoutSession();
  }

  #withoutSession(): LocalReply {
    return this.#refuse(errorReply('auth_required', 'no session'));
  }

  async #sendToLogin(): Promise<Verdict> {
    const provider = await this.#runtime.provider(this.#request.context);
    const attempt = beginAttempt(this.#head.target, this.#now);
    const url = await provider.loginUrl(attempt, this.#origin + this.#auth.callbackPath);
    const sealed = this.#runtime.attempts.seal(JSON.stringify(attempt));
    const suffix = attemptSuffix(attempt.state);
    const cookie = this.#jar.write(sealed, attemptSeconds, this.#maxAttemptsBytes, suffix);
    // A target of many kilobytes: it is not worth the room of what else a request brings.
    if (cookie === undefined) return this.#refuse(errorReply('uri_too_long', 'to be remembered during a login'));
    // Those that came to nothing would fill the head of every request for ten minutes.
    const others = this.#jar.sent(this.#head.headers, attemptPrefix);
    const bytes = this.#jar.bytesSent(this.#head.headers, attemptPrefix) + this.#jar.bytesOf(sealed, suffix);
    const haveRoom = others.length < maxAttempts && bytes <= this.#maxAttemptsBytes;
    return this.#refuse(redirect(url, [...(haveRoom ? [] : this.#jar.remove(others)), ...cookie]));
  }

  /** The browser is back from the provider. */
  async #comeBack(): Promise<Verdict> {
    const { headers, target } = this.#head;
    const url = new URL(target, this.#origin);
    const state = url.searchParams.get('state') ?? '';
    const suffix = attemptSuffix(state);
    const attempt = this.#attempt(suffix);
    if (attempt === undefined || attempt.state !== state || this.#now >= attempt.endsAt) return this.#refuse(expired);
    const provider = await this.#runtime.provider(this.#request.context);
    const session = makeSession(await provider.exchange(url, attempt), this.#auth, this.#now);
    const missing = missingClaim(session.claims, this.#auth.requiredClaims);
    this.#request.user = session.subject;
    if (missing !== undefined) return this.#refuse(errorReply('auth_refused', `claim ${missing}`));
    const cookie = this.#seal(session);
    if (typeof cookie === 'number') return this.#tooLarge(cookie);
    return redirect(this.#origin + attempt.target, [...cookie, ...this.#jar.remove(this.#jar.sent(headers, suffix))]);
  }

  #attempt(suffix: string): LoginAttempt | undefined {
    const sealed = this.#jar.read(this.#head.headers, suffix);
    const text = sealed === undefined ? undefined : this.#runtime.attempts.open(sealed);
    return text === undefined ? undefined : (JSON.parse(text) as LoginAttempt);
  }

  async #logOut(): Promise<Verdict> {
    const afterwards = this.#auth.afterLogout.startsWith('/') ? this.#origin + this.#auth.afterLogout : this.#auth.afterLogout;
    const provider = await this.#runtime.provider(this.#request.context);
    // Whatever the provider can do: here the session ends.
    const url = await provider.logoutUrl(afterwards).catch(() => undefined);
    return redirect(url ?? afterwards, this.#jar.remove(this.#jar.sent(this.#head.headers, '')));
  }

  async #refresh(session: Session, refreshToken: string): Promise<Verdict> {
    let refreshed: Session;
    try {
      const tokens = await this.#runtime.refresh(this.#request.context, refreshToken);
      refreshed = makeSession(tokens, this.#auth, this.#now, session);
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error;
      // The provider has ended it.
      return isNavigation(this.#head) ? await this.#sendToLogin() : this.#withoutSession();
    }
    const cookie = this.#seal(refreshed);
    if (typeof cookie === 'number') return this.#tooLarge(cookie);
    this.#request.addToAnswer(cookie);
    return this.#admit(refreshed);
  }

  /** Fields of an answer; the bytes that it takes when those are too many. */
  #seal(session: Session): readonly string[] | number {
    const sealed = this.#runtime.sessions.seal(JSON.stringify(session));
    return this.#jar.write(sealed, session.endsAt - this.#now, this.#maxSessionBytes) ?? this.#jar.bytesOf(sealed);
  }

  /** With such a session every request would be refused for its header, that of the logout too. */
  #tooLarge(bytes: number): LocalReply {
    const tokens = this.#auth.forwardAccessToken ? ', or leave out forwardAccessToken' : '';
    const detail = `the session takes ${bytes} bytes of cookies, and may take ${this.#maxSessionBytes}: have the provider give fewer claims (all of the ID token are kept, not only those of claimHeaders)${tokens}, or raise --max-header-size`;
    return { ...unavailable(this.#request, detail), body: tooLargeBody };
  }

  #admit({ subject, claims, accessToken }: Session): Verdict {
    const request = this.#request;
    const { claimHeaders, requiredClaims } = this.#auth;
    request.user = subject;
    const missing = missingClaim(claims, requiredClaims);
    if (missing !== undefined) return this.#refuse(errorReply('auth_refused', `claim ${missing}`));
    request.context.counters.countAuth('oidc', 'allowed');
    const told = [...claimFields(claims, claimHeaders), ...(accessToken === undefined ? [] : ['authorization', `Bearer ${accessToken}`])];
    const removed = [...claimHeaders.map(({ header }) => header), ...(accessToken === undefined ? [] : ['authorization'])];
    if (removed.length > 0) request.editRequest({ remove: removed, set: [], add: told });
    return undefined;
  }

  #refuse(reply: LocalReply): LocalReply {
    this.#request.context.counters.countAuth('oidc', 'refused');
    return reply;
  }

  #later(decide: () => Promise<Verdict>): Later {
    return new Later({
      timeoutMs,
      decide: async () => {
        try {
          return await decide();
        } catch (error) {
          if (!(error instanceof ProviderRefusal)) throw error;
          return this.#refuse(errorReply('auth_refused', error.message));
        }
      },
      otherwise: (why) => unavailable(this.#request, why.kind === 'late' ? 'no answer of the provider in time' : messageOf(why.error)),
    });
  }
}

const expired: LocalReply = {
  ...errorReply('auth_refused', 'no such login', 400),
  body: '400 This login has expired, or was begun elsewhere; go back and try again\n',
};

const tooLargeBody = '503 This login brings more about you than fits into cookies; whoever runs this site finds in its log what to do\n';

function redirect(location: string, cookies: readonly string[]): LocalReply {
  const reply = errorReply('auth_login');
  return { ...reply, headers: ['location', location, 'cache-control', 'no-store', ...cookies] };
}

function unavailable(request: FilterRequest, detail: string): LocalReply {
  request.context.counters.countAuth('oidc', 'unavailable');
  return errorReply('auth_unavailable', detail);
}

/** Browsers of today say what a request is for; others by what they accept. */
function isNavigation({ method, headers }: RequestHead): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const mode = lastFieldValue(headers, 'sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate';
  return /text\/html|\*\/\*/.test(lastFieldValue(headers, 'accept') ?? '*/*');
}

import { randomBytes } from 'node:crypto';
import type { Balancers } from '../balancing/balancers.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import type { Route, SessionCookie } from '../routes/route.ts';
import { cookieValues } from './http1/cookie-values.ts';
import type { Target } from './route-runtime.ts';

/** Where a client's session is. */
export interface Session {
  readonly target: Target;
  readonly endpoint: EndpointRuntime;
}

/** The cookies that are looked at: a client is sent one of a name for each path, and who sends more does not pay more. */
const maxCookies = 8;

/**
 * Keeps clients with their endpoints by a cookie (RFC 6265) that names the endpoint to those who have it, or, in balance, is a random text by
 * whose hash an endpoint is chosen each time.
 */
export class StickySessions {
  readonly isBalanced: boolean;
  readonly #name: string;
  /** What follows the value, `Secure` excepted. */
  readonly #attributes: string;
  readonly #secure: boolean | undefined;

  private constructor({ mode, name, path, domain, maxAgeSeconds, secure, httpOnly, sameSite }: SessionCookie, routePath: string) {
    this.isBalanced = mode === 'balanced';
    this.#name = name;
    this.#secure = secure;
    this.#attributes = [
      `; Path=${path ?? routePath}`,
      domain === undefined ? '' : `; Domain=${domain}`,
      maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`,
      httpOnly ? '; HttpOnly' : '',
      sameSite === undefined ? '' : `; SameSite=${sameSite}`,
    ].join('');
  }

  /** undefined: the route keeps nobody. */
  static of({ action, match }: Route): StickySessions | undefined {
    if (action.kind !== 'forward' || action.sessionCookie === undefined) return undefined;
    const { kind, value } = match.path;
    return new StickySessions(action.sessionCookie, kind === 'regex' || value.includes(';') ? '/' : value);
  }

  /**
   * The session that a request belongs to; undefined: none, or its endpoint is gone, ejected, or of a backend without weight.
   * @param headers flat
   */
  find(headers: readonly string[], targets: readonly Target[], balancers: Balancers): Session | undefined {
    if (this.isBalanced) return undefined;
    const values = cookieValues(headers, this.#name);
    for (let i = 0; i < values.length && i < maxCookies; i++) {
      for (const target of targets) {
        if (target.service === undefined || target.weight === 0) continue;
        const endpoint = balancers.get(target.service)?.ofSession(values[i] as string);
        if (endpoint !== undefined) return { target, endpoint };
      }
    }
    return undefined;
  }

  /** What a session in balance that begins now is called. */
  begin(): string {
    return randomBytes(12).toString('base64url');
  }

  /** The headers of an answer with the cookie. @param isSecure the client came over HTTPS */
  mark(headers: readonly string[], session: string, isSecure: boolean): readonly string[] {
    const secure = (this.#secure ?? isSecure) ? '; Secure' : '';
    return [...headers, 'set-cookie', `${this.#name}=${session}${this.#attributes}${secure}`];
  }
}

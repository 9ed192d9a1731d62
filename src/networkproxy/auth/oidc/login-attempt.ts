import { randomBytes } from 'node:crypto';

/** One attempt to log in, kept in a cookie while the browser is at the provider. */
export interface LoginAttempt {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
  /** Path and query that the browser wanted. */
  readonly target: string;
  /** Seconds since 1970. */
  readonly endsAt: number;
}

/** How long somebody may take to log in. */
export const attemptSeconds = 600;

export function beginAttempt(target: string, nowSeconds: number): LoginAttempt {
  const [state, nonce, verifier] = [random(), random(), random()];
  return { state, nonce, verifier, target, endsAt: nowSeconds + attemptSeconds };
}

/** Begins what the names of cookies of attempts have beside that of the session. */
export const attemptPrefix = '-login-';

/** What the cookie's name has of the state, so that several tabs can log in at once. */
export function attemptSuffix(state: string): string {
  return `${attemptPrefix}${state.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 8)}`;
}

/** 256 bits. */
function random(): string {
  return randomBytes(32).toString('base64url');
}

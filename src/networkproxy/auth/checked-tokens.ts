import { hash } from 'node:crypto';
import type { JwtAuth } from '../../routes/auth-policy.ts';
import { BoundedEntries } from './bounded-entries.ts';
import type { Claims } from './claims.ts';

interface CheckedToken {
  readonly claims: Claims;
  readonly owner: Owner;
}

/** A policy with the keys that it has at the moment. */
interface Owner {
  readonly id: number;
  readonly keys: object;
}

/** How long a token is known at most, in milliseconds. */
const maxAgeMs = 60_000;

/**
 * Tokens that were valid, for a minute and never beyond their end: signatures cost more than the rest of a request. A policy that changes,
 * or whose keys do, begins anew. Bounded: those that were not used for longest make room. Tokens themselves are not kept.
 */
export class CheckedTokens {
  /** By the length of the token: its claims are about as large. */
  readonly #entries: BoundedEntries<CheckedToken>;
  readonly #owners = new WeakMap<JwtAuth, Owner>();
  #lastId = 0;

  constructor(maxEntries?: number, maxLength?: number) {
    this.#entries = new BoundedEntries(maxEntries, maxLength);
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The claims of a token that was valid for this policy by these keys.
   * @param keys the same object until they change
   * @param nowMs since 1970, as for `keep`
   */
  find(auth: JwtAuth, keys: object, token: string, nowMs: number): Claims | undefined {
    return this.#entries.find(keyOf(this.#ownerOf(auth, keys), token), nowMs)?.claims;
  }

  /** Keeps what a check by `keys` found to be valid, unless the policy has others by now. */
  keep(auth: JwtAuth, keys: object, token: string, claims: Claims, nowMs: number): void {
    const owner = this.#owners.get(auth);
    const { exp } = claims;
    if (owner?.keys !== keys || typeof exp !== 'number') return;
    const untilMs = Math.min(exp * 1000, nowMs + maxAgeMs);
    if (untilMs <= nowMs) return;
    this.#entries.keep(keyOf(owner, token), { claims, owner }, token.length, untilMs);
  }

  #ownerOf(auth: JwtAuth, keys: object): Owner {
    const known = this.#owners.get(auth);
    if (known?.keys === keys) return known;
    const owner = { id: ++this.#lastId, keys };
    this.#owners.set(auth, owner);
    if (known !== undefined) this.#entries.forget((checked) => checked.owner === known);
    return owner;
  }
}

function keyOf({ id }: Owner, token: string): string {
  return `${id} ${hash('sha256', token, 'base64')}`;
}

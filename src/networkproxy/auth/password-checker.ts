import { createHmac, randomBytes } from 'node:crypto';
import { isShaOf } from './password-hash.ts';
import { PasswordThread } from './password-thread.ts';

/** Passwords that were right, kept to be known again: as many users as one worker should ever see at once. */
const maxKnown = 10_000;

/**
 * Says whether a password fits a hash. What was right is remembered by a keyed hash of both, never the password, so that a user costs one
 * bcrypt and not one a request. What was wrong is asked again each time: remembering it would let a stranger push out who is known.
 */
export class PasswordChecker {
  readonly #key = randomBytes(32);
  /** In order of use, the oldest first. */
  readonly #known = new Set<string>();
  readonly #asked = new Map<string, Promise<boolean>>();
  readonly #thread = new PasswordThread();

  /** The answer, as far as it is cheap; undefined: `check` has it. */
  checkNow(password: string, hash: string): boolean | undefined {
    if (hash.startsWith('{SHA}')) return isShaOf(password, hash);
    const mark = this.#markOf(password, hash);
    if (!this.#known.delete(mark)) return undefined;
    this.#known.add(mark);
    return true;
  }

  /** Rejects when it can't be found out. */
  async check(password: string, hash: string): Promise<boolean> {
    const mark = this.#markOf(password, hash);
    let asked = this.#asked.get(mark);
    if (asked === undefined) {
      asked = this.#thread.check({ password, hash }).finally(() => this.#asked.delete(mark));
      this.#asked.set(mark, asked);
    }
    const matches = await asked;
    if (matches) this.#remember(mark);
    return matches;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #remember(mark: string): void {
    this.#known.add(mark);
    const [oldest] = this.#known;
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }

  #markOf(password: string, hash: string): string {
    return createHmac('sha256', this.#key).update(hash).update('\0').update(password).digest('base64');
  }
}

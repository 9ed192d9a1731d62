import type { JwtAuth, ServedDocument } from '../../routes/auth-policy.ts';
import type { Policy } from '../../routes/policy.ts';
import type { SecretEntry } from '../../routes/route-table.ts';
import { UrlServers } from '../own-request.ts';
import { CheckedTokens } from './checked-tokens.ts';
import { KeptAnswers } from './kept-answers.ts';
import { KnownUsers } from './known-users.ts';
import { PasswordChecker } from './password-checker.ts';
import type { ServedKeys } from './served-keys.ts';

/** What asking who requests are from keeps between requests: one for a worker. */
export class AuthState {
  readonly passwords = new PasswordChecker();
  readonly urlServers = new UrlServers();
  readonly answers = new KeptAnswers();
  readonly tokens = new CheckedTokens();
  /** Let go with the entries of the table that they were read from. */
  readonly #users = new WeakMap<SecretEntry, KnownUsers>();

  /** Keys from servers, by where they are. */
  readonly #keys = new Map<string, ServedKeys>();

  /** The keys by which tokens of a policy are checked now: the same object until they change. undefined: there are none yet. */
  keysNow(keys: JwtAuth['keys'], secrets: ReadonlyMap<string, SecretEntry>): object | undefined {
    return 'service' in keys ? this.#keys.get(placeOf(keys))?.current : secrets.get(keys.secret);
  }

  /** The keys that `document` holds. @param make how they are fetched, when nobody has asked for them before */
  servedKeys(document: ServedDocument, make: () => ServedKeys): ServedKeys {
    const place = placeOf(document);
    let keys = this.#keys.get(place);
    if (keys === undefined) this.#keys.set(place, (keys = make()));
    return keys;
  }

  /** Forgets what no policy names any more. */
  retain(policies: ReadonlyMap<string, Policy>): void {
    if (this.#keys.size === 0) return;
    const used = new Set<string>();
    for (const { auth } of policies.values()) if (auth?.kind === 'jwt' && 'service' in auth.keys) used.add(placeOf(auth.keys));
    for (const [place, keys] of this.#keys) {
      if (used.has(place)) continue;
      keys.close();
      this.#keys.delete(place);
    }
  }

  /** The users that a Secret has. */
  usersOf(entry: SecretEntry): KnownUsers {
    let users = this.#users.get(entry);
    if (users === undefined) this.#users.set(entry, (users = new KnownUsers(entry.value.reveal())));
    return users;
  }

  async close(): Promise<void> {
    for (const keys of this.#keys.values()) keys.close();
    await this.passwords.close();
  }
}

function placeOf({ service, authority, target }: ServedDocument): string {
  return `${service} ${authority} ${target}`;
}

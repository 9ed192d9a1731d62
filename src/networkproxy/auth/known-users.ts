import { randomBytes } from 'node:crypto';
import { hashText } from '../../balancing/stable-hash.ts';
import { readHtpasswd } from '../../routes/htpasswd.ts';

/** The users of one file of htpasswd. */
export class KnownUsers {
  readonly #hashes: ReadonlyMap<string, string>;
  /** Made for the first name that is not in the file. */
  #decoys: readonly string[] | undefined;

  /** @param text of the file; what can't be used of it is no user */
  constructor(text: string) {
    this.#hashes = readHtpasswd(text).hashes;
  }

  /** The hash of a user's password; undefined: there is no such user. */
  hashOf(user: string): string | undefined {
    return this.#hashes.get(user);
  }

  /**
   * The hash of no password, for a name that is not in the file: it costs as much to check as that of one of its users, so that the time of
   * a refusal does not tell who is in the file. A name has the same kind each time, in every worker, as a user has. undefined: there is
   * no user.
   */
  decoyOf(name: string): string | undefined {
    this.#decoys ??= decoysOf([...this.#hashes.values()]);
    return this.#decoys[hashText(name) % this.#decoys.length];
  }
}

/** For each hash one of the same cost. Those of the same cost share one. */
function decoysOf(hashes: readonly string[]): readonly string[] {
  const made = new Map<string, string>();
  return hashes.map((hash) => {
    const cost = /^(\$2[aby]\$\d\d\$|\$apr1\$|\{SHA\})/.exec(hash)?.[0] ?? '';
    let decoy = made.get(cost);
    if (decoy === undefined) made.set(cost, (decoy = cost + noise(cost)));
    return decoy;
  });
}

/** What follows in a hash of this kind, at random: that it is the hash of anything that somebody tries is as likely as to guess a key. */
function noise(cost: string): string {
  if (cost === '{SHA}') return randomBytes(20).toString('base64');
  const text = randomBytes(64).toString('base64').replaceAll('+', '.').replace(/=/g, '');
  return cost === '$apr1$' ? `${text.slice(0, 8)}$${text.slice(8, 30)}` : text.slice(0, 53);
}

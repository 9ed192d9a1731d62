import type { Secret } from '../api/objects.ts';
import { readHtpasswd } from '../routes/htpasswd.ts';
import { secretText } from './read-certificate.ts';
import { fieldsOf } from './unknown-input.ts';

/** Users with the hashes of their passwords, as a Secret has them. */
export interface UserList {
  readonly hashes: ReadonlyMap<string, string>;
  /** What can't be used: `where` begins a sentence ("line 3 of "auth" in"), `why` ends it. Nothing secret is in either. */
  readonly wrong: readonly { readonly where: string; readonly why: string }[];
}

/** Of a file of htpasswd. @param text a character a byte */
export function usersOfFile(text: string): UserList {
  const { hashes, wrong } = readHtpasswd(Buffer.from(text, 'latin1').toString('utf8'));
  return { hashes, wrong: wrong.map(({ line, why }) => ({ where: `line ${line} of "auth" in`, why })) };
}

/** Of a Secret whose entries are users: the name of each, and the hash of the password. */
export function usersOfEntries(secret: Secret): UserList {
  const hashes = new Map<string, string>();
  const wrong: { where: string; why: string }[] = [];
  for (const name of Object.keys(fieldsOf(secret.data)).sort()) {
    const hash = secretText(secret, name)?.trim() ?? '';
    // One line, or an entry could bring more users than its own.
    const read = hash.includes('\n') ? undefined : readHtpasswd(`${name}:${hash}`);
    const known = read?.hashes.get(name);
    if (known === undefined)
      wrong.push({ where: `entry "${name.slice(0, 100)}" of`, why: read?.wrong[0]?.why ?? 'has more than one line' });
    else hashes.set(name, known);
  }
  return { hashes, wrong };
}

/** The same as a file of htpasswd. */
export function usableLines({ hashes }: UserList): string {
  return [...hashes].map(([name, hash]) => `${name}:${hash}\n`).join('');
}

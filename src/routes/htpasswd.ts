/** Users of an htpasswd file with the hashes of their passwords. */
export interface Htpasswd {
  readonly hashes: ReadonlyMap<string, string>;
  /** Lines that can't be used, by number from 1, with why: the end of a sentence ("line 3 ..."). Nothing of the line is in it. */
  readonly wrong: readonly { readonly line: number; readonly why: string }[];
}

/** A bcrypt hash of a higher cost takes more than a second of a core for each try. */
const maxBcryptCost = 14;

/**
 * Reads a file of htpasswd: a line a user, `name:hash` and perhaps `:comment`, empty lines and those that begin with `#` left out. Hashes
 * are bcrypt (`$2a$`, `$2b$`, `$2y$`), Apache's MD5 (`$apr1$`) and `{SHA}`; the first line of a name counts, as in Apache and nginx.
 */
export function readHtpasswd(file: string): Htpasswd {
  const hashes = new Map<string, string>();
  const wrong: { line: number; why: string }[] = [];
  file.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const [text = ''] = line.slice(colon + 1).split(':', 1);
    const hash = text.trim();
    const why = name === '' || /[\u0000-\u001f\u007f]/.test(name) ? 'has no user name before a colon' : hashProblem(hash);
    if (why !== undefined) wrong.push({ line: index + 1, why });
    else if (!hashes.has(name)) hashes.set(name, hash);
  });
  return { hashes, wrong };
}

function hashProblem(hash: string): string | undefined {
  const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash);
  if (bcrypt !== null) {
    const cost = Number(bcrypt[1]);
    return cost >= 4 && cost <= maxBcryptCost ? undefined : `has bcrypt of cost ${cost}; make it anew with 4 to ${maxBcryptCost}`;
  }
  if (/^\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}$/.test(hash) || /^\{SHA\}[+/A-Za-z0-9]{27}=$/.test(hash)) return undefined;
  return 'has a hash that is none of bcrypt, $apr1$ and {SHA}; make it anew with "htpasswd -B"';
}

import { cookiesOf, nameOf } from '../bearer-token.ts';
import { isCookieOf, securedName } from './session-cookies.ts';

/** What fits into one cookie with its name and attributes: browsers take 4096 bytes. */
const maxValueLength = 3800;
/** More would crowd out the application's own cookies, and heads have limits. */
const maxParts = 4;

/** Cookies of one name on their way in and out; a long value is several cookies. */
export class CookieJar {
  /** How the cookie is called. */
  readonly name: string;
  readonly #attributes: string;

  constructor(name: string, isSecure: boolean) {
    this.name = isSecure ? securedName(name) : name;
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** The value; undefined: there is none, or not all of it. @param headers flat */
  read(headers: readonly string[], suffix = ''): string | undefined {
    const values = new Map<string, string>();
    for (const pair of cookiesOf(headers)) {
      const name = nameOf(pair);
      // The first counts: browsers send the one of the longest path, or the oldest, first.
      if (name.startsWith(this.name) && !values.has(name)) values.set(name, pair.slice(name.length + 1));
    }
    const first = values.get(this.name + suffix) ?? '';
    const match = /^([1-4])\.([\w-]+)$/.exec(first);
    if (match === null) return undefined;
    const parts = [match[2]];
    for (let part = 1; part < Number(match[1]); part++) parts.push(values.get(`${this.name}${suffix}-${part}`));
    return parts.includes(undefined) ? undefined : parts.join('');
  }

  /**
   * Fields of an answer that set the value, flat; undefined: it is too long.
   * @param value in base64url
   * @param maxBytes that it may take of the header of a request
   */
  write(value: string, maxAgeSeconds: number, maxBytes: number, suffix = ''): readonly string[] | undefined {
    const parts = partsOf(value);
    if (parts > maxParts || this.bytesOf(value, suffix) > maxBytes) return undefined;
    return Array.from({ length: parts }, (_, part) => {
      const text = value.slice(part * maxValueLength, (part + 1) * maxValueLength);
      const pair = part === 0 ? `${this.name}${suffix}=${parts}.${text}` : `${this.name}${suffix}-${part}=${text}`;
      return ['set-cookie', `${pair}${this.#attributes}; Max-Age=${maxAgeSeconds}`];
    }).flat();
  }

  /** What a value takes of the header of a request. */
  bytesOf(value: string, suffix = ''): number {
    return value.length + partsOf(value) * (this.name.length + suffix.length + '-1=; '.length) + '1.'.length;
  }

  /** What cookies of ours take of this request's header that begin with the name of the jar and `suffix`. */
  bytesSent(headers: readonly string[], suffix: string): number {
    let bytes = 0;
    for (const pair of cookiesOf(headers)) {
      const name = nameOf(pair);
      if (isCookieOf(this.name, name) && name.startsWith(this.name + suffix)) bytes += pair.length + '; '.length;
    }
    return bytes;
  }

  /** Names of our cookies in the request that begin with that of the jar and `suffix`: a value, its parts, or values with longer suffixes. */
  sent(headers: readonly string[], suffix: string): readonly string[] {
    const names = new Set(cookiesOf(headers).map(nameOf));
    return [...names].filter((name) => isCookieOf(this.name, name) && name.startsWith(this.name + suffix));
  }

  /** Fields of an answer that remove cookies. */
  remove(names: readonly string[]): readonly string[] {
    return names.flatMap((name) => ['set-cookie', `${name}=${this.#attributes}; Max-Age=0`]);
  }
}

function partsOf(value: string): number {
  return Math.max(1, Math.ceil(value.length / maxValueLength));
}

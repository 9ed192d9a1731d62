import { type Authority, parseAuthority } from './authority.ts';

/**
 * Reads the Host or `:authority` values of one connection, which are nearly always the same one: then nothing is parsed, and the host is the
 * same string as before, whose hash is known where tables are looked up (about 2 % of the profile of http2-tls-16).
 */
export class LastAuthority {
  #text = '';
  #read: Authority | undefined;

  /** As `parseAuthority`. */
  read(text: string): Authority | undefined {
    if (text === this.#text) return this.#read;
    // A copy: the text may be a slice of the whole head, which an idle connection must not keep.
    const own = Buffer.from(text, 'latin1').toString('latin1');
    this.#text = own;
    this.#read = parseAuthority(own);
    return this.#read;
  }
}

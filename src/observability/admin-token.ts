import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../errors.ts';

/** Why a change is not allowed, as an answer. */
export interface ChangeRefusal {
  /** 403: nobody is allowed to. 401: who asks has not shown that he is. */
  readonly status: 401 | 403;
  readonly message: string;
}

const minLength = 16;
const maxBytes = 4096;

/**
 * The token that changes over the admin port need. Its file is read whenever one is asked for, so that another token, or a Secret that is
 * mounted later, holds at once.
 */
export class AdminToken {
  readonly #file: string | undefined;

  /** @param file undefined: nothing may be changed */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /** Why nobody can be allowed a change; undefined: who has the token can. */
  async obstacle(): Promise<string | undefined> {
    const token = await this.#read();
    return 'problem' in token ? token.problem : undefined;
  }

  /** @param authorization the header; undefined: there is none */
  async refusalOf(authorization: string | undefined): Promise<ChangeRefusal | undefined> {
    const token = await this.#read();
    if ('problem' in token) return { status: 403, message: token.problem };
    const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) return { status: 401, message: 'a change needs the admin token: Authorization: Bearer TOKEN' };
    return isSame(given, token.text) ? undefined : { status: 401, message: 'the token is not that of --admin-token-file' };
  }

  async #read(): Promise<{ readonly text: string } | { readonly problem: string }> {
    const file = this.#file;
    if (file === undefined)
      return { problem: 'this port is for reading alone: start the program with --admin-token-file FILE to allow changes' };
    try {
      const found = await stat(file);
      if (!found.isFile() || found.size > maxBytes)
        return { problem: `${file} of --admin-token-file is no file of at most ${maxBytes} bytes` };
      const text = (await readFile(file, 'utf8')).trim();
      if (text.length >= minLength && /^[\x21-\x7e]+$/.test(text)) return { text };
      return { problem: `${file} of --admin-token-file has no usable token: at least ${minLength} printable characters without a space` };
    } catch (error) {
      return { problem: `Cannot read ${file} of --admin-token-file: ${messageOf(error)}` };
    }
  }
}

/** Takes as long for any wrong token. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import { createHash, timingSafeEqual } from 'node:crypto';
import apacheMd5 from 'apache-md5';
import { compare } from 'bcryptjs';

/** Its types speak of a default export that it does not have. */
const apr1 = apacheMd5 as unknown as (password: string, hash: string) => string;

/** Whether `password` is that of `hash`, one of those that `readHtpasswd` takes. bcrypt takes its time: not for the event loop. */
export async function isPasswordOf(password: string, hash: string): Promise<boolean> {
  if (hash.startsWith('{SHA}')) return isShaOf(password, hash);
  if (hash.startsWith('$apr1$')) {
    // The library takes characters for bytes.
    return isSameText(apr1(Buffer.from(password, 'utf8').toString('latin1'), hash), hash);
  }
  return await compare(password, hash);
}

/** `{SHA}` costs next to nothing to check. */
export function isShaOf(password: string, hash: string): boolean {
  return isSameText(`{SHA}${createHash('sha1').update(password, 'utf8').digest('base64')}`, hash);
}

function isSameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

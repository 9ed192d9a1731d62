import type { RequestHead } from '../../http1/message-handler.ts';
import { cookiesOf, nameOf } from '../bearer-token.ts';

/** Whether a cookie is one of a jar: its value, a part of it, or a login under way. The application may have others that begin alike. */
export function isCookieOf(jarName: string, cookie: string): boolean {
  return cookie.startsWith(jarName) && /^(?:-login-[A-Za-z0-9]+)?(?:-[1-3])?$/.test(cookie.slice(jarName.length));
}

/**
 * The request as others than us may have it: a session is the key to all that is behind its login, with and without TLS.
 * @param names `cookieName` of each login at the request's host
 */
export function withoutSessionCookies(head: RequestHead, names: readonly string[]): RequestHead {
  const { headers } = head;
  const pairs = cookiesOf(headers);
  const rest = pairs.filter((pair) => !isOfSession(nameOf(pair), names));
  if (rest.length === pairs.length) return head;
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] !== 'cookie') fields.push(headers[i] as string, headers[i + 1] as string);
  if (rest.length > 0) fields.push('cookie', rest.join('; '));
  return { ...head, headers: fields };
}

function isOfSession(cookie: string, names: readonly string[]): boolean {
  return names.some((name) => isCookieOf(name, cookie) || isCookieOf(securedName(name), cookie));
}

/** `__Host-` keeps other hosts of the domain from setting the cookie, where there is TLS. */
export function securedName(name: string): string {
  return `__Host-${name}`;
}

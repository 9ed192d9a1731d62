import type { JwtAuth } from '../../routes/auth-policy.ts';
import type { RequestHead } from '../http1/message-handler.ts';

type Place = JwtAuth['from'];

/** The token in its place; undefined: there is none, or more than one of which somebody else may read another. */
export function tokenOf({ headers, target }: Pick<RequestHead, 'headers' | 'target'>, { kind, name }: Place): string | undefined {
  switch (kind) {
    case 'header':
      return onlyOne(valuesOf(headers, name).map((value) => withoutScheme(value, name)));
    case 'cookie':
      return onlyOne(cookiesOf(headers).flatMap((pair) => (nameOf(pair) === name ? [pair.slice(name.length + 1)] : [])));
    case 'query':
      return onlyOne(new URLSearchParams(queryOf(target)).getAll(name));
  }
}

/** The request without the token, for a backend that is not to have it. */
export function withoutToken(head: RequestHead, { kind, name }: Place): RequestHead {
  switch (kind) {
    case 'header':
      return { ...head, headers: withoutField(head.headers, name) };
    case 'cookie': {
      const rest = cookiesOf(head.headers).filter((pair) => nameOf(pair) !== name);
      const headers = withoutField(head.headers, 'cookie');
      return { ...head, headers: rest.length === 0 ? headers : [...headers, 'cookie', rest.join('; ')] };
    }
    case 'query': {
      // Text by text: what else is in the query stays as it was sent.
      const rest = queryOf(head.target)
        .split('&')
        .filter((part) => new URLSearchParams(part).get(name) === null);
      const path = head.target.split('?', 1)[0] ?? '';
      return { ...head, target: rest.length === 0 ? path : `${path}?${rest.join('&')}` };
    }
  }
}

function onlyOne(values: readonly (string | undefined)[]): string | undefined {
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

/** `Authorization` is of other schemes too; a header of its own may hold the token alone. */
function withoutScheme(value: string, name: string): string | undefined {
  const match = /^bearer +(\S+)$/i.exec(value);
  if (match !== null) return match[1];
  return name === 'authorization' ? undefined : value;
}

function valuesOf(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) values.push(headers[i + 1] as string);
  return values;
}

function withoutField(headers: readonly string[], name: string): readonly string[] {
  const rest: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] !== name) rest.push(headers[i] as string, headers[i + 1] as string);
  return rest;
}

/** `name=value` each (RFC 6265 section 4.2.1); a client may send more than one line, as HTTP/2 does. */
export function cookiesOf(headers: readonly string[]): readonly string[] {
  return valuesOf(headers, 'cookie').flatMap((line) => line.split(';').map((pair) => pair.trim()));
}

/** Of a cookie's pair. */
export function nameOf(pair: string): string {
  return pair.slice(0, Math.max(pair.indexOf('='), 0));
}

function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? '' : target.slice(mark + 1);
}

/** User name and password as a request brings them. */
export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * The credentials of `Authorization: Basic` (RFC 7617), read as UTF-8. Undefined: there are none, or more than one line of the field, of
 * which somebody else may read another.
 * @param headers flat, names in lower case
 */
export function basicCredentials(headers: readonly string[]): BasicCredentials | undefined {
  let value: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'authorization') continue;
    if (value !== undefined) return undefined;
    value = headers[i + 1];
  }
  const token = value === undefined ? null : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value);
  if (token === null) return undefined;
  const text = Buffer.from(token[1] as string, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

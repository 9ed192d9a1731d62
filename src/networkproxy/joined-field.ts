/** What all lines of a field in a flat list say together, as one list (RFC 9110, section 5.3); undefined: there is none. */
export function joinedField(headers: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i] === name) joined = joined === undefined ? headers[i + 1] : `${joined}, ${headers[i + 1]}`;
  return joined;
}

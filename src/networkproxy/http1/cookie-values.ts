/** The values of every cookie of a name, in the order sent (RFC 6265 section 5.4: longer paths first). @param headers flat */
export function cookieValues(headers: readonly string[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') continue;
    const text = headers[i + 1] as string;
    let start = 0;
    while (start < text.length) {
      let end = text.indexOf(';', start);
      if (end === -1) end = text.length;
      const equals = text.indexOf('=', start);
      if (equals !== -1 && equals < end && text.slice(start, equals).trim() === name)
        (values ??= []).push(unquoted(text.slice(equals + 1, end).trim()));
      start = end + 1;
    }
  }
  return values ?? none;
}

const none: readonly string[] = [];

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

import fc from 'fast-check';

/** A valid message with what it must be understood as. */
export interface SampleMessage {
  readonly text: string;
  readonly body: string;
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
}

const nameByte = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-');
/** The prefix keeps generated names apart from those with a meaning of their own. */
const name = fc.string({ unit: nameByte, maxLength: 12 }).map((rest) => `X-Q${rest}`);
const valueByte = fc
  .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(0x09))
  .map((code) => String.fromCharCode(code));
const value = fc.string({ unit: valueByte, maxLength: 40 }).map(trimBlanks);
const blanks = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
const fields = fc.array(fc.record({ name, value, before: blanks, after: blanks }), { maxLength: 12 });
const bodyText = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 200 });
const extension = fc.constantFrom('', ';a', ';a=b', ';a="b c";d', ';q="\\""');

interface Framed {
  readonly lines: string;
  readonly headers: readonly string[];
  readonly wire: string;
  readonly body: string;
  readonly trailers: readonly string[];
}

const noBody: fc.Arbitrary<Framed> = fc.constant({
  lines: 'Content-Length: 0\r\n',
  headers: ['content-length', '0'],
  wire: '',
  body: '',
  trailers: [],
});

const lengthBody: fc.Arbitrary<Framed> = bodyText
  .filter((body) => body.length > 0)
  .map((body) => ({
    lines: `Content-Length: ${body.length}\r\n`,
    headers: ['content-length', `${body.length}`],
    wire: body,
    body,
    trailers: [],
  }));

const chunkedBody: fc.Arbitrary<Framed> = fc
  .record({
    chunks: fc.array(fc.record({ data: bodyText, extension, upper: fc.boolean(), padding: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 6,
    }),
    trailers: fields,
  })
  .map(({ chunks, trailers }) => {
    const used = chunks.filter((chunk) => chunk.data.length > 0);
    const wire = used.map(({ data, extension, upper, padding }) => {
      const size = `${'0'.repeat(padding)}${data.length.toString(16)}`;
      return `${upper ? size.toUpperCase() : size}${extension}\r\n${data}\r\n`;
    });
    return {
      lines: 'transfer-encoding: CHUNKED\r\n',
      headers: [],
      wire: `${wire.join('')}0\r\n${fieldLines(trailers)}\r\n`,
      body: used.map((chunk) => chunk.data).join(''),
      trailers: modelOf(trailers),
    };
  });

const framed = fc.oneof(noBody, lengthBody, chunkedBody);

/** Any request that is valid: method, target, fields, and a body with either framing. */
export const anyRequest: fc.Arbitrary<SampleMessage> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE', 'm-search'),
    target: fc.constantFrom('/', '/a/b?c=d', '//a/./b/../%7e', '/%c3%a9?%', 'http://a.test/x', '/.well-known/x'),
    fields,
    framed,
    emptyLineBefore: fc.boolean(),
  })
  .map(({ method, target, fields, framed, emptyLineBefore }) => ({
    text: `${emptyLineBefore ? '\r\n' : ''}${method} ${target} HTTP/1.1\r\n${fieldLines(fields)}hOST: a.test\r\n${framed.lines}\r\n${framed.wire}`,
    body: framed.body,
    headers: [...modelOf(fields), ...framed.headers],
    trailers: framed.trailers,
  }));

/** Any final answer that is valid and does not end with the connection. */
export const anyResponse: fc.Arbitrary<SampleMessage> = fc
  .record({
    status: fc.constantFrom(200, 201, 302, 404, 500, 599),
    reason: value,
    fields,
    framed,
    informational: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ status, reason, fields, framed, informational }) => ({
    text: `${'HTTP/1.1 103 Early\r\nLink: a\r\n\r\n'.repeat(informational)}HTTP/1.1 ${status} ${reason}\r\n${fieldLines(fields)}${framed.lines}\r\n${framed.wire}`,
    body: framed.body,
    headers: [...modelOf(fields), ...framed.headers],
    trailers: framed.trailers,
  }));

/** Where to cut: sizes of pieces, used in turn. */
export const anyCut: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

export function cut(text: string, sizes: readonly number[]): Buffer[] {
  const all = Buffer.from(text, 'latin1');
  const result: Buffer[] = [];
  for (let at = 0, turn = 0; at < all.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    result.push(all.subarray(at, at + size));
    at += size;
  }
  return result;
}

function fieldLines(
  list: readonly { readonly name: string; readonly value: string; readonly before: string; readonly after: string }[],
): string {
  return list.map(({ name, value, before, after }) => `${name}:${before}${value}${after}\r\n`).join('');
}

function modelOf(list: readonly { readonly name: string; readonly value: string }[]): string[] {
  return list.flatMap(({ name, value }) => [name.toLowerCase(), value]);
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

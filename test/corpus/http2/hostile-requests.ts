import type { RawField } from '../../tools/raw-http2.ts';

/** A request over HTTP/2 that must be refused, with the rule that it breaks. Strings are latin1, sent as they are. */
export interface HostileHttp2Request {
  /** What it breaks, in RFC 9113 unless told otherwise. */
  readonly rule: string;
  readonly name: string;
  readonly fields: readonly RawField[];
  /** DATA frames; the last one ends the stream unless trailers follow. Without any, HEADERS ends it. */
  readonly body?: readonly string[];
  readonly trailers?: readonly RawField[];
  /** The trailers do not end the stream. */
  readonly trailersDoNotEnd?: true;
}

const method: RawField = [':method', 'GET'];
const post: RawField = [':method', 'POST'];
const scheme: RawField = [':scheme', 'http'];
const authority: RawField = [':authority', 'a.example'];
const path: RawField = [':path', '/hostile'];
const pseudo: readonly RawField[] = [method, scheme, authority, path];
const postPseudo: readonly RawField[] = [post, scheme, authority, path];

/** What an attacker would like a backend to read as a request of its own. */
const injected = '\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';

type Lists = Readonly<Record<string, readonly RawField[]>>;

function cases(rule: string, lists: Lists): HostileHttp2Request[] {
  return Object.entries(lists).map(([name, fields]) => ({ rule, name, fields }));
}

/** One case a value of `field`, with everything else in order. */
function values(rule: string, field: RawField[0], texts: readonly string[], ...more: RawField[]): HostileHttp2Request[] {
  const others = pseudo.filter(([name]) => name !== field);
  return texts.map((text) => {
    const own: RawField = [field, text];
    const fields = field.startsWith(':') ? [own, ...others, ...more] : [...others, own, ...more];
    return { rule, name: `${field}: ${JSON.stringify(text)}`, fields };
  });
}

function withBody(rule: string, name: string, more: readonly RawField[], body: readonly string[], trailers?: readonly RawField[]) {
  return { rule, name, fields: [...postPseudo, ...more], body, ...(trailers === undefined ? {} : { trailers }) };
}

const hex = (code: number): string => `0x${code.toString(16).padStart(2, '0')}`;

/** Every byte but those that a field name may have in HTTP/2: no control, no space, no delimiter, no upper case, nothing above ASCII. */
const badNameBytes = Array.from({ length: 256 }, (_, code) => code).filter(
  (code) => !/[a-z0-9!#$%&'*+\-.^_`|~]/.test(String.fromCharCode(code)) || code > 0x7e,
);

/** Every byte that a field value may not have. */
const badValueBytes = Array.from({ length: 0x80 }, (_, code) => code).filter((code) => (code < 0x20 && code !== 0x09) || code === 0x7f);

export const hostileHttp2Requests: readonly HostileHttp2Request[] = [
  ...cases('pseudo-field-missing (8.3.1)', {
    'no :method': [scheme, authority, path],
    'no :scheme': [method, authority, path],
    'no :path': [method, scheme, authority],
    'no field at all': [],
    'regular fields alone': [['accept', '*/*']],
    'neither :authority nor host': [method, scheme, path],
  }),
  ...cases('pseudo-field-repeated (8.3)', {
    'two :method': [method, method, scheme, authority, path],
    'two unequal :method': [method, post, scheme, authority, path],
    'two :scheme': [method, scheme, scheme, authority, path],
    'two :authority': [method, scheme, authority, authority, path],
    'two unequal :authority': [method, scheme, authority, [':authority', 'b.example'], path],
    'two :path': [method, scheme, authority, path, path],
    'two unequal :path': [method, scheme, authority, path, [':path', '/other']],
  }),
  ...cases('pseudo-field-unknown (8.3)', {
    ':status in a request': [...pseudo, [':status', '200']],
    ':protocol in a request that is no CONNECT': [...pseudo, [':protocol', 'websocket']],
    ':host': [method, scheme, [':host', 'a.example'], path],
    ':': [...pseudo, [':', 'x']],
    '::path': [...pseudo, ['::path', '/']],
    ':unknown': [...pseudo, [':unknown', 'x']],
    ':Path': [method, scheme, authority, [':Path', '/']],
    ':path with a space': [method, scheme, authority, [':path ', '/']],
  }),
  ...cases('pseudo-field-after-regular (8.3)', {
    ':path last': [method, scheme, authority, ['accept', '*/*'], path],
    ':authority last': [method, scheme, path, ['accept', '*/*'], authority],
    ':method last': [['accept', '*/*'], scheme, authority, path, method],
    ':authority again, after host': [...pseudo, ['host', 'a.example'], authority],
  }),
  ...values('bad-method (RFC 9110 9.1)', ':method', [
    '',
    ' ',
    'G ET',
    ' GET',
    'GET ',
    'GET\t',
    'GET /smuggled HTTP/1.1',
    `GET / HTTP/1.1\r\nHost: a.example${injected}`,
    'GET\r\n',
    'GET\n',
    'GET\0',
    'GET,POST',
    'G(ET',
    'GET/',
    'G\xe9T',
  ]),
  ...values('method-not-served', ':method', ['TRACE', 'CONNECT']),
  ...cases('connect (8.5)', {
    'CONNECT with :scheme and :path': [[':method', 'CONNECT'], scheme, authority, path],
    'CONNECT as it should be, which is not served': [
      [':method', 'CONNECT'],
      [':authority', 'a.example:443'],
    ],
    'CONNECT without :authority': [[':method', 'CONNECT']],
    'a WebSocket whose request ends with its head': [[':method', 'CONNECT'], [':protocol', 'websocket'], scheme, authority, path],
    'a WebSocket with a length': [[':method', 'CONNECT'], [':protocol', 'websocket'], scheme, authority, path, ['content-length', '0']],
    'a tunnel of another protocol': [[':method', 'CONNECT'], [':protocol', 'connect-udp'], scheme, authority, path],
  }),
  ...values('bad-scheme (8.3.1)', ':scheme', [
    '',
    ' http',
    'http ',
    'ht tp',
    'http://a',
    'http\r\n',
    'http\0',
    'ftp',
    'javascript',
    '1http',
    'h\xe9',
  ]),
  ...values('scheme of another connection (8.3.1)', ':scheme', ['https', 'HTTPS', 'HTTP']),
  ...values('bad-path (8.3.1)', ':path', [
    '',
    'hostile',
    '?q',
    '*',
    ' /',
    '/ ',
    '/a b',
    '/a\tb',
    '/a\r\nX: y',
    `/ HTTP/1.1\r\nHost: a.example${injected}`,
    '/ HTTP/1.1',
    '/\n',
    '/\r',
    '/\0',
    '/\x7f',
    '/\xe9',
    '/#fragment',
    'http://a.example/',
    'http://b.example/',
    '//b.example\\',
    '/%',
    '/%2',
    '/%zz',
    '/%2fb',
    '/%5cb',
    '/%00',
    '/%0d%0aX:y',
    '/\\b',
    '/..',
    '/../b',
    '/a/../../b',
    '/%2e%2e/b',
    '/..;/b',
    '/%c0%af',
    '/q?a b',
    '/q?a\r\nb',
    '/q?a#b',
  ]),
  ...values('bad-authority (8.3.1, RFC 9110 7.2)', ':authority', [
    '',
    ' a.example',
    'a.example ',
    'a example',
    'user@a.example',
    'user:password@a.example',
    'a.example:x',
    'a.example:65536',
    'a.example:-1',
    'a.example:80:80',
    'a.example/b',
    'a.example?b',
    'a.example#b',
    'a.example,b.example',
    'a.example\\b',
    'a.example\r\nX: y',
    `a.example${injected}`,
    'a.example\0',
    'a%2eexample',
    '[::1',
    '::1',
    '[::1]x',
    '[::1%25eth0]',
    '[x]',
    'http://a.example',
    '\xe9.example',
    '.',
    ':80',
  ]),
  ...cases('host-differs-from-authority (8.3.1)', {
    'another host': [...pseudo, ['host', 'b.example']],
    'another port': [...pseudo, ['host', 'a.example:8080']],
    'an empty host': [...pseudo, ['host', '']],
    'two hosts, the first one equal': [...pseudo, ['host', 'a.example'], ['host', 'b.example']],
    'two equal hosts': [...pseudo, ['host', 'a.example'], ['host', 'a.example']],
    'two hosts without :authority': [method, scheme, path, ['host', 'a.example'], ['host', 'b.example']],
    'a list of hosts': [...pseudo, ['host', 'a.example, b.example']],
    'a malformed host without :authority': [method, scheme, path, ['host', 'a b']],
    'a host with CRLF': [method, scheme, path, ['host', 'a.example\r\nX: y']],
  }),
  ...cases('connection-specific-field (8.2.2)', {
    'connection: close': [...pseudo, ['connection', 'close']],
    'connection: keep-alive': [...pseudo, ['connection', 'keep-alive']],
    'connection that nominates a field': [...pseudo, ['connection', 'x-forwarded-for']],
    'connection: transfer-encoding': [...pseudo, ['connection', 'transfer-encoding'], ['transfer-encoding', 'chunked']],
    'connection, empty': [...pseudo, ['connection', '']],
    'keep-alive': [...pseudo, ['keep-alive', 'timeout=5']],
    'proxy-connection': [...pseudo, ['proxy-connection', 'keep-alive']],
    'transfer-encoding: chunked': [...postPseudo, ['transfer-encoding', 'chunked']],
    'transfer-encoding: identity': [...postPseudo, ['transfer-encoding', 'identity']],
    'transfer-encoding, empty': [...postPseudo, ['transfer-encoding', '']],
    'transfer-encoding with content-length': [...postPseudo, ['content-length', '0'], ['transfer-encoding', 'chunked']],
    'upgrade: websocket': [...pseudo, ['upgrade', 'websocket']],
    'upgrade: h2c': [...pseudo, ['upgrade', 'h2c'], ['http2-settings', 'AAMAAABkAAQAAP__']],
    'te: gzip': [...pseudo, ['te', 'gzip']],
    'te: trailers, gzip': [...pseudo, ['te', 'trailers, gzip']],
    'te: chunked': [...pseudo, ['te', 'chunked']],
    'te twice': [...pseudo, ['te', 'trailers'], ['te', 'gzip']],
  }),
  ...badNameBytes.map((code) => ({
    rule: 'bad-field-name (8.2.1)',
    name: `${hex(code)} within`,
    fields: [...pseudo, [`x${String.fromCharCode(code)}y`, 'z'] as const],
  })),
  ...cases('bad-field-name (8.2.1)', {
    'an empty one': [...pseudo, ['', 'x']],
    'a space alone': [...pseudo, [' ', 'x']],
    'a space before it': [...pseudo, [' x', 'y']],
    'a space after it': [...pseudo, ['content-length ', '5']],
    'a colon after it': [...pseudo, ['host:', 'b.example']],
    'a whole line': [...pseudo, ['x: y\r\ntransfer-encoding', 'chunked']],
    'a whole request': [...pseudo, [`x: y${injected}x`, 'y']],
    'Content-Length in title case': [...pseudo, ['Content-Length', '0']],
    'TRANSFER-ENCODING': [...pseudo, ['TRANSFER-ENCODING', 'chunked']],
    'Host in title case': [...pseudo, ['Host', 'b.example']],
  }),
  ...badValueBytes.map((code) => ({
    rule: 'bad-field-value (8.2.1)',
    name: `${hex(code)} within`,
    fields: [...pseudo, ['x', `a${String.fromCharCode(code)}b`] as const],
  })),
  ...cases('bad-field-value (8.2.1)', {
    'a space before it': [...pseudo, ['x', ' y']],
    'a space after it': [...pseudo, ['x', 'y ']],
    'a tab before it': [...pseudo, ['x', '\ty']],
    'a tab after it': [...pseudo, ['x', 'y\t']],
    'a space alone': [...pseudo, ['x', ' ']],
    'CRLF and a header': [...pseudo, ['x', 'y\r\ntransfer-encoding: chunked']],
    'LF and a header': [...pseudo, ['x', 'y\ntransfer-encoding: chunked']],
    'CR and a header': [...pseudo, ['x', 'y\rtransfer-encoding: chunked']],
    'CRLF at the end': [...pseudo, ['x', 'y\r\n']],
    'CRLF and a fold': [...pseudo, ['x', 'y\r\n z']],
    'a whole request': [...pseudo, ['x', `y${injected}`]],
    'a whole request in a cookie crumb': [...pseudo, ['cookie', 'a=1'], ['cookie', `b=2${injected}`]],
    'a whole request in a field that we write ourselves': [...pseudo, ['x-forwarded-for', `1.2.3.4${injected}`]],
    'a whole request in a field that is dropped': [...pseudo, ['x_y', `z${injected}`]],
    'NUL in a cookie': [...pseudo, ['cookie', 'a=\0']],
  }),
  ...['', 'abc', '-1', '+1', ' 1', '1 ', '1,1', '1, 1', '1 1', '0x1', '1e1', '1.0', '1_0', '٣', '99999999999999999999999', '01', '\0'].map(
    (text) =>
      withBody(
        'bad-content-length (8.1.1, RFC 9110 8.6)',
        JSON.stringify(text),
        [['content-length', Buffer.from(text).toString('latin1')]],
        ['x'],
      ),
  ),
  withBody(
    'bad-content-length (8.1.1, RFC 9110 8.6)',
    'two unequal',
    [
      ['content-length', '1'],
      ['content-length', '2'],
    ],
    ['x'],
  ),
  withBody(
    'bad-content-length (8.1.1, RFC 9110 8.6)',
    'two equal',
    [
      ['content-length', '1'],
      ['content-length', '1'],
    ],
    ['x'],
  ),
  { rule: 'length-mismatch (8.1.1)', name: 'a length and no body', fields: [...postPseudo, ['content-length', '5']] },
  withBody('length-mismatch (8.1.1)', 'a length and an empty body', [['content-length', '5']], ['']),
  withBody('length-mismatch (8.1.1)', 'less than said', [['content-length', '5']], ['abc']),
  withBody('length-mismatch (8.1.1)', 'less than said, in two frames', [['content-length', '5']], ['ab', 'c']),
  withBody('length-mismatch (8.1.1)', 'more than said', [['content-length', '5']], ['abcdefg']),
  withBody(
    'length-mismatch (8.1.1)',
    'more than said, in the second frame',
    [['content-length', '5']],
    ['abcde', 'GET /smuggled HTTP/1.1\r\n\r\n'],
  ),
  withBody('length-mismatch (8.1.1)', 'a body and a length of zero', [['content-length', '0']], ['GET /smuggled HTTP/1.1\r\n\r\n']),
  withBody('length-mismatch (8.1.1)', 'less than said, then trailers', [['content-length', '5']], ['abc'], [['x-t', '1']]),
  withBody('bad-trailers (8.1)', 'a pseudo-field', [], ['abc'], [[':path', '/']]),
  withBody('bad-trailers (8.1)', ':status', [], ['abc'], [[':status', '200']]),
  withBody('bad-trailers (8.1)', 'upper case', [], ['abc'], [['X-T', '1']]),
  withBody('bad-trailers (8.1)', 'CRLF in a value', [], ['abc'], [['x-t', `1${injected}`]]),
  withBody('bad-trailers (8.1)', 'CRLF in a name', [], ['abc'], [['x-t\r\n', '1']]),
  withBody('bad-trailers (8.1)', 'an empty name', [], ['abc'], [['', '1']]),
  withBody('bad-trailers (8.1)', 'a connection-specific field', [], ['abc'], [['connection', 'close']]),
  withBody('bad-trailers (8.1)', 'transfer-encoding', [], ['abc'], [['transfer-encoding', 'chunked']]),
  withBody('bad-trailers (8.1)', 'over the size limit', [], ['abc'], [['x-t', 'y'.repeat(15_000)]]),
  withBody(
    'bad-trailers (8.1)',
    'over the count limit',
    [],
    ['abc'],
    Array.from({ length: 101 }, (_, i) => [`x-${i}`, 'y'] as const),
  ),
  {
    ...withBody('bad-trailers (8.1)', 'that do not end the stream', [], ['abc'], [['x-t', '1']]),
    trailersDoNotEnd: true,
  },
  ...cases('unknown-expectation (RFC 9110 10.1.1)', { 'expect: 200-ok': [...pseudo, ['expect', '200-ok']] }),
  ...cases('over-a-limit', {
    'a hundred and one fields': [...pseudo, ...Array.from({ length: 101 }, (_, i) => [`x-${i}`, 'y'] as const)],
    'fields of 16 KiB in all': [...pseudo, ...Array.from({ length: 5 }, (_, i) => [`x-${i}`, 'y'.repeat(4000)] as const)],
    'a path of 9000 bytes': [method, scheme, authority, [':path', `/${'x'.repeat(9000)}`]],
  }),
];

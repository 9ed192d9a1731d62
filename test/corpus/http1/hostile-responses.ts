import type { ParseRule } from '../../../src/networkproxy/http1/parse-rule.ts';

/** An answer (latin1) that must be refused, with the rule that it breaks, and what it answers. */
export interface HostileAnswer {
  readonly rule: ParseRule;
  readonly name: string;
  readonly text: string;
  readonly method?: string;
  readonly upgradeAsked?: boolean;
  /** The upstream ends its side after the text. */
  readonly finish?: boolean;
}

/** A 200 with these field lines. */
function ok(lines: readonly string[], body = ''): string {
  return answer('HTTP/1.1 200 OK', lines, body);
}

function answer(statusLine: string, lines: readonly string[], body = ''): string {
  return `${statusLine}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

function chunked(body: string): string {
  return ok(['Transfer-Encoding: chunked'], body);
}

function cases(rule: ParseRule, messages: Readonly<Record<string, string>>, more: Partial<HostileAnswer> = {}): HostileAnswer[] {
  return Object.entries(messages).map(([name, text]) => ({ rule, name, text, ...more }));
}

export const hostileResponses: readonly HostileAnswer[] = [
  ...cases('te-with-cl', {
    'CL then TE': ok(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    'TE then CL': ok(['Transfer-Encoding: chunked', 'Content-Length: 0'], '0\r\n\r\n'),
  }),
  ...cases('te-with-cl', { 'in the answer to HEAD': ok(['Transfer-Encoding: chunked', 'Content-Length: 0']) }, { method: 'HEAD' }),
  ...cases('te-in-http-1.0', { chunked: answer('HTTP/1.0 200 OK', ['Transfer-Encoding: chunked'], '0\r\n\r\n') }),
  ...cases('bad-transfer-encoding', {
    identity: ok(['Transfer-Encoding: identity'], 'hello'),
    xchunked: ok(['Transfer-Encoding: xchunked'], '0\r\n\r\n'),
    'gzip, chunked': ok(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'),
    'chunked twice': ok(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    empty: ok(['Transfer-Encoding:'], '0\r\n\r\n'),
    'a tab behind': ok(['Transfer-Encoding: chunked\t'], '0\r\n\r\n'),
  }),
  ...cases('bad-content-length', {
    list: ok(['Content-Length: 5, 5'], 'hello'),
    'plus sign': ok(['Content-Length: +5'], 'hello'),
    negative: ok(['Content-Length: -1'], ''),
    'zero-padded': ok(['Content-Length: 05'], 'hello'),
    hexadecimal: ok(['Content-Length: 0x5'], 'hello'),
    empty: ok(['Content-Length:'], ''),
    word: ok(['Content-Length: undefined'], ''),
  }),
  ...cases('duplicate-content-length', {
    unequal: ok(['Content-Length: 5', 'Content-Length: 6'], 'hello!'),
    'a third': ok(['Content-Length: 5', 'Content-Length: 5', 'Content-Length: 0'], 'hello'),
  }),
  ...cases('content-length-too-large', { '2^64': ok(['Content-Length: 18446744073709551616']) }),
  ...cases('body-on-bodyless-answer', {
    'CL on 204': answer('HTTP/1.1 204 No Content', ['Content-Length: 5'], 'hello'),
    'TE on 204': answer('HTTP/1.1 204 No Content', ['Transfer-Encoding: chunked'], '0\r\n\r\n'),
    'CL on 100': answer('HTTP/1.1 100 Continue', ['Content-Length: 5'], 'hello'),
    'TE on 103': answer('HTTP/1.1 103 Early Hints', ['Transfer-Encoding: chunked'], '0\r\n\r\n'),
  }),
  ...cases(
    'body-on-bodyless-answer',
    {
      'CL on 101': answer('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 5'], 'hello'),
    },
    { upgradeAsked: true },
  ),
  ...cases('bare-lf', {
    everywhere: 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'after the status line': 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
    'after a field': 'HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 0\r\n\r\n',
    'as the empty line': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n',
    'in a trailer': chunked('0\r\nX-A: b\n\r\n'),
  }),
  ...cases('bare-cr', {
    'in the reason': 'HTTP/1.1 200 O\rK\r\n\r\n',
    'in a value': ok(['X-A: b\rX-C: d']),
    'in the version': 'HTTP/1.\r1 200 OK\r\n\r\n',
  }),
  ...cases('control-byte', {
    'NUL in a value': ok(['X-A: b\0']),
    'NUL in the reason': 'HTTP/1.1 200 O\0K\r\n\r\n',
    'NUL in the version': 'HTTP/1.1\0 200 OK\r\n\r\n',
    'escape in a value': ok(['X-A: \x1b[31m']),
    'escape in the reason': 'HTTP/1.1 200 \x1b[31m\r\n\r\n',
    'DEL in a value': ok(['X-A: \x7f']),
    'a TLS alert': '\x15\x03\x03\x00\x02\x02\x28',
  }),
  ...cases('obs-fold', { space: ok(['X-A: b', ' c']), tab: ok(['X-A: b', '\tc']), first: ok([' X-A: b']) }),
  ...cases('space-before-colon', { CL: ok(['Content-Length : 5'], 'hello'), TE: ok(['Transfer-Encoding : chunked'], '0\r\n\r\n') }),
  ...cases('empty-name', { colon: ok([': b']) }),
  ...cases('bad-name', { space: ok(['X A: b']), 'a second status line': ok(['HTTP/1.1 200 OK']) }),
  ...cases('missing-colon', { word: ok(['word']) }),
  ...cases('bad-status-line', {
    garbage: 'hello, world\r\n\r\n',
    'HTML without a head (HTTP/0.9)': '<html><body>hello</body></html>\r\n\r\n',
    'lower case': 'http/1.1 200 OK\r\n\r\n',
    'HTTP/2.0': 'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.2': 'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/0.9': 'HTTP/0.9 200 OK\r\n\r\n',
    'no version': '200 OK\r\n\r\n',
    'two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
    'status under 100': 'HTTP/1.1 099 Low\r\n\r\n',
    'status of letters': 'HTTP/1.1 abc OK\r\n\r\n',
    'negative status': 'HTTP/1.1 -20 OK\r\n\r\n',
    'no status': 'HTTP/1.1\r\n\r\n',
    'two spaces': 'HTTP/1.1  200 OK\r\n\r\n',
    'tab before the status': 'HTTP/1.1\t200 OK\r\n\r\n',
    'reason glued to the status': 'HTTP/1.1 200OK\r\n\r\n',
    'space before': ' HTTP/1.1 200 OK\r\n\r\n',
    'an empty line before': '\r\nHTTP/1.1 200 OK\r\n\r\n',
    ICY: 'ICY 200 OK\r\n\r\n',
    'a request': 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
  }),
  ...cases('line-too-long', { reason: `HTTP/1.1 200 ${'a'.repeat(17_000)}\r\n\r\n`, 'garbage without a line end': 'a'.repeat(17_000) }),
  ...cases('head-too-large', { '100 KB in one field': ok([`X-A: ${'a'.repeat(100_000)}`]) }),
  ...cases('too-many-headers', { '300 fields': ok(Array.from({ length: 300 }, (_, i) => `X-${i}: v`)) }),
  ...cases('bad-connection', { 'not a list of tokens': ok(['Connection: a b']) }),
  ...cases('unexpected-101', {
    unasked: answer('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade', 'Upgrade: websocket']),
  }),
  ...cases(
    'unexpected-101',
    {
      'without Upgrade': answer('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade']),
      'without Connection': answer('HTTP/1.1 101 Switching Protocols', ['Upgrade: websocket']),
    },
    { upgradeAsked: true },
  ),
  ...cases('too-many-informational', {
    '33 of them': `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(33)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  }),
  ...cases('bad-chunk-size', {
    'no digits': chunked('xyz\r\nhello\r\n0\r\n\r\n'),
    'minus sign': chunked('-5\r\nhello\r\n0\r\n\r\n'),
    'space behind': chunked('5 \r\nhello\r\n0\r\n\r\n'),
    'bare LF': chunked('5\nhello\n0\n\n'),
    'body without chunks': chunked('hello'),
  }),
  ...cases('chunk-size-too-large', { '16 digits': chunked('ffffffffffffffff\r\n') }),
  ...cases('bad-chunk-end', { 'data too long': chunked('2\r\nhello\r\n0\r\n\r\n') }),
  ...cases('bad-chunk-extension', { 'empty name': chunked('5;\r\nhello\r\n0\r\n\r\n') }),
  ...cases('trailers-too-large', { one: chunked(`0\r\nX-A: ${'a'.repeat(9000)}\r\n\r\n`) }),
  ...cases(
    'eof-before-head',
    { 'FIN at once': '', 'FIN after an informational answer': 'HTTP/1.1 100 Continue\r\n\r\n' },
    { finish: true },
  ),
  ...cases(
    'eof-in-head',
    { 'in the status line': 'HTTP/1.1 20', 'before the empty line': 'HTTP/1.1 200 OK\r\nX-A: b\r\n' },
    { finish: true },
  ),
  ...cases(
    'eof-in-body',
    {
      'short of its length': ok(['Content-Length: 5'], 'hell'),
      'in a chunk': chunked('5\r\nhell'),
      'in a chunk size': chunked('5\r\nhello\r\n0'),
      'before the last chunk': chunked('5\r\nhello\r\n'),
      'before the end of the trailers': chunked('0\r\nX-A: b\r\n'),
    },
    { finish: true },
  ),
];

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultParserLimits, type RequestHead } from '../../../src/networkproxy/http1/message-handler.ts';
import { RequestParser } from '../../../src/networkproxy/http1/request-parser.ts';
import { type Outcome, parseRequests, pieces, type RequestInput } from './drive-parser.ts';
import { RecordingHandler } from './recording-handler.ts';

/** Parses the text whole and in pieces, and expects the same of each. */
function parse(text: string, input: RequestInput = {}): Outcome<RequestHead> {
  const whole = parseRequests(pieces(text, 1_000_000), input);
  for (const bytes of [1, 2, 3, 10, 100]) assert.deepEqual(parseRequests(pieces(text, bytes), input), whole, `in pieces of ${bytes}`);
  return whole;
}

function headOf(text: string, input: RequestInput = {}): RequestHead {
  const outcome = parse(text, input);
  assert.equal(outcome.rule, undefined);
  assert.equal(outcome.complete, 1);
  return outcome.messages[0]!.head;
}

function get(...lines: string[]): string {
  return `GET / HTTP/1.1\r\nHost: a.test\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

describe('RequestParser: a head', () => {
  it('comes with everything that the model has', () => {
    const head = headOf('GET /a/b?c=d HTTP/1.1\r\nHost: A.test:8080\r\nAccept: */*\r\nX-Two:  one two\t \r\nX-Two: three\r\n\r\n', {
      scheme: 'https',
    });
    assert.deepEqual(head, {
      method: 'GET',
      scheme: 'https',
      host: 'a.test',
      authority: 'A.test:8080',
      target: '/a/b?c=d',
      path: '/a/b',
      headers: ['accept', '*/*', 'x-two', 'one two', 'x-two', 'three'],
      version: 11,
      body: { kind: 'none' },
      keepAlive: true,
      expectContinue: false,
      upgrade: undefined,
    });
  });

  it('has names in lower case, whether they are common or not', () => {
    assert.deepEqual(headOf(get('USER-agent: a', 'X-My-HEADER: b', "x!#$%&'*+-.^`|~9: c")).headers, [
      'user-agent',
      'a',
      'x-my-header',
      'b',
      "x!#$%&'*+-.^`|~9",
      'c',
    ]);
  });

  it('keeps obs-text, tabs and empty values', () => {
    assert.deepEqual(headOf(get('X-A: caf\xe9 \t\xff', 'X-B:', 'X-C: \t ')).headers, ['x-a', 'caf\xe9 \t\xff', 'x-b', '', 'x-c', '']);
  });

  it('has a normalised target', () => {
    const head = headOf('GET //a/./%62/../c?x=%2f HTTP/1.1\r\nHost: a.test\r\n\r\n');
    assert.equal(head.target, '/a/c?x=%2f');
    assert.equal(head.path, '/a/c');
  });

  it('keeps methods as they are sent', () => {
    for (const method of ['GET', 'get', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'M-SEARCH', "X!#$%&'*+-.^_`|~"]) {
      assert.equal(headOf(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`).method, method);
    }
  });

  it('may come after one empty line', () => {
    assert.equal(headOf(`\r\n${get()}`).method, 'GET');
  });

  it('may come after one empty line behind each body', () => {
    const post = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nab\r\n';
    const outcome = parse(`${post}${post}`);
    assert.equal(outcome.complete, 2);
    assert.equal(outcome.midMessage, false);
  });
});

describe('RequestParser: authority and target forms', () => {
  it('take an IPv6 host', () => {
    const head = headOf('GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n');
    assert.equal(head.host, '[2001:db8::1]');
    assert.equal(head.authority, '[2001:DB8::1]:80');
  });

  it('take an HTTP/1.0 request without Host', () => {
    const head = headOf('GET / HTTP/1.0\r\n\r\n');
    assert.equal(head.host, '');
    assert.equal(head.authority, '');
    assert.equal(head.version, 10);
  });

  it('take the absolute form when it says what Host says', () => {
    const head = headOf('GET http://A.TEST:80/a/../b?c HTTP/1.1\r\nHost: a.test\r\n\r\n');
    assert.equal(head.host, 'a.test');
    assert.equal(head.target, '/b?c');
    assert.equal(headOf('GET http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n').target, '/');
    assert.equal(headOf('GET http://a.test?b HTTP/1.1\r\nHost: a.test\r\n\r\n').target, '/?b');
    assert.equal(headOf('GET HTTPS://a.test/ HTTP/1.1\r\nHost: a.test:443\r\n\r\n', { scheme: 'https' }).target, '/');
  });

  it('take the host from the absolute form in HTTP/1.0', () => {
    assert.equal(headOf('GET http://a.test:81/ HTTP/1.0\r\n\r\n').authority, 'a.test:81');
  });

  it('take * with OPTIONS', () => {
    assert.equal(headOf('OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n').target, '*');
    assert.equal(headOf('OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n').target, '*');
    assert.equal(headOf('OPTIONS http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n').target, '/');
  });
});

describe('RequestParser: connection fields', () => {
  it('decide whether the connection goes on', () => {
    const keepAlive = (version: string, value: string) =>
      headOf(`GET / HTTP/${version}\r\nHost: a.test\r\n${value === '' ? '' : `Connection: ${value}\r\n`}\r\n`).keepAlive;
    assert.equal(keepAlive('1.1', ''), true);
    assert.equal(keepAlive('1.1', 'close'), false);
    assert.equal(keepAlive('1.1', 'CLOSE'), false);
    assert.equal(keepAlive('1.1', 'x, Close ,'), false);
    assert.equal(keepAlive('1.1', 'keep-alive, close'), false);
    assert.equal(keepAlive('1.0', ''), false);
    assert.equal(keepAlive('1.0', 'Keep-Alive'), true);
    assert.equal(keepAlive('1.0', 'keep-alive'), true);
  });

  it('do not reach the list, and neither does what they nominate', () => {
    const lines = [
      'Connection: X-Hop, keep-alive',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'X-End: 2',
      'x-hop: 3',
    ];
    assert.deepEqual(headOf(get(...lines)).headers, ['x-end', '2']);
  });

  it('leave out names with an underscore, the Proxy field and proxy credentials', () => {
    assert.deepEqual(headOf(get('X_Real_IP: 1', 'X-Ok: 2', 'Proxy: http://evil.test', 'Proxy-Authorization: Basic x', '_: 3')).headers, [
      'x-ok',
      '2',
    ]);
  });
});

describe('RequestParser: upgrade', () => {
  it('is seen when Connection nominates it', () => {
    const head = headOf(get('Connection: keep-alive, Upgrade', 'Upgrade: WebSocket', 'Sec-WebSocket-Key: k'));
    assert.equal(head.upgrade, 'websocket');
    assert.deepEqual(head.headers, ['sec-websocket-key', 'k']);
  });

  it('leaves everything behind the head to the caller', () => {
    const outcome = parse(`${get('Connection: upgrade', 'Upgrade: websocket')}\x81\x05hello`);
    assert.equal(outcome.complete, 1);
    assert.equal(outcome.rest, '\x81\x05hello');
  });

  it('is not seen without the nomination, or in HTTP/1.0', () => {
    assert.equal(headOf(get('Upgrade: websocket')).upgrade, undefined);
    assert.equal(headOf('GET / HTTP/1.0\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n').upgrade, undefined);
  });

  it('to HTTP/2 or TLS is dropped and the request goes on', () => {
    const head = headOf(get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'));
    assert.equal(head.upgrade, undefined);
    assert.deepEqual(head.headers, []);
    assert.equal(headOf(get('Connection: upgrade', 'Upgrade: h2c, websocket')).upgrade, 'websocket');
    assert.equal(headOf(get('Connection: upgrade', 'Upgrade: TLS/1.0, HTTP/2.0')).upgrade, undefined);
  });
});

describe('RequestParser: bodies', () => {
  const post = (lines: string, body: string) => `POST / HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n${body}`;

  it('of a length end there', () => {
    const outcome = parse(post('Content-Length: 5\r\n', `hello${get()}`));
    assert.deepEqual(outcome.messages[0]?.head.body, { kind: 'length', bytes: 5 });
    assert.deepEqual(outcome.messages[0]?.head.headers, ['content-length', '5']);
    assert.equal(outcome.messages[0]?.body, 'hello');
    assert.equal(outcome.complete, 2);
  });

  it('of length zero are none, with the field kept', () => {
    const head = headOf(post('Content-Length: 0\r\n', ''));
    assert.deepEqual(head.body, { kind: 'none' });
    assert.deepEqual(head.headers, ['content-length', '0']);
  });

  it('in chunks lose their framing, extensions and forbidden trailers', () => {
    const body =
      '5\r\nhello\r\n1;a;b=c;d="e \\" f"\r\n \r\n00A\r\n0123456789\r\n0;last\r\nX-Sum: 1\r\nContent-Length: 3\r\nHost: b.test\r\nAuthorization: x\r\n\r\n';
    const outcome = parse(post('Transfer-Encoding: Chunked\r\n', body));
    assert.deepEqual(outcome.messages[0]?.head.body, { kind: 'chunked' });
    assert.deepEqual(outcome.messages[0]?.head.headers, []);
    assert.equal(outcome.messages[0]?.body, 'hello 0123456789');
    assert.deepEqual(outcome.messages[0]?.trailers, ['x-sum', '1']);
  });

  it('of one message do not leak into the next', () => {
    const chunked = post('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n');
    const outcome = parse(`${chunked}${post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n')}${get()}`);
    assert.deepEqual(
      outcome.messages.map((message) => message.body),
      ['abc', '', ''],
    );
    assert.deepEqual(
      outcome.messages.map((message) => message.trailers),
      [['x-t', '1'], [], []],
    );
  });

  it('that are expected to be asked for are seen', () => {
    assert.equal(headOf(post('Content-Length: 1\r\nExpect: 100-Continue\r\n', 'a')).expectContinue, true);
    assert.equal(headOf(get('Expect: 100-continue')).expectContinue, false, 'nothing to wait for');
    const old = 'POST / HTTP/1.0\r\nHost: a.test\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na';
    assert.equal(headOf(old).expectContinue, false, 'HTTP/1.0 has no 100');
  });

  it('may be larger than 32 bits can say', () => {
    const outcome = parse(post('Content-Length: 9007199254740991\r\n', 'a'));
    assert.deepEqual(outcome.messages[0]?.head.body, { kind: 'length', bytes: Number.MAX_SAFE_INTEGER });
    assert.equal(outcome.midMessage, true);
  });
});

describe('RequestParser: statuses and flags', () => {
  const answers: readonly (readonly [text: string, status: number, flag: string])[] = [
    ['GET / HTTP/1.1\r\n\r\n', 400, 'bad_request'],
    ['CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n', 501, 'method_unsupported'],
    ['GET / HTTP/3.0\r\nHost: a.test\r\n\r\n', 505, 'version_unsupported'],
    [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a.test\r\n\r\n`, 414, 'uri_too_long'],
    [get(`X: ${'a'.repeat(17_000)}`), 431, 'headers_too_large'],
    [get(...Array.from({ length: 100 }, () => 'X: y')), 431, 'headers_too_large'],
    [get('Expect: more'), 417, 'expectation_failed'],
    [get('Content-Length: 99999999999999999999'), 413, 'body_too_large'],
    [get('Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 5'), 400, 'upgrade_refused'],
  ];
  for (const [text, status, flag] of answers) {
    it(`are ${status} ${flag} for ${JSON.stringify(text.slice(0, 60))}`, () => {
      const outcome = parse(text);
      assert.equal(outcome.status, status);
      assert.equal(outcome.flag, flag);
    });
  }
});

describe('RequestParser: limits', () => {
  const limits = { maxLineBytes: 40, maxHeadBytes: 120, maxHeaders: 3, maxTrailerBytes: 30, maxChunkExtensionBytes: 8 };

  it('let through what is exactly as large as allowed', () => {
    const line = `GET /${'a'.repeat(40 - 'GET / HTTP/1.1'.length)} HTTP/1.1\r\n`;
    const rest = 120 - line.length - 'Host: a.test\r\nX: \r\nY: z\r\n\r\n'.length;
    const head = `${line}Host: a.test\r\nX: ${'b'.repeat(rest)}\r\nY: z\r\n\r\n`;
    assert.equal(head.length, 120);
    assert.equal(headOf(head, { limits }).headers.length, 4);
  });

  it('refuse one byte, one field more', () => {
    assert.equal(parse(`GET /${'a'.repeat(27)} HTTP/1.1\r\nHost: a.test\r\n\r\n`, { limits }).rule, 'line-too-long');
    assert.equal(parse(get('A: b', 'C: d', 'E: f'), { limits }).rule, 'too-many-headers');
    const head = get('');
    const padding = 121 - head.length - 'X: \r\n'.length + '\r\n'.length;
    const tooLarge = get(`X: ${'b'.repeat(padding)}`);
    assert.equal(tooLarge.length, 121);
    assert.equal(parse(tooLarge, { limits }).rule, 'head-too-large');
  });

  it('hold for extensions and trailers of one message, not of the connection', () => {
    const post = (body: string) => `POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
    const good = post('1;abcdef\r\nx\r\n0\r\nX: 0123456789012345678901\r\n\r\n');
    assert.equal(parse(`${good}${good}${good}`, { limits }).complete, 3);
    assert.equal(parse(post('1;abcd\r\nx\r\n1;efghi\r\ny\r\n0\r\n\r\n'), { limits }).rule, 'chunk-extensions-too-large');
    assert.equal(parse(post('0\r\nX: 01234567890123456789012345\r\n\r\n'), { limits }).rule, 'trailers-too-large');
  });
});

describe('RequestParser: its life', () => {
  it('stops behind each message, so that pipelined bytes stay with the caller', () => {
    const handler = new RecordingHandler<RequestHead>();
    const parser = new RequestParser(defaultParserLimits, 'http', handler);
    const first = get('X: 1');
    const both = Buffer.from(first + get('X: 2'));
    assert.equal(parser.execute(both), first.length);
    assert.equal(handler.complete, 1);
    assert.equal(parser.midMessage, false);
    assert.equal(parser.execute(both.subarray(first.length)), both.length - first.length);
    assert.equal(handler.complete, 2);
  });

  it('is mid-message between the first byte and the end', () => {
    const parser = new RequestParser(defaultParserLimits, 'http', new RecordingHandler<RequestHead>());
    assert.equal(parser.midMessage, false);
    parser.execute(Buffer.from('\r\n'));
    assert.equal(parser.midMessage, false, 'an empty line is no message');
    parser.execute(Buffer.from('P'));
    assert.equal(parser.midMessage, true);
    parser.execute(Buffer.from('OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na'));
    assert.equal(parser.midMessage, true);
    parser.execute(Buffer.from('b'));
    assert.equal(parser.midMessage, false);
  });

  it('fails on FIN inside of a message only', () => {
    assert.equal(parse('', { finish: true }).rule, undefined);
    assert.equal(parse(get(), { finish: true }).rule, undefined);
    assert.equal(parse('GET / HT', { finish: true }).rule, 'eof-in-head');
    assert.equal(parse('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na', { finish: true }).rule, 'eof-in-body');
    assert.equal(parse('GET / HT', { finish: true }).flag, 'client_gone');
  });

  it('reads nothing more after a failure, until it is reset', () => {
    const handler = new RecordingHandler<RequestHead>();
    const parser = new RequestParser(defaultParserLimits, 'http', handler);
    parser.execute(Buffer.from('BAD\r\n\r\n'));
    assert.equal(parser.failure?.rule, 'bad-method');
    assert.equal(parser.execute(Buffer.from(get())), get().length);
    assert.equal(handler.messages.length, 0);
    parser.reset();
    assert.equal(parser.failure, undefined);
    parser.execute(Buffer.from(get()));
    assert.equal(handler.complete, 1);
  });
});

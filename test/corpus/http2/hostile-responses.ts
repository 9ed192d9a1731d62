import {
  ack,
  endHeaders,
  endStream,
  errorCodes,
  frame,
  frameTypes,
  headerBlock,
  hpackInteger,
  hpackLiteral,
  padded,
  type RawField,
  settingIds,
  settingsPayload,
  uint32,
  withPriority,
} from '../../tools/raw-http2.ts';

/** An answer of an HTTP/2 backend that must never reach a client as if it were one. */
export interface HostileHttp2Answer {
  /** What it breaks, as the log tells it. */
  readonly rule: string;
  readonly name: string;
  /** The fault is that of one stream, or of the whole connection. */
  readonly ends: 'stream' | 'connection';
  /** Of the RST_STREAM or the GOAWAY that the backend gets. */
  readonly code: number;
  /** The head is good: the client gets an answer that is cut. Otherwise 502. */
  readonly cut: boolean;
  readonly flag: 'upstream_protocol_error' | 'upstream_response_too_large';
  readonly method: 'GET' | 'HEAD';
  /** What comes for the request on `stream`. A request on `stream - 2` waits; the one before that was answered in full. */
  readonly frames: (stream: number) => Buffer;
}

type Frames = (stream: number) => Buffer;
type Options = Partial<Pick<HostileHttp2Answer, 'code' | 'cut' | 'flag' | 'method'>>;

const ok: RawField = [':status', '200'];
const { data, headers, priority, rstStream, settings, pushPromise, ping, goaway, windowUpdate, continuation } = frameTypes;
const { protocolError, flowControlError, streamClosed, frameSizeError, compressionError, enhanceYourCalm } = errorCodes;

/** What an attacker would like an HTTP/1.1 client to read as an answer of its own. */
const injected = '\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled';

function join(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts);
}

/** HEADERS with all of `fields`; the stream goes on. */
function head(stream: number, fields: readonly RawField[] = [ok], flags = 0): Buffer {
  return frame(headers, flags | endHeaders, stream, headerBlock(fields));
}

/** The same in frames of 16 KiB at most. */
function longHead(stream: number, fields: readonly RawField[], flags = 0): Buffer {
  const block = headerBlock(fields);
  const parts = Math.max(1, Math.ceil(block.length / 16_384));
  return join(
    ...Array.from({ length: parts }, (_, i) =>
      frame(
        i === 0 ? headers : continuation,
        (i === 0 ? flags : 0) | (i === parts - 1 ? endHeaders : 0),
        stream,
        block.subarray(i * 16_384, (i + 1) * 16_384),
      ),
    ),
  );
}

function body(stream: number, text: string, flags: number = endStream): Buffer {
  return frame(data, flags, stream, Buffer.from(text, 'latin1'));
}

function setting(id: number, value: number): Buffer {
  return frame(settings, 0, 0, settingsPayload([[id, value]]));
}

function cases(ends: 'stream' | 'connection', rule: string, list: Readonly<Record<string, Frames>>, options: Options = {}) {
  return Object.entries(list).map(
    ([name, frames]): HostileHttp2Answer => ({
      ...{ rule, name, ends, frames, code: protocolError, cut: false, flag: 'upstream_protocol_error', method: 'GET' },
      ...options,
    }),
  );
}

function ofStream(rule: string, list: Readonly<Record<string, Frames>>, options: Options = {}): HostileHttp2Answer[] {
  return cases('stream', rule, list, options);
}

function ofConnection(rule: string, code: number, list: Readonly<Record<string, Frames>>, options: Options = {}): HostileHttp2Answer[] {
  return cases('connection', rule, list, { ...options, code });
}

/** Whole answers whose header list is wrong. */
function heads(rule: string, lists: Readonly<Record<string, readonly RawField[]>>, options: Options = {}): HostileHttp2Answer[] {
  const list = Object.entries(lists).map(([name, fields]) => [name, (s: number) => join(longHead(s, fields), body(s, 'hello'))] as const);
  return ofStream(rule, Object.fromEntries(list), options);
}

/** Answers whose head and body are good, and whose trailers are not. */
function trailers(rule: string, lists: Readonly<Record<string, readonly RawField[]>>, options: Options = {}): HostileHttp2Answer[] {
  const list = Object.entries(lists).map(
    ([name, fields]) => [name, (s: number) => join(head(s), body(s, 'hello', 0), longHead(s, fields, endStream))] as const,
  );
  return ofStream(rule, Object.fromEntries(list), { ...options, cut: true });
}

function values(name: string, texts: readonly string[]): Readonly<Record<string, readonly RawField[]>> {
  return Object.fromEntries(
    texts.map((text) => [`${name}: ${JSON.stringify(text)}`, name === ':status' ? [[name, text]] : [ok, [name, text]]]),
  );
}

function names(texts: readonly string[]): Readonly<Record<string, readonly RawField[]>> {
  return Object.fromEntries(texts.map((text) => [`the name ${JSON.stringify(text)}`, [ok, [text, 'x']]]));
}

const many = (count: number): RawField[] => Array.from({ length: count }, (_, i) => [`x-${i}`, 'y']);

/** Header blocks that are no HPACK. They come after a good `:status`, so that the block is what is wrong. */
const garbage: Readonly<Record<string, Buffer>> = {
  'index 0': Buffer.from([0x80]),
  'an index past the end of the table': Buffer.from([0x80 | 100]),
  'an index of 4 GiB': hpackInteger(0x80, 7, 2 ** 32),
  'an integer without an end': Buffer.alloc(10, 0xff),
  'an integer that the block ends in': Buffer.from([0xff]),
  'a name index past the end of the table': join(hpackInteger(0x40, 6, 200), Buffer.from([0x01, 0x61])),
  'a string longer than the block': Buffer.from([0x00, 0x7f, 0xff, 0x7f, 0x61]),
  'a name without a value': Buffer.from([0x00, 0x01, 0x61]),
  'a Huffman string with EOS': Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]),
  'Huffman padding of eight bits': Buffer.from([0x00, 0x82, 0x07, 0xff, 0x00]),
  'Huffman padding of zeros': Buffer.from([0x00, 0x81, 0x00, 0x00]),
  'a change of the table size in its middle': hpackInteger(0x20, 5, 0),
};
const tableSizes: Readonly<Record<string, Buffer>> = {
  'a table over SETTINGS_HEADER_TABLE_SIZE': hpackInteger(0x20, 5, 4097),
  'a table of 4 GiB': hpackInteger(0x20, 5, 2 ** 32 - 1),
  'a table size without an end': Buffer.from([0x3f, 0xff, 0xff]),
};

function mapped(list: Readonly<Record<string, Buffer>>, toFrames: (bytes: Buffer) => Frames): Readonly<Record<string, Frames>> {
  return Object.fromEntries(Object.entries(list).map(([name, bytes]) => [name, toFrames(bytes)]));
}

export const hostileHttp2Answers: readonly HostileHttp2Answer[] = [
  // Header lists (RFC 9113 sections 8.1 to 8.3)
  ...heads('missing-pseudo', { 'no field at all': [], 'regular fields alone': [['x', 'y']] }),
  ...heads('bad-status', values(':status', ['', '0', '20', '99', '099', '000', '1000', '2000', '20x', '+20', '-20', '2.0', '0xc8', '101'])),
  ...heads('bad-status', {
    '101 with fields of HTTP/1.1': [
      [':status', '101'],
      ['sec-websocket-accept', 'x'],
    ],
  }),
  ...heads('value-edge-space', values(':status', ['200 ', ' 200', '200\t'])),
  ...heads('duplicate-pseudo', { 'two equal :status': [ok, ok], 'two unequal :status': [ok, [':status', '404']] }),
  ...heads('pseudo-after-field', {
    ':status after a field': [['x', 'y'], ok],
    'a second :status after a field': [ok, ['x', 'y'], [':status', '404']],
    ':path after a field': [ok, ['x', 'y'], [':path', '/']],
  }),
  ...heads('unknown-pseudo', {
    ':method in an answer': [[':method', 'GET'], ok],
    ':path in an answer': [ok, [':path', '/']],
    ':scheme in an answer': [ok, [':scheme', 'http']],
    ':authority in an answer': [ok, [':authority', 'a.example']],
    ':protocol in an answer': [ok, [':protocol', 'websocket']],
    'only request pseudo-fields': [
      [':method', 'GET'],
      [':path', '/'],
    ],
    ':reason': [ok, [':reason', 'OK']],
    ':Status': [[':Status', '200']],
    ':': [ok, [':', 'x']],
    '::status': [['::status', '200']],
  }),
  ...heads('upper-case-name', names(['X-Upper', 'x-uppeR', 'Content-Length', 'Transfer-Encoding', 'SET-COOKIE'])),
  ...heads('empty-name', { 'an empty name': [ok, ['', 'x']] }),
  ...heads('bad-name', names(['a b', 'a:', 'a:b', 'a\r\nb', 'a\nb', 'a\0', 'a\x7f', 'a\xe9', 'a(b', '"a"', 'a\t', ' a'])),
  ...heads('connection-field', {
    connection: [ok, ['connection', 'close']],
    'connection that nominates': [ok, ['connection', 'content-length']],
    'proxy-connection': [ok, ['proxy-connection', 'keep-alive']],
    'keep-alive': [ok, ['keep-alive', 'timeout=5']],
    'transfer-encoding: chunked': [ok, ['transfer-encoding', 'chunked']],
    'transfer-encoding: identity': [ok, ['transfer-encoding', 'identity']],
    'transfer-encoding beside content-length': [ok, ['content-length', '5'], ['transfer-encoding', 'chunked']],
    upgrade: [ok, ['upgrade', 'websocket']],
  }),
  ...heads('bare-cr', values('x', ['a\rb', 'a\r', '\ra', injected])),
  ...heads('bare-lf', values('x', ['a\nb', 'a\n', '\na', '\n\nHTTP/1.1 200 OK'])),
  ...heads('control-byte', values('x', ['a\0b', '\0', '\x01', '\x08', '\x0b', '\x1b[2J', '\x1f', '\x7f'])),
  ...heads('bare-cr', values(':status', ['200\r\nset-cookie: a=b', '200\r'])),
  ...heads('bare-lf', values(':status', ['200\nset-cookie: a=b'])),
  ...heads('control-byte', values(':status', ['200\0'])),
  ...heads('bare-cr', { 'a line end in set-cookie': [ok, ['set-cookie', 'a=b\r\nx: y']] }),
  ...heads('value-edge-space', values('x', [' a', 'a ', '\ta', 'a\t', ' ', '\t'])),
  ...heads('bad-content-length', values('content-length', ['', '-5', '+5', '5a', '0x5', '5,5', '5, 5', '05', '5.0', '1e1', 'five'])),
  ...heads('content-length-too-large', values('content-length', ['9007199254740992', '99999999999999999999'])),
  ...heads('duplicate-content-length', {
    'two equal content-length': [ok, ['content-length', '5'], ['content-length', '5']],
    'two unequal content-length': [ok, ['content-length', '5'], ['content-length', '6']],
  }),
  ...heads('control-byte', { 'NUL in content-length': [ok, ['content-length', '5\0']] }),
  ...heads(
    'head-too-large',
    { 'a head of 66,000 bytes in one field': [ok, ['x', 'y'.repeat(66_000)]] },
    { flag: 'upstream_response_too_large' },
  ),
  ...heads(
    'head-too-large',
    { 'a head of 200 fields of 400 bytes': [ok, ...many(200).map(([name]): RawField => [name, 'y'.repeat(400)])] },
    { flag: 'upstream_response_too_large' },
  ),
  ...heads('too-many-headers', { '257 fields': [ok, ...many(256)] }, { flag: 'upstream_response_too_large' }),
  ...ofStream(
    'head-too-large',
    {
      'one large field of the table a thousand times': (s) =>
        frame(
          headers,
          endHeaders | endStream,
          s,
          join(headerBlock([ok]), hpackLiteral(['x', 'y'.repeat(3900)], 0x40), Buffer.alloc(10_000, 0x80 | 62)),
        ),
    },
    { flag: 'upstream_response_too_large' },
  ),

  // Bodies against their heads
  ...ofStream(
    'content-length-mismatch',
    {
      'a body shorter than content-length': (s) => join(head(s, [ok, ['content-length', '10']]), body(s, 'hello')),
      'a body longer than content-length': (s) => join(head(s, [ok, ['content-length', '4']]), body(s, 'hello')),
      'a body longer than content-length in its second frame': (s) =>
        join(head(s, [ok, ['content-length', '5']]), body(s, 'hello', 0), body(s, injected)),
      'a body beside content-length: 0': (s) => join(head(s, [ok, ['content-length', '0']]), body(s, 'hello')),
      'trailers before the body is whole': (s) =>
        join(head(s, [ok, ['content-length', '10']]), body(s, 'hello', 0), head(s, [['x', 'y']], endStream)),
      'an empty last frame before the body is whole': (s) =>
        join(head(s, [ok, ['content-length', '10']]), body(s, 'hello', 0), body(s, '')),
    },
    { cut: true },
  ),
  ...ofStream('content-length-mismatch', { 'no body for its content-length': (s) => head(s, [ok, ['content-length', '10']], endStream) }),
  ...ofStream(
    'body-on-bodyless-answer',
    {
      'a body on 204': (s) => join(head(s, [[':status', '204']]), body(s, 'hello')),
      'a body on 304': (s) => join(head(s, [[':status', '304']]), body(s, 'hello')),
      'a body on 304 with its content-length': (s) =>
        join(
          head(s, [
            [':status', '304'],
            ['content-length', '5'],
          ]),
          body(s, 'hello'),
        ),
    },
    { cut: true },
  ),
  ...ofStream(
    'body-on-bodyless-answer',
    {
      'a body for HEAD': (s) => join(head(s), body(s, 'hello')),
      'a body for HEAD with its content-length': (s) => join(head(s, [ok, ['content-length', '5']]), body(s, 'hello')),
      'an answer within the body for HEAD': (s) => join(head(s), body(s, injected)),
    },
    { cut: true, method: 'HEAD' },
  ),
  ...ofStream('body-on-bodyless-answer', {
    'content-length on 204': (s) =>
      head(
        s,
        [
          [':status', '204'],
          ['content-length', '5'],
        ],
        endStream,
      ),
    'content-length on 100': (s) =>
      join(
        head(s, [
          [':status', '100'],
          ['content-length', '5'],
        ]),
        head(s),
        body(s, 'hello'),
      ),
    'content-length on 103': (s) =>
      join(
        head(s, [
          [':status', '103'],
          ['content-length', '5'],
        ]),
        head(s),
        body(s, 'hello'),
      ),
  }),

  // The sequence of an answer's frames (8.1)
  ...ofStream('data-before-head', {
    'DATA before HEADERS': (s) => join(body(s, 'hello', 0), head(s), body(s, 'hello')),
    'DATA alone': (s) => body(s, 'hello'),
    'empty DATA before HEADERS': (s) => join(body(s, '', 0), head(s), body(s, 'hello')),
    'empty DATA that ends the stream': (s) => body(s, ''),
    'DATA of padding before HEADERS': (s) => join(frame(data, padded, s, Buffer.from([3, 0, 0, 0])), head(s), body(s, 'hello')),
    'DATA after 103 alone': (s) => join(head(s, [[':status', '103']]), body(s, 'hello')),
  }),
  ...ofStream('informational-with-end', {
    '100 that ends the stream': (s) => head(s, [[':status', '100']], endStream),
    '103 that ends the stream': (s) => head(s, [[':status', '103']], endStream),
    '199 that ends the stream': (s) => head(s, [[':status', '199']], endStream),
  }),
  ...ofStream('too-many-informational', {
    '33 times 103': (s) => join(...Array.from({ length: 33 }, () => head(s, [[':status', '103']])), head(s), body(s, 'hello')),
    '1,000 times 100': (s) => join(...Array.from({ length: 1000 }, () => head(s, [[':status', '100']])), head(s), body(s, 'hello')),
  }),
  ...ofStream(
    'trailers-without-end',
    {
      'two heads': (s) => join(head(s), head(s, [[':status', '404']]), body(s, 'hello')),
      'two heads with a body between': (s) => join(head(s), body(s, 'hello', 0), head(s), body(s, 'other')),
      'trailers without END_STREAM': (s) => join(head(s), body(s, 'hello', 0), head(s, [['x', 'y']])),
      'trailers without END_STREAM, then DATA': (s) => join(head(s), body(s, 'hello', 0), head(s, [['x', 'y']]), body(s, injected)),
      '103 after the head': (s) => join(head(s), head(s, [[':status', '103']]), body(s, 'hello')),
      'empty trailers without END_STREAM': (s) => join(head(s), body(s, 'hello', 0), head(s, [])),
    },
    { cut: true },
  ),
  ...trailers('pseudo-in-trailers', {
    ':status in trailers': [ok],
    ':status after a trailer': [['x', 'y'], ok],
    ':path in trailers': [[':path', '/']],
    'an unknown pseudo-field in trailers': [[':x', 'y']],
  }),
  ...trailers('connection-field', {
    'transfer-encoding in trailers': [['transfer-encoding', 'chunked']],
    'connection in trailers': [['connection', 'close']],
  }),
  ...trailers('upper-case-name', { 'an upper-case name in trailers': [['X-Sum', '5']] }),
  ...trailers('bad-name', { 'a line end in the name of a trailer': [['x\r\ny', '5']] }),
  ...trailers('bare-cr', { 'a line end in trailers': [['x', injected]] }),
  ...trailers('bare-lf', { 'a bare line feed in trailers': [['x', 'a\nb']] }),
  ...trailers('control-byte', { 'NUL in trailers': [['x', 'a\0']] }),
  ...trailers('value-edge-space', { 'a space at the end of a trailer': [['x', 'a ']] }),
  ...trailers('trailers-too-large', { 'trailers of 66,000 bytes': [['x', 'y'.repeat(66_000)]] }, { flag: 'upstream_response_too_large' }),
  ...trailers('too-many-headers', { '257 trailers': many(257) }, { flag: 'upstream_response_too_large' }),

  // Frames that break one stream (5.1, 6)
  ...ofStream('window-increment-0', { 'WINDOW_UPDATE of 0 for the stream': (s) => frame(windowUpdate, 0, s, uint32(0)) }),
  ...ofStream(
    'window-increment-0',
    { 'WINDOW_UPDATE of 0 in the midst of the body': (s) => join(head(s), body(s, 'hello', 0), frame(windowUpdate, 0, s, uint32(0))) },
    { cut: true },
  ),
  ...ofStream(
    'window-overflow',
    {
      "the stream's window past 2^31-1": (s) => frame(windowUpdate, 0, s, uint32(2 ** 31 - 1)),
      "the stream's window past 2^31-1 in two steps": (s) =>
        join(frame(windowUpdate, 0, s, uint32(2 ** 30)), frame(windowUpdate, 0, s, uint32(2 ** 30))),
    },
    { code: flowControlError },
  ),

  // Frames that break the connection: lengths
  ...ofConnection('frame-too-large', frameSizeError, {
    'DATA of 16,385 bytes': (s) => join(head(s), frame(data, 0, s, Buffer.alloc(16_385))),
    'HEADERS of 16,385 bytes': (s) => frame(headers, endHeaders, s, Buffer.alloc(16_385)),
    'SETTINGS of 16,386 bytes': () => frame(settings, 0, 0, Buffer.alloc(16_386)),
    'an unknown frame of 1 MiB': () => frame(0x42, 0, 0, Buffer.alloc(1_048_576)),
    'a length of 2^24-1': () => Buffer.from([0xff, 0xff, 0xff, headers, endHeaders, 0, 0, 0, 1]),
  }).map((each) => (each.name.startsWith('DATA') ? { ...each, cut: true } : each)),
  ...ofConnection('frame-length', frameSizeError, {
    'SETTINGS of five bytes': () => frame(settings, 0, 0, Buffer.alloc(5)),
    'SETTINGS of seven bytes': () => frame(settings, 0, 0, Buffer.alloc(7)),
    'an acknowledgement of SETTINGS with a payload': () => frame(settings, ack, 0, settingsPayload([[settingIds.enablePush, 0]])),
    'PING of seven bytes': () => frame(ping, 0, 0, Buffer.alloc(7)),
    'PING of nine bytes': () => frame(ping, 0, 0, Buffer.alloc(9)),
    'PING without a byte': () => frame(ping, ack, 0),
    'RST_STREAM of three bytes': (s) => frame(rstStream, 0, s, Buffer.alloc(3)),
    'RST_STREAM of five bytes': (s) => frame(rstStream, 0, s, Buffer.alloc(5)),
    'PRIORITY of four bytes': (s) => frame(priority, 0, s, Buffer.alloc(4)),
    'PRIORITY of six bytes': (s) => frame(priority, 0, s, Buffer.alloc(6)),
    'WINDOW_UPDATE of three bytes': (s) => frame(windowUpdate, 0, s, Buffer.alloc(3)),
    'WINDOW_UPDATE of five bytes': () => frame(windowUpdate, 0, 0, Buffer.alloc(5)),
    'GOAWAY of seven bytes': () => frame(goaway, 0, 0, Buffer.alloc(7)),
    'padded HEADERS without a length of padding': (s) => frame(headers, endHeaders | padded, s),
    'HEADERS with a priority of four bytes': (s) => frame(headers, endHeaders | withPriority, s, Buffer.alloc(4)),
    'HEADERS with priority and padding in too few bytes': (s) =>
      frame(headers, endHeaders | withPriority | padded, s, Buffer.from([2, 0, 0, 0, 0, 0, 0])),
  }),
  ...ofConnection(
    'frame-length',
    frameSizeError,
    { 'padded DATA without a length of padding': (s) => join(head(s), frame(data, padded, s)) },
    { cut: true },
  ),
  ...ofConnection('padding-too-long', protocolError, {
    'HEADERS with more padding than payload': (s) => frame(headers, endHeaders | padded, s, join(Buffer.from([200]), headerBlock([ok]))),
    'HEADERS with padding of 1 in no byte': (s) => frame(headers, endHeaders | padded, s, Buffer.from([1])),
  }),
  ...ofConnection(
    'padding-too-long',
    protocolError,
    {
      'DATA with more padding than payload': (s) => join(head(s), frame(data, padded | endStream, s, Buffer.from([6, 0, 0, 0, 0, 0]))),
      'DATA with padding of its whole length': (s) => join(head(s), frame(data, padded | endStream, s, Buffer.from([1]))),
    },
    { cut: true },
  ),

  // Stream ids (5.1.1)
  ...ofConnection('frame-on-stream-0', protocolError, {
    'DATA on stream 0': () => frame(data, 0, 0, Buffer.from('hello')),
    'HEADERS on stream 0': () => head(0),
    'RST_STREAM on stream 0': () => frame(rstStream, 0, 0, uint32(8)),
    'PRIORITY on stream 0': () => frame(priority, 0, 0, Buffer.alloc(5)),
  }),
  ...ofConnection('frame-not-on-stream-0', protocolError, {
    'SETTINGS on a stream': (s) => frame(settings, 0, s),
    'an acknowledgement of SETTINGS on a stream': (s) => frame(settings, ack, s),
    'PING on a stream': (s) => frame(ping, 0, s, Buffer.alloc(8)),
    'GOAWAY on a stream': (s) => frame(goaway, 0, s, Buffer.alloc(8)),
  }),
  ...ofConnection('frame-on-idle-stream', protocolError, {
    'DATA on an idle stream': (s) => body(s + 2, 'hello'),
    'HEADERS on an idle stream': (s) => head(s + 2),
    'HEADERS on an idle stream far away': () => head(2 ** 31 - 1),
    'HEADERS with CONTINUATION on an idle stream': (s) =>
      join(frame(headers, 0, s + 2, headerBlock([ok])), frame(continuation, endHeaders, s + 2)),
    'RST_STREAM on an idle stream': (s) => frame(rstStream, 0, s + 2, uint32(8)),
    'WINDOW_UPDATE on an idle stream': (s) => frame(windowUpdate, 0, s + 2, uint32(1)),
    'DATA on an even stream': () => body(2, 'hello'),
    'HEADERS on an even stream': () => head(2),
    'HEADERS on an even stream far away': () => head(2 ** 31 - 2),
    'RST_STREAM on an even stream': () => frame(rstStream, 0, 2, uint32(8)),
    'WINDOW_UPDATE on an even stream': () => frame(windowUpdate, 0, 2, uint32(1)),
  }),

  // CONTINUATION (6.10)
  ...ofConnection('continuation-without-headers', protocolError, {
    'CONTINUATION alone': (s) => frame(continuation, endHeaders, s, headerBlock([ok])),
    'CONTINUATION on stream 0': () => frame(continuation, endHeaders, 0),
    'CONTINUATION on an idle stream': (s) => frame(continuation, 0, s + 2),
  }),
  ...ofConnection(
    'continuation-without-headers',
    protocolError,
    {
      'CONTINUATION after END_HEADERS': (s) => join(head(s), frame(continuation, endHeaders, s, headerBlock([['x', 'y']]))),
      'CONTINUATION after DATA': (s) => join(head(s), body(s, 'hello', 0), frame(continuation, endHeaders, s)),
    },
    { cut: true },
  ),
  ...ofConnection(
    'frame-inside-header-block',
    protocolError,
    mapped(
      {
        'DATA within a header block': body(1, 'hello'),
        'SETTINGS within a header block': frame(settings, 0, 0),
        'PING within a header block': frame(ping, 0, 0, Buffer.alloc(8)),
        'RST_STREAM within a header block': frame(rstStream, 0, 1, uint32(8)),
        'WINDOW_UPDATE within a header block': frame(windowUpdate, 0, 0, uint32(1)),
        'GOAWAY within a header block': frame(goaway, 0, 0, Buffer.alloc(8)),
        'HEADERS within a header block': head(1),
        'an unknown frame within a header block': frame(0x42, 0, 0),
        'PUSH_PROMISE within a header block': frame(pushPromise, endHeaders, 1, uint32(2)),
      },
      (bytes) => (s) => join(frame(headers, 0, s, headerBlock([ok])), bytes),
    ),
  ),
  ...ofConnection('frame-inside-header-block', protocolError, {
    'CONTINUATION of another stream': (s) => join(frame(headers, 0, s, headerBlock([ok])), frame(continuation, endHeaders, s - 2)),
    'CONTINUATION of stream 0': (s) => join(frame(headers, 0, s, headerBlock([ok])), frame(continuation, endHeaders, 0)),
    'HEADERS of the same stream within a header block': (s) => join(frame(headers, 0, s, headerBlock([ok])), head(s)),
  }),
  ...ofConnection('too-many-continuations', enhanceYourCalm, {
    '100 empty CONTINUATION frames': (s) =>
      join(frame(headers, 0, s, headerBlock([ok])), ...Array.from({ length: 100 }, () => frame(continuation, 0, s))),
    'a head in pieces of one byte': (s) =>
      join(
        ...[...headerBlock([ok, ['x-long', 'y'.repeat(40)]])].map((byte, i) =>
          frame(i === 0 ? headers : continuation, 0, s, Buffer.from([byte])),
        ),
      ),
  }),
  ...ofConnection('header-block-too-large', enhanceYourCalm, {
    'a header block of 140,000 bytes': (s) => longHead(s, [ok, ['x', 'y'.repeat(140_000)]]),
    'ten full CONTINUATION frames': (s) =>
      join(frame(headers, 0, s, headerBlock([ok])), ...Array.from({ length: 10 }, () => frame(continuation, 0, s, Buffer.alloc(16_384)))),
  }),

  // HPACK (RFC 7541)
  ...ofConnection(
    'bad-compression',
    compressionError,
    mapped(garbage, (bytes) => (s) => frame(headers, endHeaders | endStream, s, join(headerBlock([ok]), bytes))),
  ),
  ...ofConnection(
    'bad-compression',
    compressionError,
    mapped(tableSizes, (bytes) => (s) => frame(headers, endHeaders | endStream, s, join(bytes, headerBlock([ok])))),
  ),
  ...ofConnection('bad-compression', compressionError, {
    'garbage in a continued block': (s) =>
      join(frame(headers, 0, s, headerBlock([ok])), frame(continuation, endHeaders, s, Buffer.from([0x80]))),
    'an entry that a smaller table has lost': (s) =>
      join(
        frame(headers, endHeaders, s, join(headerBlock([[':status', '103']]), hpackLiteral(['x', 'y'], 0x40))),
        frame(headers, endHeaders | endStream, s, join(hpackInteger(0x20, 5, 0), headerBlock([ok]), Buffer.from([0x80 | 62]))),
      ),
  }),
  ...ofConnection(
    'bad-compression',
    compressionError,
    { 'garbage in trailers': (s) => join(head(s), body(s, 'hello', 0), frame(headers, endHeaders | endStream, s, Buffer.from([0x80]))) },
    { cut: true },
  ),

  // Server push (8.4), which our SETTINGS refuse
  ...ofConnection('push-refused', protocolError, {
    'PUSH_PROMISE on the stream': (s) => frame(pushPromise, endHeaders, s, join(uint32(2), headerBlock([[':method', 'GET']]))),
    'PUSH_PROMISE on stream 0': () => frame(pushPromise, endHeaders, 0, uint32(2)),
    'PUSH_PROMISE on an idle stream': (s) => frame(pushPromise, endHeaders, s + 2, uint32(2)),
    'PUSH_PROMISE of an odd stream': (s) => frame(pushPromise, endHeaders, s, uint32(s + 2)),
    'PUSH_PROMISE without END_HEADERS': (s) => frame(pushPromise, 0, s, uint32(2)),
    'empty PUSH_PROMISE': (s) => frame(pushPromise, endHeaders, s),
  }),
  ...ofConnection(
    'push-refused',
    protocolError,
    { 'PUSH_PROMISE after the head': (s) => join(head(s), frame(pushPromise, endHeaders, s, uint32(2))) },
    { cut: true },
  ),

  // SETTINGS (6.5.2)
  ...ofConnection('bad-setting', protocolError, {
    'ENABLE_PUSH of 1, which servers may not say': () => setting(settingIds.enablePush, 1),
    'ENABLE_PUSH of 2': () => setting(settingIds.enablePush, 2),
    'MAX_FRAME_SIZE of 16,383': () => setting(settingIds.maxFrameSize, 16_383),
    'MAX_FRAME_SIZE of 0': () => setting(settingIds.maxFrameSize, 0),
    'MAX_FRAME_SIZE of 2^24': () => setting(settingIds.maxFrameSize, 2 ** 24),
    'ENABLE_CONNECT_PROTOCOL of 2': () => setting(8, 2),
    'NO_RFC7540_PRIORITIES of 2': () => setting(9, 2),
    'a bad setting after a good one': () =>
      frame(
        settings,
        0,
        0,
        settingsPayload([
          [settingIds.maxConcurrentStreams, 10],
          [settingIds.maxFrameSize, 1],
        ]),
      ),
  }),
  ...ofConnection('bad-window-setting', flowControlError, {
    'INITIAL_WINDOW_SIZE of 2^31': () => setting(settingIds.initialWindowSize, 2 ** 31),
    'INITIAL_WINDOW_SIZE of 2^32-1': () => setting(settingIds.initialWindowSize, 2 ** 32 - 1),
  }),

  // Flow control (6.9)
  ...ofConnection('window-increment-0', protocolError, {
    'WINDOW_UPDATE of 0 for the connection': () => frame(windowUpdate, 0, 0, uint32(0)),
    'WINDOW_UPDATE of 0 with the reserved bit': () => frame(windowUpdate, 0, 0, uint32(2 ** 31)),
  }),
  ...ofConnection('window-overflow', flowControlError, {
    "the connection's window past 2^31-1": () => frame(windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
    'a window of a stream past 2^31-1 by SETTINGS': (s) =>
      join(frame(windowUpdate, 0, s, uint32(2 ** 30)), setting(settingIds.initialWindowSize, 2 ** 31 - 1)),
  }),

  // After the end of a stream (5.1)
  ...ofConnection('stream-is-closed', streamClosed, {
    'DATA after an answer that was whole': (s) => body(s - 4, injected),
    'empty DATA after an answer that was whole': (s) => body(s - 4, '', 0),
    'HEADERS after an answer that was whole': (s) => head(s - 4),
    'trailers after an answer that was whole': (s) => head(s - 4, [['x', 'y']], endStream),
  }),
];

/** What a backend says before anything else, and the rule that it breaks. */
export interface HostileHttp2Opening {
  readonly rule: string;
  readonly name: string;
  /** Of the GOAWAY. */
  readonly code: number;
  readonly bytes: Buffer;
}

function openings(rule: string, code: number, list: Readonly<Record<string, Buffer>>): HostileHttp2Opening[] {
  return Object.entries(list).map(([name, bytes]) => ({ rule, name, code, bytes }));
}

export const hostileHttp2Openings: readonly HostileHttp2Opening[] = [
  ...openings('settings-not-first', protocolError, {
    'HEADERS before SETTINGS': join(head(1), body(1, 'hello')),
    'DATA before SETTINGS': body(1, 'hello'),
    'PING before SETTINGS': frame(ping, 0, 0, Buffer.alloc(8)),
    'GOAWAY before SETTINGS': frame(goaway, 0, 0, Buffer.alloc(8)),
    'WINDOW_UPDATE before SETTINGS': frame(windowUpdate, 0, 0, uint32(1)),
    'an acknowledgement before SETTINGS': frame(settings, ack, 0),
    'an unknown frame before SETTINGS': frame(0x42, 0, 0),
    'PUSH_PROMISE before SETTINGS': frame(pushPromise, endHeaders, 1, uint32(2)),
    'CONTINUATION before SETTINGS': frame(continuation, endHeaders, 1),
  }),
  ...openings('frame-length', frameSizeError, { 'SETTINGS of five bytes': frame(settings, 0, 0, Buffer.alloc(5)) }),
  ...openings('frame-not-on-stream-0', protocolError, { 'SETTINGS on stream 1': frame(settings, 0, 1) }),
  ...openings('bad-setting', protocolError, {
    'a bad MAX_FRAME_SIZE': setting(settingIds.maxFrameSize, 1),
    'ENABLE_PUSH of 1': setting(settingIds.enablePush, 1),
  }),
  ...openings('bad-window-setting', flowControlError, { 'a bad INITIAL_WINDOW_SIZE': setting(settingIds.initialWindowSize, 2 ** 31) }),
  ...openings('frame-too-large', frameSizeError, {
    'the greeting of an SMTP server': Buffer.from('220 mail.example ESMTP\r\n'),
    'a TLS alert': Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46, 0x00, 0x00, 0x00, 0x00]),
  }),
  ...openings('frame-on-idle-stream', protocolError, {
    'an answer before there was a request': join(frame(settings, 0, 0), head(1), body(1, 'hello')),
    'DATA before there was a request': join(frame(settings, 0, 0), body(1, 'hello')),
    'RST_STREAM before there was a request': join(frame(settings, 0, 0), frame(rstStream, 0, 1, uint32(7))),
  }),
];

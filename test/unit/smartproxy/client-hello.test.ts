import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxHelloBytes, parseClientHello } from '../../../src/smartproxy/client-hello.ts';
import { extension, hello, helloMessage, records } from '../../tools/smartproxy/client-hello-bytes.ts';

test('a client hello gives server name, protocols and whether TLS 1.3 is offered', () => {
  const result = parseClientHello(hello({ serverName: 'shop.example.com', alpn: ['h2', 'http/1.1'] }));
  assert.deepEqual(result, { kind: 'hello', serverName: 'shop.example.com', alpn: ['h2', 'http/1.1'], offersTls13: true });
});

test('a server name is lower-cased and loses its trailing dot', () => {
  const result = parseClientHello(hello({ serverName: 'Shop.EXAMPLE.com.' }));
  assert.equal(result.kind === 'hello' && result.serverName, 'shop.example.com');
});

test('a hello without a server name has none', () => {
  const result = parseClientHello(hello({ serverName: '' }));
  assert.deepEqual(result, { kind: 'hello', serverName: undefined, alpn: ['h2', 'http/1.1'], offersTls13: true });
});

test('a hello without any extension is a TLS 1.2 one without a name', () => {
  const result = parseClientHello(hello({ withoutExtensions: true }));
  assert.deepEqual(result, { kind: 'hello', serverName: undefined, alpn: [], offersTls13: false });
});

test('GREASE extensions, versions and an ECH outer hello are passed over', () => {
  const extra = [
    [0x0a0a, Buffer.alloc(0)],
    [0xfafa, Buffer.from([0])],
    [0xfe0d, Buffer.alloc(200, 3)],
  ] as const;
  const result = parseClientHello(hello({ extra, versions: [0x3a3a, 0x0303] }));
  assert.deepEqual(result, { kind: 'hello', serverName: 'shop.example.com', alpn: ['h2', 'http/1.1'], offersTls13: false });
});

for (const recordBytes of [1, 3, 4, 5, 100, 1000]) {
  test(`a hello in TLS records of ${recordBytes} bytes is put together (lesson 54)`, () => {
    const result = parseClientHello(hello({}, recordBytes));
    assert.equal(result.kind === 'hello' && result.serverName, 'shop.example.com');
  });
}

test('bytes after the hello do not matter', () => {
  const result = parseClientHello(Buffer.concat([hello(), Buffer.alloc(500, 0xff)]));
  assert.equal(result.kind, 'hello');
});

test('a beginning of a hello needs more, and says how much', () => {
  const bytes = hello();
  assert.deepEqual(parseClientHello(Buffer.alloc(0)), { kind: 'need-more', bytes: 5 });
  assert.deepEqual(parseClientHello(bytes.subarray(0, 5)), { kind: 'need-more', bytes: 9 });
  assert.deepEqual(parseClientHello(bytes.subarray(0, 20)), { kind: 'need-more', bytes: bytes.length });
});

test('what does not begin like TLS is not-tls from the first byte', () => {
  for (const text of ['G', 'GET / HTTP/1.1', '\x80\x2e\x01', '\x16\x02', '\0']) {
    assert.equal(parseClientHello(Buffer.from(text, 'latin1')).kind, 'not-tls', JSON.stringify(text));
  }
});

const invalid: readonly (readonly [string, Buffer, string])[] = [
  ['an empty record', Buffer.from([22, 3, 1, 0, 0]), 'record-length'],
  ['a record over 16 KiB', Buffer.from([22, 3, 1, 0x40, 1]), 'record-length'],
  ['another handshake message', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]), 'not-client-hello'],
  ['a message over the limit', Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0]), 'too-large'],
  ['an alert record among the fragments', Buffer.concat([hello({}, 50).subarray(0, 55), Buffer.from([21, 3, 1, 0, 2])]), 'record-type'],
  ['an empty body', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0]), 'truncated-field'],
  ['two server names', hello({ extra: [[0, extension(0, Buffer.alloc(0))]] }), 'server-name'],
  [
    'the same extension twice',
    hello({
      extra: [
        [0x0a0a, Buffer.alloc(0)],
        [0x0a0a, Buffer.alloc(0)],
      ],
    }),
    'duplicate-extension',
  ],
  ['an empty server name list', hello({ serverName: '', extra: [[0, Buffer.from([0, 0])]] }), 'server-name'],
  ['a server name with a NUL', hello({ serverName: 'a\0b' }), 'server-name'],
  ['a server name with a space', hello({ serverName: 'a b' }), 'server-name'],
  ['a server name with a slash', hello({ serverName: '../etc' }), 'server-name'],
  ['a server name with bytes over 127', hello({ serverName: Buffer.from([0xc3, 0xa9]) }), 'server-name'],
  ['a server name with an empty label', hello({ serverName: 'a..b' }), 'server-name'],
  ['a server name of dots', hello({ serverName: '.' }), 'server-name'],
  ['a server name over 253 bytes', hello({ serverName: 'a'.repeat(254) }), 'server-name'],
  ['an empty protocol name', hello({ alpn: [''] }), 'alpn'],
  ['bytes after the extensions', records(withTail(helloMessage())), 'trailing-bytes'],
];

/** The message with a byte more, and its length set right. */
function withTail(message: Buffer): Buffer {
  const longer = Buffer.concat([message, Buffer.from([0])]);
  longer.writeUIntBE(longer.length - 4, 1, 3);
  return longer;
}

for (const [name, bytes, reason] of invalid) {
  test(`${name} is invalid: ${reason}`, () => {
    assert.deepEqual(parseClientHello(bytes), { kind: 'invalid', reason });
  });
}

test('a hello in ever more tiny records is refused at the limit', () => {
  const record = Buffer.from([22, 3, 1, 0, 1, 0]);
  const bytes = Buffer.concat([
    Buffer.from([22, 3, 1, 0, 4, 1, 0, 0x3f, 0xff]),
    ...Array.from({ length: maxHelloBytes / 6 }, () => record),
  ]);
  assert.deepEqual(parseClientHello(bytes), { kind: 'invalid', reason: 'too-large' });
});

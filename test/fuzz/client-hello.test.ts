import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { type ClientHelloResult, maxHelloBytes, parseClientHello } from '../../src/smartproxy/client-hello.ts';
import { extension, genuineHello, hello, records } from '../tools/smartproxy/client-hello-bytes.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';
import { fuzz } from './engine/fuzz.ts';
import { Random, seedOf } from './engine/random.ts';

const genuine = await genuineHello('shop.example.com');
const secureContext: SecureContext = createSecureContext(await makeTestCertificate('shop.example.com'));

fuzz({
  name: 'client-hello',
  isText: false,
  seeds: [
    genuine,
    records(genuine.subarray(5), 100),
    ...[hello(), hello({}, 40), hello({ serverName: '' }), hello({ alpn: [] }), hello({ withoutExtensions: true })],
    hello({ serverName: 'UPPER.example.' }),
    hello({ extra: [extensionOf(0x0a0a, 0), extensionOf(0xfe0d, 40)], versions: [0x0a0a, 0x0304] }),
  ],
  words: [
    ...['\x16\x03\x01', '\x16\x03\x03\x00\x01', '\x01\x00', '\x00\x00', '\x00\x10', '\x00\x2b', '\x03\x04', '\x02h2', '\x08http/1.1', '.'],
    ...[
      'example.com',
      'EXAMPLE',
      '\x15\x03\x01\x00\x02',
      '\xff\xff',
      '\x00\x05',
      '\x00\x08',
      '\x00',
      '\xc0',
      '_',
      '-',
      '\x0a\x0a',
      '\xfe\x0d',
    ],
    extension(0, Buffer.from('\0\x06\0\0\x03a.b', 'latin1')).toString('latin1'),
    extension(16, Buffer.from('\0\x03\x02h2', 'latin1')).toString('latin1'),
  ],
  async check(input) {
    const whole = parseClientHello(input);
    assertVerdictIsFinal(input, whole);
    if (whole.kind === 'hello') await assertReadAlike(input, whole);
  },
});

function extensionOf(type: number, bytes: number): readonly [number, Buffer] {
  return [type, Buffer.alloc(bytes, 1)];
}

/** Beginnings of many lengths never contradict the whole; what is waited for is bounded, and not more than needed. */
function assertVerdictIsFinal(input: Buffer, whole: ClientHelloResult): void {
  const random = new Random(seedOf(input));
  for (let length = 0; length < input.length; length += length < 12 ? 1 : 1 + random.int(24)) {
    const early = parseClientHello(input.subarray(0, length));
    if (early.kind !== 'need-more') assert.deepEqual(early, whole, `after ${length} bytes`);
    else assert.ok(early.bytes > length && early.bytes <= maxHelloBytes);
    if (early.kind === 'need-more' && whole.kind === 'hello') assert.ok(early.bytes <= input.length);
  }
  // Asked for bytes in the counts that it names, it comes to the same end.
  let result = parseClientHello(Buffer.alloc(0));
  for (let turns = 0; result.kind === 'need-more' && result.bytes <= input.length; turns++) {
    assert.ok(turns <= input.length, 'every turn wants more');
    result = parseClientHello(input.subarray(0, result.bytes));
  }
  if (result.kind !== 'need-more') assert.deepEqual(result, whole);
}

/** The name and protocols that OpenSSL reads in a hello are those that we have chosen the route and certificate by. */
async function assertReadAlike(input: Buffer, ours: Extract<ClientHelloResult, { kind: 'hello' }>): Promise<void> {
  if (ours.serverName !== undefined) assert.match(ours.serverName, /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/);
  const seen = await readWithOpenSsl(input);
  if (seen.serverName !== undefined) assert.equal(seen.serverName.toLowerCase().replace(/\.$/, ''), ours.serverName);
  if (seen.alpn !== undefined) assert.deepEqual(seen.alpn, ours.alpn.map(asAscii));
}

/** As Node gives protocols to its callback: without the highest bit. */
function asAscii(protocol: string): string {
  return Buffer.from(protocol, 'latin1').toString('ascii');
}

interface OpenSslView {
  serverName?: string;
  alpn?: readonly string[];
}

/** Lets a TLS server read the hello, and looks at what it asks its callbacks; nothing is there when it refuses the hello before. */
async function readWithOpenSsl(input: Buffer): Promise<OpenSslView> {
  const view: OpenSslView = {};
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  const wire = new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => {
      end();
      done();
    },
  });
  const socket = new TLSSocket(wire, {
    isServer: true,
    secureContext,
    SNICallback: (serverName, callback) => {
      view.serverName = serverName;
      callback(null, secureContext);
    },
    ALPNCallback: ({ protocols }) => {
      view.alpn = protocols;
      return protocols[0];
    },
  });
  socket.on('error', end);
  wire.on('error', end);
  wire.push(input);
  for (let turn = 0; turn < 8 && !isOver; turn++) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  wire.destroy();
  return view;
}

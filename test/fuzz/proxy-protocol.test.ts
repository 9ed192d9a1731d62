import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { encodeProxyV2 } from '../../src/proxy-header/encode-proxy-header.ts';
import type { ProxyAddresses } from '../../src/proxy-header/proxy-header.ts';
import { type ProxyHeaderResult, parseProxyHeader } from '../../src/smartproxy/proxy-protocol.ts';
import { fuzz } from './engine/fuzz.ts';

const addresses: ProxyAddresses = {
  sourceAddress: '192.0.2.1',
  sourcePort: 40_000,
  destinationAddress: '198.51.100.7',
  destinationPort: 443,
};
const ipv6: ProxyAddresses = { ...addresses, sourceAddress: '2001:db8::1', destinationAddress: '::1' };
const lines = [
  ...[
    'PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\nGET',
    'PROXY TCP6 2001:db8::1 ::1 1 65535\r\n',
    'PROXY UNKNOWN\r\n',
    'PROXY UNKNOWN x y\r\n',
  ],
  ...[
    'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 0 0\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n',
    'PROXY TCP4 1.2.3.4  1.2.3.4 1 1\r\n',
    'PROXY TCP6 ::%- :: 0 0\r\n',
  ],
];

fuzz({
  name: 'proxy-protocol',
  isText: true,
  seeds: [
    ...lines.map((line) => Buffer.from(line, 'latin1')),
    encodeProxyV2(addresses, []),
    encodeProxyV2(ipv6, [{ type: 0xe0, value: Buffer.from('id') }]),
    Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'), Buffer.from('data')]),
  ],
  words: [
    ...['PROXY ', 'TCP4', 'TCP6', 'UNKNOWN', ' ', '\r\n', '\r', '\n', '0', '65535', '::', '::ffff:', '1.2.3.4', '.', ':', '%lo', '00'],
    ...['\r\n\r\n\0\r\nQUIT\n', '\x21\x11\x00\x0c', '\x21\x21\x00\x24', '\x20\x00\x00\x00', '\x21\x12', '\x31\x11', '\x22', '\x00\x00\x00'],
  ],
  check(input) {
    const whole = parseProxyHeader(input);
    assertVerdictIsFinal(input, whole);
    if (whole.kind === 'need-more') {
      assert.ok(whole.bytes > input.length && whole.bytes <= 16 + 4096, 'what is waited for is bounded');
      return;
    }
    if (whole.kind === 'invalid') return;
    assert.ok(whole.bytes >= 8 && whole.bytes <= input.length);
    if (whole.kind === 'proxied') assertUnderstood(input, whole);
  },
});

/** No beginning has another verdict than the whole, and none that needs more says a count that is not needed. */
function assertVerdictIsFinal(input: Buffer, whole: ProxyHeaderResult): void {
  for (let length = 1; length < Math.min(input.length, 200); length++) {
    const early = parseProxyHeader(input.subarray(0, length));
    if (early.kind === 'need-more') {
      assert.ok(early.bytes > length);
      if (whole.kind === 'proxied' || whole.kind === 'local') assert.ok(early.bytes <= whole.bytes, 'waits for no more than the header');
    } else if (whole.kind !== 'need-more') {
      assert.deepEqual(early, whole, `after ${length} bytes`);
    }
  }
}

function assertUnderstood(input: Buffer, whole: Extract<ProxyHeaderResult, { kind: 'proxied' }>): void {
  const { sourceAddress, destinationAddress, sourcePort, destinationPort } = whole.addresses;
  for (const address of [sourceAddress, destinationAddress]) {
    assert.notEqual(isIP(address), 0, address);
    assert.ok(!/^::ffff:\d+\./.test(address), 'an IPv4 address is written as one');
  }
  for (const port of [sourcePort, destinationPort]) assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535);
  const again = parseProxyHeader(encodeProxyV2(whole.addresses, whole.tlvs));
  assert.equal(again.kind, 'proxied');
  assert.deepEqual(again, { ...whole, bytes: again.kind === 'proxied' ? again.bytes : 0 });
  if (input[0] !== 0x50 /* P */) return;
  const [line = ''] = input.toString('latin1').split('\r\n');
  assert.match(line, /^PROXY TCP[46] [0-9A-Fa-f:.]+ [0-9A-Fa-f:.]+ \d{1,5} \d{1,5}$/);
  assert.ok(line.length + 2 <= 107);
}

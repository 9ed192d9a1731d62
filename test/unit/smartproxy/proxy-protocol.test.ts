import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProxyV2 } from '../../../src/proxy-header/encode-proxy-header.ts';
import { encodeLoopbackHeader, readLoopbackHeader } from '../../../src/smartproxy/loopback-header.ts';
import { parseProxyHeader } from '../../../src/smartproxy/proxy-protocol.ts';

const v4 = { sourceAddress: '203.0.113.7', sourcePort: 40000, destinationAddress: '10.0.0.1', destinationPort: 443 };
const v6 = { sourceAddress: '2001:db8::1', sourcePort: 1, destinationAddress: '::1', destinationPort: 65535 };

test('a version 1 header gives both ends and its own length', () => {
  const line = 'PROXY TCP4 203.0.113.7 10.0.0.1 40000 443\r\n';
  const result = parseProxyHeader(Buffer.from(`${line}GET / HTTP/1.1\r\n`));
  assert.deepEqual(result, { kind: 'proxied', bytes: line.length, addresses: v4, tlvs: [] });
});

test('a version 1 header with IPv6 addresses is read', () => {
  const result = parseProxyHeader(Buffer.from('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n'));
  assert.deepEqual(result.kind === 'proxied' && result.addresses, v6);
});

test('a mapped IPv4 client in a header counts as plain IPv4 (lesson 38)', () => {
  const result = parseProxyHeader(Buffer.from('PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n'));
  assert.equal(result.kind === 'proxied' && result.addresses.sourceAddress, '1.2.3.4');
});

// Found by fuzzing: each spelling of an address was a client of its own, with limits of its own.
test('an IPv6 address in a version 1 header counts as one client however it is spelled', () => {
  const spellings = { '2001:DB8:0::1': '2001:db8::1', '0:0:0:0:0:ffff:1.2.3.4': '1.2.3.4' };
  for (const [spelled, address] of Object.entries(spellings)) {
    const result = parseProxyHeader(Buffer.from(`PROXY TCP6 ${spelled} ::1 1 2\r\n`));
    assert.equal(result.kind === 'proxied' && result.addresses.sourceAddress, address);
  }
});

test('UNKNOWN and LOCAL headers leave the socket addresses standing', () => {
  assert.deepEqual(parseProxyHeader(Buffer.from('PROXY UNKNOWN whatever\r\nx')), { kind: 'local', bytes: 24, tlvs: [] });
  const local = encodeProxyV2(v4, []);
  local.writeUInt8(0x20, 12);
  assert.deepEqual(parseProxyHeader(local), { kind: 'local', bytes: local.length, tlvs: [] });
});

const invalidLines: readonly (readonly [string, string, string])[] = [
  ['another protocol', 'GET / HTTP/1.1\r\n', 'signature'],
  ['lower case', 'proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'signature'],
  ['an unknown family', 'PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n', 'line'],
  ['an address with a zone', 'PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n', 'address'],
  ['a zone that is none', 'PROXY TCP6 ::%- :: 0 0\r\n', 'address'],
  ['a missing field', 'PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n', 'line'],
  ['a field too many', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n', 'line'],
  ['two spaces', 'PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n', 'line'],
  ['an address of the other family', 'PROXY TCP4 ::1 ::1 1 2\r\n', 'address'],
  ['a name for an address', 'PROXY TCP4 localhost 1.2.3.4 1 2\r\n', 'address'],
  ['a port over 65535', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n', 'port'],
  ['a port with a leading zero', 'PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n', 'port'],
  ['a negative port', 'PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n', 'port'],
  ['a line that never ends', `PROXY TCP4 ${'1'.repeat(200)}`, 'line'],
  ['a line over 107 bytes', `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`, 'line'],
];
for (const [name, line, reason] of invalidLines) {
  test(`a version 1 header with ${name} is invalid: ${reason}`, () => {
    assert.deepEqual(parseProxyHeader(Buffer.from(line, 'latin1')), { kind: 'invalid', reason });
  });
}

const invalidBytes: readonly (readonly [string, (header: Buffer) => void, string])[] = [
  ['version 1 in binary form', (header) => header.writeUInt8(0x11, 12), 'version'],
  ['an unknown command', (header) => header.writeUInt8(0x22, 12), 'command'],
  ['a datagram family', (header) => header.writeUInt8(0x12, 13), 'family'],
  ['a length over the limit', (header) => header.writeUInt16BE(4097, 14), 'length'],
  ['a length too short for its addresses', (header) => header.writeUInt16BE(11, 14), 'length'],
  ['a TLV that runs over the end', (header) => header.writeUInt16BE(9, 16 + 12 + 1), 'tlv'],
];
for (const [name, spoil, reason] of invalidBytes) {
  test(`a version 2 header with ${name} is invalid: ${reason}`, () => {
    const header = encodeProxyV2(v4, [{ type: 4, value: Buffer.from('abc') }]);
    spoil(header);
    assert.deepEqual(parseProxyHeader(header), { kind: 'invalid', reason });
  });
}

test('a loopback header names client, connection, listener and service to who has the key', () => {
  const key = Buffer.alloc(32, 1);
  const forHttp = { addresses: v6, connectionId: 'pod-1-x', listenerKey: 'https' };
  for (const header of [forHttp, { ...forHttp, service: 'shop/mail:25' }]) {
    const bytes = encodeLoopbackHeader(header, key);
    const parsed = parseProxyHeader(bytes);
    assert.deepEqual(readLoopbackHeader(bytes, parsed, key), header);
    assert.equal(readLoopbackHeader(bytes, parsed, Buffer.alloc(32, 2)), undefined);
  }
});

test('a loopback header with one byte changed is not believed', () => {
  const key = Buffer.alloc(32, 1);
  const original = encodeLoopbackHeader({ addresses: v4, connectionId: 'x', listenerKey: 'https' }, key);
  for (let offset = 16; offset < original.length; offset++) {
    const bytes = Buffer.from(original);
    bytes.writeUInt8((bytes.readUInt8(offset) + 1) & 255, offset);
    assert.equal(readLoopbackHeader(bytes, parseProxyHeader(bytes), key), undefined, `byte ${offset}`);
  }
});

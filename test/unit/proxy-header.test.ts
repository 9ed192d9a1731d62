import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32c } from '../../src/proxy-header/crc32c.ts';
import { encodeProxyHeader, type ProxyFacts } from '../../src/proxy-header/encode-proxy-header.ts';
import { ProxiedClient, type ProxiedFacts } from '../../src/proxy-header/proxied-client.ts';
import { tlvTypes } from '../../src/proxy-header/proxy-header.ts';
import { encodeSslFacts, readSslFacts } from '../../src/proxy-header/ssl-tlv.ts';
import { parseProxyHeader } from '../../src/smartproxy/proxy-protocol.ts';

const v4 = { sourceAddress: '192.0.2.1', sourcePort: 40_000, destinationAddress: '198.51.100.7', destinationPort: 443 };
const v6 = { ...v4, sourceAddress: '2001:db8::1', destinationAddress: '::1' };
const facts: ProxyFacts = { addresses: v4, alpn: 'h2', authority: 'shop.example.com', uniqueId: 'pod-1', ssl: undefined };
const signature = '0d0a0d0a000d0a515549540a';

test('crc32c: the vectors of RFC 3720, B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe306_9283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a91_36aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8_ab43);
  assert.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index))), 0x46dd_794e);
  assert.equal(crc32c(Buffer.alloc(0)), 0);
});

describe('PROXY header to a backend', () => {
  const line = (addresses: ProxyFacts['addresses']): string =>
    encodeProxyHeader({ version: 1, tlvs: [] }, { ...facts, addresses }).toString('latin1');

  test('version 1 is the line of its family', () => {
    assert.equal(line(v4), 'PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n');
    assert.equal(line(v6), 'PROXY TCP6 2001:db8::1 ::1 40000 443\r\n');
  });

  test('version 1 with two families writes IPv4 as a part of IPv6', () => {
    assert.equal(line({ ...v4, destinationAddress: '::1' }), 'PROXY TCP6 ::ffff:192.0.2.1 ::1 40000 443\r\n');
  });

  test('version 2 without TLVs is the fixed part and the addresses', () => {
    const header = encodeProxyHeader({ version: 2, tlvs: [] }, facts);
    assert.equal(header.toString('hex'), `${signature}2111000cc0000201c63364079c4001bb`);
  });

  test('version 2 with TLVs has those that are asked for and known', () => {
    const header = encodeProxyHeader({ version: 2, tlvs: ['alpn', 'authority', 'unique-id'] }, { ...facts, alpn: undefined });
    const tlvs = `020010${Buffer.from('shop.example.com').toString('hex')}050005${Buffer.from('pod-1').toString('hex')}`;
    assert.equal(header.toString('hex'), `${signature}21110027c0000201c63364079c4001bb${tlvs}`);
  });

  test('a unique id has 128 bytes at most', () => {
    const header = encodeProxyHeader({ version: 2, tlvs: ['unique-id'] }, { ...facts, uniqueId: 'x'.repeat(200) });
    assert.equal(header.length, 28 + 3 + 128);
  });

  for (const addresses of [v4, v6]) {
    test(`the checksum of a header for ${addresses.sourceAddress} is right, and one wrong bit is found`, () => {
      const header = encodeProxyHeader({ version: 2, tlvs: ['alpn', 'crc32c'] }, { ...facts, addresses });
      assert.equal(parseProxyHeader(header).kind, 'proxied');
      const ownType = addresses === v4 ? 28 : 52;
      for (let index = 16; index < header.length; index++) {
        if (index === ownType) continue; // another type is another TLV, and no checksum
        const broken = Buffer.from(header);
        broken.writeUInt8(broken.readUInt8(index) ^ 1, index);
        const { kind } = parseProxyHeader(broken);
        assert.notEqual(kind, 'proxied', `byte ${index}`);
      }
    });
  }

  test('a checksum of another length is none', () => {
    const header = Buffer.from(`${signature}21110011c0000201c63364079c4001bb0300020000`, 'hex');
    assert.deepEqual(parseProxyHeader(header), { kind: 'invalid', reason: 'checksum' });
  });
});

/** Bytes as the specification lays them out: hex, and texts behind their length. */
const bytes = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex');
const sub = (type: string, text: string): string =>
  `${type}${text.length.toString(16).padStart(4, '0')}${Buffer.from(text).toString('hex')}`;

describe('PP2_TYPE_SSL', () => {
  const [version, cipher] = [Buffer.from('TLSv1.3'), Buffer.from('TLS_AES_128_GCM_SHA256')];

  test('without a certificate it is the bit of TLS, a verdict that is not 0, version and cipher', () => {
    const value = bytes('0100000001', sub('21', 'TLSv1.3'), sub('23', 'TLS_AES_128_GCM_SHA256'));
    assert.deepEqual(encodeSslFacts({ version, cipher, certificate: undefined }), value);
    assert.deepEqual(readSslFacts(value), { version, cipher, certificate: undefined });
  });

  test('with a verified certificate it says of which handshake, 0, and the common name', () => {
    const certificate = { commonName: Buffer.from('ada'), isVerified: true, isOfHandshake: true };
    const value = bytes('0700000000', sub('21', 'TLSv1.3'), sub('22', 'ada'), sub('23', 'TLS_AES_128_GCM_SHA256'));
    assert.deepEqual(encodeSslFacts({ version, cipher, certificate }), value);
    assert.deepEqual(readSslFacts(value), { version, cipher, certificate });
    assert.equal(encodeSslFacts({ version, cipher, certificate: { ...certificate, isOfHandshake: false } })[0], 5);
  });

  test('what is unknown in it is skipped, and a verdict that is not 0 is no verification', () => {
    const value = bytes('0300000012', sub('24', 'SHA256'), sub('22', 'eve'), sub('7f', 'more'));
    const certificate = { commonName: Buffer.from('eve'), isVerified: false, isOfHandshake: true };
    assert.deepEqual(readSslFacts(value), { version: undefined, cipher: undefined, certificate });
  });

  const malformed = { 'too short': bytes('01000000'), 'cut off': bytes('0100000001', '21000754'), 'no TLS': bytes('0000000000') };
  for (const [name, value] of Object.entries(malformed))
    test(`${name}: it says nothing`, () => assert.equal(readSslFacts(value), undefined));
});

describe('what a load balancer says of a client', () => {
  const factsOf = (type: number, value: string | Buffer): ProxiedFacts | undefined =>
    ProxiedClient.of([{ type, value: Buffer.from(value as string) }])?.facts;

  test('each of the TLVs that have a use is told, the first of its type', () => {
    const client = ProxiedClient.of([
      { type: tlvTypes.alpn, value: Buffer.from('h2') },
      { type: tlvTypes.authority, value: Buffer.from('shop.example.com') },
      { type: tlvTypes.authority, value: Buffer.from('other.example.com') },
      { type: tlvTypes.uniqueId, value: bytes('00ff41') },
      { type: tlvTypes.ssl, value: bytes('0700000000', sub('21', 'TLSv1.2'), sub('22', 'ada'), sub('23', 'AES128')) },
      { type: tlvTypes.aws, value: bytes('01', Buffer.from('vpce-08d2bf15fac5001c9').toString('hex')) },
      { type: 0xee, value: bytes('0100000000') },
    ]);
    assert.deepEqual(client?.facts, {
      alpn: 'h2',
      authority: 'shop.example.com',
      uniqueId: '\\x00\\xffA',
      tls: { version: 'TLSv1.2', cipher: 'AES128', commonName: 'ada', verified: true },
      awsVpcEndpoint: 'vpce-08d2bf15fac5001c9',
    });
    assert.equal(client?.tlvs.length, 5);
  });

  test('another sort of the TLV of AWS, and what has no use, is nothing', () => {
    assert.deepEqual(factsOf(tlvTypes.aws, bytes('0261')), {});
    assert.equal(factsOf(0xe0, 'x'), undefined);
    assert.equal(factsOf(tlvTypes.authority, ''), undefined);
  });

  test('a text is kept up to the length that its type may have', () => {
    const limits = { alpn: 255, authority: 255, uniqueId: 128, aws: 256, ssl: 1024 } as const;
    for (const [name, most] of Object.entries(limits)) {
      const type = tlvTypes[name as keyof typeof limits];
      assert.notEqual(factsOf(type, Buffer.alloc(most, 1)), undefined, name);
      assert.equal(factsOf(type, Buffer.alloc(most + 1, 1)), undefined, name);
    }
  });

  const texts = {
    'gr\u00fc\u00df.example': 'gr\u00fc\u00df.example',
    'a\nb': 'a\\x0ab',
    'a\\x0ab': 'a\\x5cx0ab',
    'a\u202eb': 'a\\xe2\\x80\\xaeb',
    '\ufeffa': '\\xef\\xbb\\xbfa',
    '"\u2028': '"\\xe2\\x80\\xa8',
  };
  for (const [sent, seen] of Object.entries(texts))
    test(`${JSON.stringify(sent)} is shown as ${JSON.stringify(seen)}`, () =>
      assert.deepEqual(factsOf(tlvTypes.authority, sent), { authority: seen }));
});

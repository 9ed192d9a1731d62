import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeProxyHeader, encodeProxyV2 } from '../../../src/proxy-header/encode-proxy-header.ts';
import { ProxiedClient } from '../../../src/proxy-header/proxied-client.ts';
import { tlvTypes } from '../../../src/proxy-header/proxy-header.ts';
import { encodeSslFacts, readSslFacts } from '../../../src/proxy-header/ssl-tlv.ts';
import { parseClientHello } from '../../../src/smartproxy/client-hello.ts';
import { parseProxyHeader } from '../../../src/smartproxy/proxy-protocol.ts';
import { hello } from '../../tools/smartproxy/client-hello-bytes.ts';

const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
const hostName = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
const helloParts = fc.record({
  serverName: hostName,
  alpn: fc.array(label, { maxLength: 4 }),
  extra: fc.uniqueArray(
    fc.tuple(
      fc.integer({ min: 50, max: 60_000 }),
      fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
    ),
    {
      maxLength: 5,
      selector: ([type]) => type,
    },
  ),
});

test('any beginning of a hello needs more, a count beyond what is there and not beyond the whole; the whole is understood', () => {
  fc.assert(
    fc.property(helloParts, fc.integer({ min: 1, max: 600 }), fc.nat(), (parts, recordBytes, cut) => {
      const bytes = hello(parts, recordBytes);
      const whole = parseClientHello(bytes);
      assert.deepEqual(whole, { kind: 'hello', serverName: parts.serverName, alpn: parts.alpn, offersTls13: true });
      const length = cut % bytes.length;
      const part = parseClientHello(bytes.subarray(0, length));
      assert.ok(part.kind === 'need-more' && part.bytes > length && part.bytes <= bytes.length, JSON.stringify(part));
    }),
  );
});

test('a hello in any split of the stream gives one result: parsing when told to gives what parsing the whole gives', () => {
  fc.assert(
    fc.property(helloParts, fc.integer({ min: 1, max: 600 }), fc.array(fc.integer({ min: 1, max: 50 })), (parts, recordBytes, sizes) => {
      const bytes = hello(parts, recordBytes);
      let length = 0;
      let wanted = 1;
      let result = parseClientHello(Buffer.alloc(0));
      for (let turn = 0; result.kind === 'need-more' && length < bytes.length; turn++) {
        length = Math.min(bytes.length, length + (sizes[turn % Math.max(1, sizes.length)] ?? 7));
        if (length < wanted) continue;
        result = parseClientHello(bytes.subarray(0, length));
        if (result.kind === 'need-more') wanted = result.bytes;
      }
      assert.deepEqual(result, parseClientHello(bytes));
    }),
  );
});

test('no garbage makes the hello parser throw, and a verdict does not change when more bytes come', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }).map((tail) => Buffer.concat([Buffer.from([22, 3, 1]), tail])),
    fc.tuple(helloParts, fc.nat(), fc.nat(255)).map(([parts, at, value]) => {
      const bytes = hello(parts, 100);
      bytes.writeUInt8(value, at % bytes.length);
      return bytes;
    }),
  );
  fc.assert(
    fc.property(garbage, fc.nat(), (input, cut) => {
      const bytes = Buffer.from(input);
      const early = parseClientHello(bytes.subarray(0, cut % (bytes.length + 1)));
      const late = parseClientHello(bytes);
      if (early.kind !== 'need-more') assert.deepEqual(late, early);
    }),
    { numRuns: 500 },
  );
});

const address = fc.oneof(
  fc.record({ source: fc.ipV4(), destination: fc.ipV4() }),
  fc.record({
    source: fc.constantFrom('2001:db8::1', '::1', 'fe80::1:0:0:2', '1:2:3:4:5:6:7:8', '64:ff9b::102:304', '::'),
    destination: fc.constant('::1'),
  }),
);
const port = fc.integer({ min: 0, max: 65_535 });

test('a version 2 header survives the round trip, and every beginning of it needs more', () => {
  // A checksum is another matter: below.
  const type = fc.nat(255).filter((value) => value !== tlvTypes.crc32c);
  const tlv = fc.tuple(type, fc.uint8Array({ maxLength: 50 })).map(([type, value]) => ({ type, value: Buffer.from(value) }));
  fc.assert(
    fc.property(address, port, port, fc.array(tlv, { maxLength: 4 }), fc.nat(), (pair, sourcePort, destinationPort, tlvs, cut) => {
      const addresses = { sourceAddress: pair.source, sourcePort, destinationAddress: pair.destination, destinationPort };
      const bytes = encodeProxyV2(addresses, tlvs);
      assert.deepEqual(parseProxyHeader(bytes), { kind: 'proxied', bytes: bytes.length, addresses, tlvs });
      assert.deepEqual(parseProxyHeader(Buffer.concat([bytes, Buffer.from('data')])), parseProxyHeader(bytes));
      assert.equal(parseProxyHeader(bytes.subarray(0, cut % bytes.length)).kind, 'need-more');
    }),
  );
});

const text = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const known = fc.option(text, { nil: undefined });
const plainObject = { noNullPrototype: true };
const certificate = fc.record({ commonName: known, isVerified: fc.boolean(), isOfHandshake: fc.boolean() }, plainObject);
const ssl = fc.record({ version: known, cipher: known, certificate: fc.option(certificate, { nil: undefined }) }, plainObject);

test('what PP2_TYPE_SSL says survives the round trip, and no garbage makes its reader throw', () => {
  fc.assert(fc.property(ssl, (facts) => assert.deepEqual(readSslFacts(encodeSslFacts(facts)), facts)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readSslFacts(Buffer.from(bytes))));
});

test('whatever TLVs come, what is told of them is bounded, printable, and tells apart what is apart', () => {
  const types = fc.constantFrom(...Object.values(tlvTypes));
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    ssl.map(encodeSslFacts),
    fc.string({ unit: 'binary', maxLength: 90 }).map((t) => Buffer.from(t)),
  );
  const tlvs = fc.array(fc.record({ type: types, value: value.map((bytes) => Buffer.from(bytes)) }), { maxLength: 8 });
  fc.assert(
    fc.property(tlvs, (all) => {
      const shown = JSON.stringify(ProxiedClient.of(all)?.facts ?? {});
      assert.doesNotMatch(shown, /[\p{C}\p{Zl}\p{Zp}]/u);
      assert.ok(shown.length < 12_000, `${shown.length} characters`);
    }),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      const uniqueIdOf = (bytes: Buffer) => ProxiedClient.of([{ type: tlvTypes.uniqueId, value: bytes }])?.facts.uniqueId;
      assert.equal(uniqueIdOf(a) === uniqueIdOf(b), a.equals(b));
    }),
  );
});

test('a header to a backend is understood by our own parser, whatever is asked for, and says no more than that', () => {
  const tlvs = fc.subarray(['alpn', 'authority', 'unique-id', 'ssl', 'crc32c'] as const);
  const facts = fc.record({
    alpn: fc.option(label, { nil: undefined }),
    authority: fc.option(hostName, { nil: undefined }),
    uniqueId: fc.string({ minLength: 1, maxLength: 40 }),
    ssl: fc.option(ssl.map(encodeSslFacts), { nil: undefined }),
  });
  fc.assert(
    fc.property(address, port, port, tlvs, facts, fc.constantFrom(1 as const, 2 as const), (pair, from, to, wanted, more, version) => {
      const addresses = { sourceAddress: pair.source, sourcePort: from, destinationAddress: pair.destination, destinationPort: to };
      const bytes = encodeProxyHeader({ version, tlvs: wanted }, { addresses, ...more });
      const result = parseProxyHeader(Buffer.concat([bytes, Buffer.from('data')]));
      assert.ok(result.kind === 'proxied', JSON.stringify(result));
      assert.equal(result.bytes, bytes.length);
      assert.deepEqual(result.addresses, addresses);
      const textOf = (type: number): string | undefined => result.tlvs.find((tlv) => tlv.type === type)?.value.toString();
      const sent = (name: (typeof wanted)[number]): boolean => version === 2 && wanted.includes(name);
      assert.equal(textOf(tlvTypes.alpn), sent('alpn') ? more.alpn : undefined);
      assert.equal(textOf(tlvTypes.authority), sent('authority') ? more.authority : undefined);
      const sentSsl = result.tlvs.find((tlv) => tlv.type === tlvTypes.ssl)?.value;
      assert.deepEqual(sentSsl, sent('ssl') ? more.ssl : undefined);
      assert.equal(textOf(tlvTypes.uniqueId), sent('unique-id') ? more.uniqueId : undefined);
      assert.equal(
        result.tlvs.some(({ type }) => type === tlvTypes.crc32c),
        sent('crc32c'),
      );
    }),
  );
});

test('no garbage makes the PROXY parser throw', () => {
  const starts = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n', '\r\n\r\n\0\r\nQUIT\n\x21\x11');
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 300 }), (start, tail) => {
      const result = parseProxyHeader(Buffer.concat([Buffer.from(start, 'latin1'), tail]));
      assert.ok(['need-more', 'proxied', 'local', 'invalid'].includes(result.kind));
    }),
  );
});

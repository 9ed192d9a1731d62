import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { plainAddress } from '../address-list.ts';
import { crc32c } from '../proxy-header/crc32c.ts';
import { type ProxyAddresses, type ProxyTlv, proxyV2FixedBytes, proxyV2Signature, tlvTypes } from '../proxy-header/proxy-header.ts';
import { splitTlvs } from '../proxy-header/split-tlvs.ts';

/**
 * What the first bytes of a connection say about a PROXY protocol header, version 1 or 2
 * (https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt). `local`: a header that names no client (health checks of the load
 * balancer itself), so the socket's own addresses stand. `bytes` of a finished header is its length: the connection's data follows.
 */
export type ProxyHeaderResult =
  | { readonly kind: 'need-more'; readonly bytes: number }
  | { readonly kind: 'proxied'; readonly bytes: number; readonly addresses: ProxyAddresses; readonly tlvs: readonly ProxyTlv[] }
  | { readonly kind: 'local'; readonly bytes: number; readonly tlvs: readonly ProxyTlv[] }
  | { readonly kind: 'invalid'; readonly reason: ProxyHeaderProblem };

export type ProxyHeaderProblem =
  | 'signature'
  | 'line'
  | 'address'
  | 'port'
  | 'version'
  | 'command'
  | 'family'
  | 'length'
  | 'tlv'
  | 'checksum';

/** The longest line of version 1, its CRLF included. */
const maxLineBytes = 107;
/** Most bytes after the fixed part of a version 2 header; the protocol would allow 65,535. */
const maxBodyBytes = 4096;

const lineStart = Buffer.from('PROXY ', 'latin1');

/** Reads a PROXY header from the start of `bytes`. Pure, total and strict: what the specification does not allow is refused. */
export function parseProxyHeader(bytes: Buffer): ProxyHeaderResult {
  if (startsLike(bytes, proxyV2Signature)) return parseBinary(bytes);
  if (startsLike(bytes, lineStart)) return parseLine(bytes);
  return { kind: 'invalid', reason: 'signature' };
}

/** True when `bytes` begins with `start`, or is a beginning of it. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function parseLine(bytes: Buffer): ProxyHeaderResult {
  const end = bytes.indexOf('\r\n', 0, 'latin1');
  if (end === -1 || end + 2 > maxLineBytes) {
    if (end !== -1 || bytes.length >= maxLineBytes) return { kind: 'invalid', reason: 'line' };
    return { kind: 'need-more', bytes: bytes.length + 1 };
  }
  const fields = bytes.toString('latin1', lineStart.length, end).split(' ');
  if (fields[0] === 'UNKNOWN') return { kind: 'local', bytes: end + 2, tlvs: [] };
  return parseLineFields(fields, end + 2);
}

function parseLineFields(fields: readonly string[], bytes: number): ProxyHeaderResult {
  const [family, source, destination, sourcePort, destinationPort] = fields;
  if (fields.length !== 5 || (family !== 'TCP4' && family !== 'TCP6')) return { kind: 'invalid', reason: 'line' };
  const isAddress = family === 'TCP4' ? isIPv4 : isUnzonedIPv6;
  if (source === undefined || destination === undefined || !isAddress(source) || !isAddress(destination)) {
    return { kind: 'invalid', reason: 'address' };
  }
  const from = parsePort(sourcePort);
  const to = parsePort(destinationPort);
  if (from === undefined || to === undefined) return { kind: 'invalid', reason: 'port' };
  const addresses = {
    sourceAddress: plainAddress(reportedForm(source)),
    sourcePort: from,
    destinationAddress: plainAddress(reportedForm(destination)),
    destinationPort: to,
  };
  return { kind: 'proxied', bytes, addresses, tlvs: [] };
}

/** A zone names an interface of the sender's, which says nothing here (and Node takes any text for one). */
function isUnzonedIPv6(address: string): boolean {
  return isIPv6(address) && !address.includes('%');
}

/** Decimal without sign or leading zeros, 0-65535. */
function parsePort(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:0|[1-9][0-9]{0,4})$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** Address families of version 2, stream transport only: we speak TCP. */
const families: Readonly<Record<number, { readonly addressBytes: number; readonly read: (bytes: Buffer) => string }>> = {
  17: { addressBytes: 4, read: (bytes) => bytes.join('.') },
  33: { addressBytes: 16, read: readIPv6 },
};

function parseBinary(bytes: Buffer): ProxyHeaderResult {
  if (bytes.length < proxyV2FixedBytes) return { kind: 'need-more', bytes: proxyV2FixedBytes };
  const version = bytes.readUInt8(12);
  if (version >> 4 !== 2) return { kind: 'invalid', reason: 'version' };
  const command = version & 15;
  if (command > 1) return { kind: 'invalid', reason: 'command' };
  const length = bytes.readUInt16BE(14);
  if (length > maxBodyBytes) return { kind: 'invalid', reason: 'length' };
  const total = proxyV2FixedBytes + length;
  if (bytes.length < total) return { kind: 'need-more', bytes: total };
  const result = parseBody(command, bytes.readUInt8(13), bytes.subarray(proxyV2FixedBytes, total), total);
  return result.kind === 'proxied' && !isChecked(bytes.subarray(0, total), result.tlvs) ? { kind: 'invalid', reason: 'checksum' } : result;
}

/** A LOCAL command and the family UNSPEC carry nothing to believe, and what follows must be skipped whatever it is. */
function parseBody(command: number, familyByte: number, body: Buffer, bytes: number): ProxyHeaderResult {
  if (command === 0 || familyByte === 0) return { kind: 'local', bytes, tlvs: [] };
  const family = families[familyByte];
  if (family === undefined) return { kind: 'invalid', reason: 'family' };
  const size = family.addressBytes;
  if (body.length < 2 * size + 4) return { kind: 'invalid', reason: 'length' };
  const tlvs = splitTlvs(body.subarray(2 * size + 4));
  if (tlvs === undefined) return { kind: 'invalid', reason: 'tlv' };
  const addresses = {
    sourceAddress: plainAddress(family.read(body.subarray(0, size))),
    sourcePort: body.readUInt16BE(2 * size),
    destinationAddress: plainAddress(family.read(body.subarray(size, 2 * size))),
    destinationPort: body.readUInt16BE(2 * size + 2),
  };
  return { kind: 'proxied', bytes, addresses, tlvs };
}

function readIPv6(bytes: Buffer): string {
  const groups: string[] = [];
  for (let offset = 0; offset < 16; offset += 2) groups.push(bytes.readUInt16BE(offset).toString(16));
  return reportedForm(groups.join(':'));
}

/** An IPv6 address has many spellings: the one that sockets report, so that one client counts as one address. */
function reportedForm(address: string): string {
  return isIPv4(address) ? address : new SocketAddress({ address, family: 'ipv6' }).address;
}

/** A header with a checksum is only believed when it is right (2.2.3); it is computed with zeros in its own place. */
function isChecked(header: Buffer, tlvs: readonly ProxyTlv[]): boolean {
  const checksum = tlvs.find(({ type }) => type === tlvTypes.crc32c)?.value;
  if (checksum === undefined) return true;
  if (checksum.length !== 4) return false;
  const copy = Buffer.from(header);
  copy.fill(0, checksum.byteOffset - header.byteOffset, checksum.byteOffset - header.byteOffset + 4);
  return crc32c(copy) === checksum.readUInt32BE(0);
}

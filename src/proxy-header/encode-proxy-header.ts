import { isIPv4 } from 'node:net';
import { crc32c } from './crc32c.ts';
import { maxUniqueIdBytes, type ProxyAddresses, type ProxyTlv, proxyV2FixedBytes, proxyV2Signature, tlvTypes } from './proxy-header.ts';
import { joinTlvs } from './split-tlvs.ts';

/** What a PROXY header says of a connection beside its addresses; each is sent where the header is asked for it and it is known. */
export interface ProxyFacts {
  readonly addresses: ProxyAddresses;
  /** The application protocol of the connection (RFC 7301). */
  readonly alpn: string | Buffer | undefined;
  /** The server name that the client asked for. */
  readonly authority: string | Buffer | undefined;
  /** Names the connection in our log. */
  readonly uniqueId: string;
  /** Of the client's TLS: the value of the TLV (`encodeSslFacts`). */
  readonly ssl: Buffer | undefined;
}

/** Which header to send. */
export interface ProxyHeaderForm {
  readonly version: 1 | 2;
  /** Of version 2: `crc32c` is a checksum of the header. */
  readonly tlvs: readonly ('alpn' | 'authority' | 'unique-id' | 'ssl' | 'crc32c')[];
}

/** The header that opens a connection to a backend (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). */
export function encodeProxyHeader({ version, tlvs: wanted }: ProxyHeaderForm, facts: ProxyFacts): Buffer {
  if (version === 1) return encodeProxyV1(facts.addresses);
  const tlvs: ProxyTlv[] = [];
  // The checksum first, so that its place does not depend on the others.
  if (wanted.includes('crc32c')) tlvs.push({ type: tlvTypes.crc32c, value: Buffer.alloc(4) });
  if (wanted.includes('alpn') && facts.alpn !== undefined) tlvs.push({ type: tlvTypes.alpn, value: bytesOf(facts.alpn) });
  if (wanted.includes('authority') && facts.authority !== undefined)
    tlvs.push({ type: tlvTypes.authority, value: bytesOf(facts.authority) });
  if (wanted.includes('unique-id'))
    tlvs.push({ type: tlvTypes.uniqueId, value: Buffer.from(facts.uniqueId).subarray(0, maxUniqueIdBytes) });
  if (wanted.includes('ssl') && facts.ssl !== undefined) tlvs.push({ type: tlvTypes.ssl, value: facts.ssl });
  const header = encodeProxyV2(facts.addresses, tlvs);
  if (wanted.includes('crc32c')) header.writeUInt32BE(crc32c(header), checksumOffset(facts.addresses));
  return header;
}

function bytesOf(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

/** Version 1 knows one family a line: an IPv4 address beside an IPv6 one is written in its mapped form. */
export function encodeProxyV1({ sourceAddress, sourcePort, destinationAddress, destinationPort }: ProxyAddresses): Buffer {
  const isV4 = isIPv4(sourceAddress) && isIPv4(destinationAddress);
  const written = (address: string): string => (!isV4 && isIPv4(address) ? `::ffff:${address}` : address);
  const ends = `${written(sourceAddress)} ${written(destinationAddress)} ${sourcePort} ${destinationPort}`;
  return Buffer.from(`PROXY TCP${isV4 ? 4 : 6} ${ends}\r\n`, 'latin1');
}

/** Encodes a PROXY v2 header (command PROXY, TCP) with TLVs. Addresses are numeric; families may differ (IPv4 is then mapped). */
export function encodeProxyV2(addresses: ProxyAddresses, tlvs: readonly ProxyTlv[]): Buffer {
  const ipv4 = isIPv4(addresses.sourceAddress) && isIPv4(addresses.destinationAddress);
  const addressBytes = ipv4 ? 4 : 16;
  const joined = joinTlvs(tlvs);
  const header = Buffer.alloc(proxyV2FixedBytes + 2 * addressBytes + 4 + joined.length);
  proxyV2Signature.copy(header);
  header.writeUInt8(0x21, 12);
  header.writeUInt8(ipv4 ? 0x11 : 0x21, 13);
  header.writeUInt16BE(header.length - proxyV2FixedBytes, 14);
  writeAddress(header, proxyV2FixedBytes, addresses.sourceAddress, ipv4);
  writeAddress(header, proxyV2FixedBytes + addressBytes, addresses.destinationAddress, ipv4);
  let offset = proxyV2FixedBytes + 2 * addressBytes;
  offset = header.writeUInt16BE(addresses.sourcePort, offset);
  offset = header.writeUInt16BE(addresses.destinationPort, offset);
  joined.copy(header, offset);
  return header;
}

function writeAddress(target: Buffer, offset: number, address: string, ipv4: boolean): void {
  if (isIPv4(address)) {
    const at = ipv4 ? offset : offset + 12;
    if (!ipv4) target.writeUInt16BE(0xffff, offset + 10);
    address.split('.').forEach((byte, index) => {
      target.writeUInt8(Number(byte), at + index);
    });
    return;
  }
  ipv6Groups(address).forEach((group, index) => {
    target.writeUInt16BE(group, offset + 2 * index);
  });
}

/** The eight groups of an IPv6 address; a dotted IPv4 tail stands for the last two. */
function ipv6Groups(address: string): number[] {
  const [head = '', tail] = withoutDottedTail(address).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function withoutDottedTail(address: string): string {
  const start = address.lastIndexOf(':') + 1;
  if (!address.includes('.', start)) return address;
  const [a = 0, b = 0, c = 0, d = 0] = address.slice(start).split('.').map(Number);
  return `${address.slice(0, start)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** Where the value of a checksum stands that is the first TLV. */
function checksumOffset({ sourceAddress, destinationAddress }: ProxyAddresses): number {
  const addressBytes = isIPv4(sourceAddress) && isIPv4(destinationAddress) ? 4 : 16;
  return proxyV2FixedBytes + 2 * addressBytes + 4 + 3;
}

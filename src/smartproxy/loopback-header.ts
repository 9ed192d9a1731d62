import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type ProxyAddresses, type ProxyHeaderResult, type ProxyTlv, proxyV2FixedBytes, proxyV2Signature } from './proxy-protocol.ts';

/** What SmartProxy tells NetworkProxy ahead of a client's bytes on the loopback transport. */
export interface LoopbackHeader {
  readonly addresses: ProxyAddresses;
  readonly connectionId: string;
  readonly listenerKey: string;
}

/** Types from the range that the PROXY protocol leaves to applications (0xE0-0xEF). */
const connectionIdTlv = 0xe0;
const listenerKeyTlv = 0xe1;
/** HMAC-SHA256 over every byte of the header before the value of this TLV, which is the last one. */
const authenticationTlv = 0xe2;
const macBytes = 32;

/** Encodes a PROXY v2 header (command PROXY, TCP) with TLVs. Addresses are numeric; families may differ (IPv4 is then mapped). */
export function encodeProxyV2(addresses: ProxyAddresses, tlvs: readonly ProxyTlv[]): Buffer {
  const ipv4 = isIPv4(addresses.sourceAddress) && isIPv4(addresses.destinationAddress);
  const addressBytes = ipv4 ? 4 : 16;
  const tlvBytes = tlvs.reduce((sum, tlv) => sum + 3 + tlv.value.length, 0);
  const header = Buffer.alloc(proxyV2FixedBytes + 2 * addressBytes + 4 + tlvBytes);
  proxyV2Signature.copy(header);
  header.writeUInt8(0x21, 12);
  header.writeUInt8(ipv4 ? 0x11 : 0x21, 13);
  header.writeUInt16BE(header.length - proxyV2FixedBytes, 14);
  writeAddress(header, proxyV2FixedBytes, addresses.sourceAddress, ipv4);
  writeAddress(header, proxyV2FixedBytes + addressBytes, addresses.destinationAddress, ipv4);
  let offset = proxyV2FixedBytes + 2 * addressBytes;
  offset = header.writeUInt16BE(addresses.sourcePort, offset);
  offset = header.writeUInt16BE(addresses.destinationPort, offset);
  for (const tlv of tlvs) {
    offset = header.writeUInt8(tlv.type, offset);
    offset = header.writeUInt16BE(tlv.value.length, offset);
    offset += tlv.value.copy(header, offset);
  }
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

/** The header for one connection, authenticated with the key that both ends got at start. */
export function encodeLoopbackHeader(header: LoopbackHeader, key: Buffer): Buffer {
  const bytes = encodeProxyV2(header.addresses, [
    { type: connectionIdTlv, value: Buffer.from(header.connectionId) },
    { type: listenerKeyTlv, value: Buffer.from(header.listenerKey) },
    { type: authenticationTlv, value: Buffer.alloc(macBytes) },
  ]);
  macOf(bytes, key).copy(bytes, bytes.length - macBytes);
  return bytes;
}

/**
 * Checks a parsed header that came in on the loopback port.
 * @param bytes the header's own bytes
 * @returns undefined when it was not made with `key`: somebody else reached the port
 */
export function readLoopbackHeader(bytes: Buffer, parsed: ProxyHeaderResult, key: Buffer): LoopbackHeader | undefined {
  if (parsed.kind !== 'proxied') return undefined;
  const last = parsed.tlvs.at(-1);
  if (last?.type !== authenticationTlv || last.value.length !== macBytes) return undefined;
  if (!timingSafeEqual(last.value, macOf(bytes, key))) return undefined;
  const connectionId = textOf(parsed.tlvs, connectionIdTlv);
  const listenerKey = textOf(parsed.tlvs, listenerKeyTlv);
  return { addresses: parsed.addresses, connectionId, listenerKey };
}

function macOf(header: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(header.subarray(0, header.length - macBytes))
    .digest();
}

function textOf(tlvs: readonly ProxyTlv[], type: number): string {
  return tlvs.find((tlv) => tlv.type === type)?.value.toString() ?? '';
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeProxyV2 } from '../proxy-header/encode-proxy-header.ts';
import { ProxiedClient } from '../proxy-header/proxied-client.ts';
import type { ProxyAddresses, ProxyTlv } from '../proxy-header/proxy-header.ts';
import type { ProxyHeaderResult } from './proxy-protocol.ts';

/** What SmartProxy tells NetworkProxy ahead of a client's bytes on the loopback transport. */
export interface LoopbackHeader {
  readonly addresses: ProxyAddresses;
  readonly connectionId: string;
  readonly listenerKey: string;
  /** What is in the TLS goes there as a whole; undefined: it is HTTP. */
  readonly service?: string | undefined;
  /** What a load balancer's header said, TLV by TLV, beside the addresses. */
  readonly proxied?: ProxiedClient | undefined;
}

/** Types from the range that the PROXY protocol leaves to applications (0xE0-0xEF). */
const connectionIdTlv = 0xe0;
const listenerKeyTlv = 0xe1;
const serviceTlv = 0xe3;
/** HMAC-SHA256 over every byte of the header before the value of this TLV, which is the last one. */
const authenticationTlv = 0xe2;
const macBytes = 32;

/** The header for one connection, authenticated with the key that both ends got at start. */
export function encodeLoopbackHeader(header: LoopbackHeader, key: Buffer): Buffer {
  const bytes = encodeProxyV2(header.addresses, [
    { type: connectionIdTlv, value: Buffer.from(header.connectionId) },
    { type: listenerKeyTlv, value: Buffer.from(header.listenerKey) },
    ...(header.service === undefined ? [] : [{ type: serviceTlv, value: Buffer.from(header.service) }]),
    ...(header.proxied?.tlvs ?? []),
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
  const connectionId = textOf(parsed.tlvs, connectionIdTlv) ?? '';
  const listenerKey = textOf(parsed.tlvs, listenerKeyTlv) ?? '';
  const service = textOf(parsed.tlvs, serviceTlv);
  const proxied = ProxiedClient.of(parsed.tlvs);
  return { addresses: parsed.addresses, connectionId, listenerKey, ...(service !== undefined && { service }), ...(proxied && { proxied }) };
}

function macOf(header: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(header.subarray(0, header.length - macBytes))
    .digest();
}

function textOf(tlvs: readonly ProxyTlv[], type: number): string | undefined {
  return tlvs.find((tlv) => tlv.type === type)?.value.toString();
}

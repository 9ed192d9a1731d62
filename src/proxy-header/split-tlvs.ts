import type { ProxyTlv } from './proxy-header.ts';

/** Reads bytes that are TLVs and nothing else (2.2 of the specification): type, two bytes of length, value. undefined: they are not. */
export function splitTlvs(bytes: Buffer): readonly ProxyTlv[] | undefined {
  const tlvs: ProxyTlv[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + 3 > bytes.length) return undefined;
    const start = offset + 3;
    const end = start + bytes.readUInt16BE(offset + 1);
    if (end > bytes.length) return undefined;
    tlvs.push({ type: bytes.readUInt8(offset), value: bytes.subarray(start, end) });
    offset = end;
  }
  return tlvs;
}

/** Writes TLVs one after the other. */
export function joinTlvs(tlvs: readonly ProxyTlv[]): Buffer {
  const bytes = Buffer.alloc(tlvs.reduce((sum, { value }) => sum + 3 + value.length, 0));
  let offset = 0;
  for (const { type, value } of tlvs) {
    offset = bytes.writeUInt8(type, offset);
    offset = bytes.writeUInt16BE(value.length, offset);
    offset += value.copy(bytes, offset);
  }
  return bytes;
}

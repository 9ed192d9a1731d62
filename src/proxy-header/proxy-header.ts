/** Who connected, and to what; numeric addresses, an IPv4 one never in `::ffff:` form. */
export interface ProxyAddresses {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/** One type-length-value of a version 2 header. */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Buffer;
}

export const proxyV2Signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
export const proxyV2FixedBytes = 16;

/** Types that the specification gives a meaning; `aws`: of the range for others, what load balancers of AWS say of PrivateLink. */
export const tlvTypes = { alpn: 0x01, authority: 0x02, crc32c: 0x03, uniqueId: 0x05, ssl: 0x20, aws: 0xea } as const;

/** The longest value of a unique id (2.2.5 of the specification). */
export const maxUniqueIdBytes = 128;

import type { ProxyTlv } from './proxy-header.ts';
import { joinTlvs, splitTlvs } from './split-tlvs.ts';

/** What PP2_TYPE_SSL tells of the TLS that a client spoke to the sender of the header (2.2.6 of the specification). */
export interface SslFacts {
  /** As OpenSSL spells it: `TLSv1.3`. */
  readonly version: Buffer | undefined;
  /** OpenSSL's name. */
  readonly cipher: Buffer | undefined;
  /** undefined: the client has shown no certificate. */
  readonly certificate: SslCertificate | undefined;
}

export interface SslCertificate {
  /** UTF-8. */
  readonly commonName: Buffer | undefined;
  readonly isVerified: boolean;
  /** It was shown on this connection, and not only on one whose session this one resumed. */
  readonly isOfHandshake: boolean;
}

/** Bits of the first byte: over TLS; a certificate was shown on this connection; and in this session. */
const clientBits = { tls: 1, certificateOfConnection: 2, certificateOfSession: 4 } as const;
const subTypes = { version: 0x21, commonName: 0x22, cipher: 0x23 } as const;
/** The bits, and four bytes that are 0 when a certificate was shown and verified. */
const fixedBytes = 5;

/** The value of the TLV. */
export function encodeSslFacts({ version, cipher, certificate }: SslFacts): Buffer {
  const fixed = Buffer.alloc(fixedBytes);
  const ofConnection = certificate?.isOfHandshake === true ? clientBits.certificateOfConnection : 0;
  const ofSession = certificate === undefined ? 0 : clientBits.certificateOfSession;
  fixed.writeUInt8(clientBits.tls | ofConnection | ofSession, 0);
  fixed.writeUInt32BE(certificate?.isVerified === true ? 0 : 1, 1);
  const tlvs: ProxyTlv[] = [];
  if (version !== undefined) tlvs.push({ type: subTypes.version, value: version });
  if (certificate?.commonName !== undefined) tlvs.push({ type: subTypes.commonName, value: certificate.commonName });
  if (cipher !== undefined) tlvs.push({ type: subTypes.cipher, value: cipher });
  return Buffer.concat([fixed, joinTlvs(tlvs)]);
}

/** Reads the value of the TLV; undefined: the client did not come over TLS, or the value is malformed. What is unknown in it is skipped. */
export function readSslFacts(value: Buffer): SslFacts | undefined {
  if (value.length < fixedBytes) return undefined;
  const client = value.readUInt8(0);
  const tlvs = splitTlvs(value.subarray(fixedBytes));
  if (tlvs === undefined || (client & clientBits.tls) === 0) return undefined;
  const of = (wanted: number): Buffer | undefined => tlvs.find(({ type }) => type === wanted)?.value;
  const isOfHandshake = (client & clientBits.certificateOfConnection) !== 0;
  const isShown = isOfHandshake || (client & clientBits.certificateOfSession) !== 0;
  const certificate = { commonName: of(subTypes.commonName), isVerified: value.readUInt32BE(1) === 0, isOfHandshake };
  return { version: of(subTypes.version), cipher: of(subTypes.cipher), certificate: isShown ? certificate : undefined };
}

import type { TLSSocket } from 'node:tls';
import { printableText } from '../proxy-header/printable-text.ts';
import type { SslCertificate } from '../proxy-header/ssl-tlv.ts';

/** TLS of a client that ended here, with something else than HTTP in it. */
export interface TerminatedTls {
  /** `TLSv1.3`. */
  readonly tlsVersion?: string;
  /** The name of OpenSSL: `TLS_AES_128_GCM_SHA256`. */
  readonly tlsCipher?: string;
  /** The protocol agreed on. */
  readonly alpn?: string;
  /** Of the certificate that the client has shown, in printable characters. */
  readonly clientCommonName?: string;
}

/** A longer name is cut: it is written for people. */
const maxNameBytes = 256;

/** What a client and we agreed on. @param tls its handshake is done @param certificate what the client has shown */
export function terminatedTlsOf(tls: TLSSocket, certificate: SslCertificate | undefined): TerminatedTls {
  const version = tls.getProtocol();
  const commonName = certificate?.commonName;
  return {
    ...(version !== null && { tlsVersion: version }),
    tlsCipher: tls.getCipher().name,
    ...(typeof tls.alpnProtocol === 'string' && { alpn: tls.alpnProtocol }),
    ...(commonName && { clientCommonName: printableText(commonName.subarray(0, maxNameBytes)) }),
  };
}

import { loadX509 } from '../local-ca/x509.ts';

/** The identifier by which a CA knows a certificate (RFC 9773, 4.1); undefined: it does not say which key signed it. */
export async function certificateId(chain: string): Promise<string | undefined> {
  const { X509Certificate, AuthorityKeyIdentifierExtension } = await loadX509();
  const leaf = new X509Certificate(chain.slice(0, chain.indexOf('-----END CERTIFICATE-----') + '-----END CERTIFICATE-----'.length));
  const keyId = leaf.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  if (keyId === undefined) return undefined;
  return `${base64url(keyId)}.${base64url(serialBytes(leaf.serialNumber))}`;
}

/** The content of the INTEGER: one byte of zeros before a first bit that would be a sign. */
function serialBytes(serial: string): string {
  const even = serial.length % 2 === 0 ? serial : `0${serial}`;
  return Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even;
}

function base64url(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}

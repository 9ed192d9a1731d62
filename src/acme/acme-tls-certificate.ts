import { createHash } from 'node:crypto';
import { loadX509 } from '../local-ca/x509.ts';
import type { Redacted } from '../redacted.ts';
import { signingKeys } from './signing-keys.ts';

/** acmeIdentifier (RFC 8737, 6.1). */
const acmeIdentifier = '1.3.6.1.5.5.7.1.31';
/** Tag and length of an OCTET STRING of 32 bytes, in DER. */
const octetString32 = Buffer.from([0x04, 0x20]);
/** Clocks of CAs differ from ours. */
const backdatingMs = 3_600_000;
/** CAs keep an order open for a week or less. */
const lifetimeMs = 8 * 86_400_000;

/** The certificate that answers a challenge over TLS (RFC 8737, 3), in PEM, signed by its own key. */
export async function acmeTlsCertificate(privateKey: Redacted, name: string, keyAuthorization: string, nowMs: number): Promise<string> {
  const x509 = await loadX509();
  const { algorithm, keys } = await signingKeys(privateKey);
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['answer to an ACME challenge'] }],
    notBefore: new Date(nowMs - backdatingMs),
    notAfter: new Date(nowMs + lifetimeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      new x509.Extension(acmeIdentifier, true, Buffer.concat([octetString32, digest])),
    ],
  });
  return certificate.toString('pem');
}

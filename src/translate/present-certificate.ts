import type { Secret } from '../api/objects.ts';
import type { PresentCertificate } from './acme-certificate.ts';
import { acmeDirectoryAnnotation } from './acme-ownership.ts';
import type { CertificateReading } from './read-certificate.ts';

/** The certificate in a Secret of ours; undefined: none that can be used. @param reading of the same Secret */
export function presentCertificate(secret: Secret, reading: CertificateReading): PresentCertificate | undefined {
  if (reading.kind === 'unusable') return undefined;
  const { fingerprint, names, notAfterMs, chain } = reading.certificate;
  const directory = secret.metadata.annotations?.[acmeDirectoryAnnotation];
  return { fingerprint, names, notBeforeMs: reading.notBeforeMs, notAfterMs, chain, directory };
}

import type { Secret } from '../api/objects.ts';
import { hostKeyCovers } from '../routes/host-name.ts';
import type { Certificate } from '../routes/route-table.ts';
import { type CertificateReading, readCertificate } from './read-certificate.ts';

/** Reads Secrets as certificates, each object once: parsing keys is the dearest thing that translate does. */
export class CertificateReader {
  readonly #readings = new WeakMap<Secret, CertificateReading>();

  read(key: string, secret: Secret): CertificateReading {
    const known = this.#readings.get(secret);
    if (known !== undefined) return known;
    const reading = readCertificate(key, secret);
    this.#readings.set(secret, reading);
    return reading;
  }
}

/** Whether a certificate is good for a host key; one for `*.example.com` covers the host of that name and each name below it. */
export function certificateCovers(certificate: Certificate, host: string): boolean {
  return certificate.names.some((name) => name === host || (name !== '*' && hostKeyCovers(name, host)));
}

/** Whether two certificates are the same pair, whichever object they were read from. */
export function sameCertificate(a: Certificate, b: Certificate): boolean {
  return a.key === b.key && a.fingerprint === b.fingerprint && a.chain === b.chain && a.privateKey.equals(b.privateKey);
}

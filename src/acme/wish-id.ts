import { createHash } from 'node:crypto';
import type { AcmeCertificate } from '../translate/acme-certificate.ts';
import type { AcmeFailure } from '../translate/acme-state.ts';

/**
 * Names what is asked of which CA, and how: other names, another email or binding of the account are another wish. Credentials for DNS are no
 * part of it, for they may be changed every hour. Pure.
 */
export function wishId({ names, issuer }: Pick<AcmeCertificate, 'names' | 'issuer'>): string {
  const wish = [names, issuer, issuer.externalAccount?.key.reveal()];
  return createHash('sha256').update(JSON.stringify(wish)).digest('hex').slice(0, 16);
}

/** Whether a failure says anything about what is wanted now. Pure. */
export function isOfWish({ of }: AcmeFailure, certificate: AcmeCertificate): boolean {
  return of === undefined || of === certificate.issuer.directory || of === wishId(certificate);
}

import type { PresentCertificate } from '../translate/acme-certificate.ts';
import type { AcmeRenewal } from '../translate/acme-state.ts';
import type { RenewalWindow } from './ca.ts';

const hourMs = 3_600_000;
/** How often the CA is asked that does not say (RFC 9773, 4.3.2), and within what bounds its own word is taken. */
const checkMs = 6 * hourMs;
const checkBoundsMs = [60_000, 24 * hourMs] as const;

/**
 * When a certificate is to be renewed: at a random time of the window that the CA suggests (RFC 9773, 4.2), so that those of one day do
 * not come back on one day; without one when two thirds of its life are over. A window from before the certificate is none: the next one
 * would be due at once, too, and so on. Pure.
 * @param random 0 up to 1
 */
export function renewalTime(
  certificate: PresentCertificate,
  window: RenewalWindow | undefined,
  nowMs: number,
  random: number,
): AcmeRenewal {
  const { fingerprint, notBeforeMs } = certificate;
  const isUsable = window !== undefined && window.endMs > notBeforeMs;
  const atMs = isUsable ? window.startMs + (window.endMs - window.startMs) * random : ageRenewalMs(certificate);
  const [leastMs, mostMs] = checkBoundsMs;
  const pauseMs = Math.min(mostMs, Math.max(leastMs, window?.retryAfterMs || checkMs));
  return { fingerprint, atMs: Math.round(atMs), checkMs: Math.round(nowMs + pauseMs) };
}

/** When two thirds of a certificate's life are over. */
function ageRenewalMs({ notBeforeMs, notAfterMs }: Pick<PresentCertificate, 'notBeforeMs' | 'notAfterMs'>): number {
  return notBeforeMs + ((notAfterMs - notBeforeMs) * 2) / 3;
}

/** What is known already, when the CA still suggests a window that it is in: a new draw at each look would move the day on and on. */
export function keptRenewal(known: AcmeRenewal | undefined, found: AcmeRenewal, window: RenewalWindow | undefined): AcmeRenewal {
  const isWithin = window !== undefined && known !== undefined && known.atMs >= window.startMs && known.atMs <= window.endMs;
  return isWithin && known.fingerprint === found.fingerprint ? { ...found, atMs: known.atMs } : found;
}

import type { PresentCertificate } from '../translate/acme-certificate.ts';
import type { AcmeRenewal } from '../translate/acme-state.ts';
import type { RenewalWindow } from './ca.ts';

const hourMs = 3_600_000;
/** How often the CA is asked that does not say (RFC 9773, 4.3.2), and within what bounds its own word is taken. */
const checkMs = 6 * hourMs;
const checkBoundsMs = [60_000, 24 * hourMs] as const;

/**
 * When a certificate is to be renewed: at a random time of the window that the CA suggests (RFC 9773, 4.2), so that those of one day do
 * not come back on one day; without one when two thirds of its life are over. Pure.
 * @param random 0 up to 1
 */
export function renewalTime(
  certificate: PresentCertificate,
  window: RenewalWindow | undefined,
  nowMs: number,
  random: number,
): AcmeRenewal {
  const { fingerprint, notBeforeMs, notAfterMs } = certificate;
  const lifeMs = notAfterMs - notBeforeMs;
  const atMs = window === undefined ? notBeforeMs + (lifeMs * 2) / 3 : window.startMs + (window.endMs - window.startMs) * random;
  const [leastMs, mostMs] = checkBoundsMs;
  const pauseMs = Math.min(mostMs, Math.max(leastMs, window?.retryAfterMs || checkMs));
  return { fingerprint, atMs: Math.round(atMs), checkMs: Math.round(nowMs + pauseMs) };
}

/** What is known already, when the CA still suggests a window that it is in: a new draw at each look would move the day on and on. */
export function keptRenewal(known: AcmeRenewal | undefined, found: AcmeRenewal, window: RenewalWindow | undefined): AcmeRenewal {
  const isWithin = window !== undefined && known !== undefined && known.atMs >= window.startMs && known.atMs <= window.endMs;
  return isWithin && known.fingerprint === found.fingerprint ? { ...found, atMs: known.atMs } : found;
}

import type { AcmeCertificate, PresentCertificate } from '../translate/acme-certificate.ts';
import type { AcmeState } from '../translate/acme-state.ts';
import { isOfWish } from './wish-id.ts';

/** By which clocks of replicas may differ. */
const clockSkewMs = 60_000;
/** However soon a CA, or its clock, wants a certificate to be renewed. */
const leastUseMs = 3_600_000;

/** What there is to do for a certificate, and from when on. Times in milliseconds since 1970; a past one is now. */
export type NextAttempt =
  /** Order it, or go on with the order that is kept. */
  | { readonly kind: 'order'; readonly atMs: number }
  /** Ask the CA when it should be renewed. */
  | { readonly kind: 'renewal'; readonly atMs: number };

/** Pure. */
export function nextAttempt(certificate: AcmeCertificate, nowMs: number): NextAttempt {
  const { names, issuer, state, present } = certificate;
  // Who corrected what is wanted need not wait until the end of the pause.
  const { failure } = state;
  const isHeld = failure !== undefined && isOfWish(failure, certificate) && !isFromTheFuture(state, nowMs);
  const afterFailureMs = isHeld ? failure.nextAttemptMs : 0;
  const fits = present !== undefined && present.directory === issuer.directory && sameNames(orderedFor(present, state), names);
  if (!fits || state.order !== undefined) return { kind: 'order', atMs: afterFailureMs };
  const { renewal } = state;
  if (renewal?.fingerprint !== present.fingerprint) return { kind: 'renewal', atMs: afterFailureMs };
  const dueMs = Math.max(renewal.atMs, afterFailureMs, usedUntilMs(present, state, nowMs));
  // Once it is due, nobody asks whether it is.
  return renewal.checkMs < dueMs && dueMs > nowMs ? { kind: 'renewal', atMs: renewal.checkMs } : { kind: 'order', atMs: dueMs };
}

/** From when on there is anything to do for a certificate, its owners and records in DNS included. Pure. */
export function dueMs(certificate: AcmeCertificate, nowMs: number): number {
  if (certificate.hasOtherOwners) return nowMs;
  return Math.min(nextAttempt(certificate, nowMs).atMs, certificate.state.left?.nextAttemptMs ?? Number.POSITIVE_INFINITY);
}

/** Until when a certificate that has just come is used: with clocks that differ its successors would be due at once, too, and so on. */
function usedUntilMs({ fingerprint, notBeforeMs, notAfterMs }: PresentCertificate, state: AcmeState, nowMs: number): number {
  const { issued } = state;
  if (issued?.fingerprint !== fingerprint || isFromTheFuture(state, nowMs)) return 0;
  return issued.atMs + Math.min(leastUseMs, ((notAfterMs - notBeforeMs) * 2) / 3);
}

/** Whether the clock has been set back since the last attempt: what was to be waited for then is nothing to wait for. */
function isFromTheFuture({ lastAttemptMs = 0 }: AcmeState, nowMs: number): boolean {
  return lastAttemptMs > nowMs + clockSkewMs;
}

/** The names that a certificate was ordered for: CAs may add some, as that with `www.` before it. */
function orderedFor({ fingerprint, names }: PresentCertificate, { issued }: AcmeState): readonly string[] {
  return issued?.fingerprint === fingerprint ? issued.names : names;
}

/** Whether two lists are the same set of names; both without repetitions. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

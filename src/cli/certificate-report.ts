import type { X509Certificate } from 'node:crypto';
import { nextAttempt } from '../acme/next-attempt.ts';
import { isAcmeTlsKey } from '../routes/acme-tls.ts';
import type { Certificate } from '../routes/route-table.ts';
import type { AcmeCertificate } from '../translate/acme-certificate.ts';
import { describe } from '../translate/problem-list.ts';
import { parseCertificate } from '../translate/read-certificate.ts';
import type { Problem, ProblemReason } from '../translate/translation.ts';

/** One certificate as `certs` shows it. Times as ISO 8601 has them; what is not known is missing. */
export interface ReportedCertificate {
  /** `namespace/name` of its Secret, or what else it is kept under. */
  readonly secret: string;
  /** Of the certificate, or that are wanted while there is none. */
  readonly names: readonly string[];
  /** Issuer of the SmartProxyConfig that it is ordered from; missing: nobody orders it here. */
  readonly issuer?: string;
  /** Who signed it: common name, else all of the name. Missing: there is no certificate. */
  readonly issuedBy?: string;
  readonly expires?: string;
  readonly state: 'valid' | 'not yet valid' | 'expired' | 'missing';
  readonly lastAttempt?: string;
  readonly nextAttempt?: string;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** What became of the last attempt, when it failed. */
  readonly problem?: string;
}

/** What is wrong about certificates in an object. */
export interface ReportedProblem {
  readonly object: string;
  readonly reason: string;
  readonly message: string;
}

/** Certificates with what is wrong about them, as `/debug/certificates` has them. */
export interface CertificatesReport {
  /** Those that need a look first: missing, then by expiry. */
  readonly certificates: readonly ReportedCertificate[];
  /** How many are left out. */
  readonly more: number;
  readonly problems: readonly ReportedProblem[];
}

/** What a report is made of. */
export interface CertificatesReportOptions {
  /** Of the table. */
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly acme: readonly AcmeCertificate[];
  readonly problems: readonly Problem[];
  readonly nowMs: number;
  /** Most certificates. */
  readonly limit: number;
}

/** Reasons that are about certificates whatever their field. */
const ofCertificates: ReadonlySet<ProblemReason> = new Set<ProblemReason>([
  'CertificateExpired',
  'CertificateHostMismatch',
  'CertificateConflict',
  'IssuerNotFound',
  'SecretNotOwned',
]);
const maxProblems = 500;

/** All certificates that hosts are shown or that are ordered, with what is wrong. Pure. */
export function reportCertificates({ certificates, acme, problems, nowMs, limit }: CertificatesReportOptions): CertificatesReport {
  const ordered = new Map(acme.map((certificate) => [certificate.secret, certificate]));
  const served = [...certificates.values()].filter(({ key }) => !isAcmeTlsKey(key));
  const missing = acme.filter(({ secret }) => !certificates.has(secret));
  const missingShown = missing.slice(0, limit);
  const servedShown = served.sort((a, b) => a.notAfterMs - b.notAfterMs).slice(0, limit - missingShown.length);
  // That one was not issued is said with the certificate.
  const meant = problems.filter(
    ({ reason, field }) => reason !== 'CertificateNotIssued' && (ofCertificates.has(reason) || isTlsField(field)),
  );
  return {
    certificates: [
      ...missingShown.map((certificate) => reported(certificate.secret, undefined, certificate, nowMs)),
      ...servedShown.map((certificate) => reported(certificate.key, certificate, ordered.get(certificate.key), nowMs)),
    ],
    more: missing.length + served.length - missingShown.length - servedShown.length,
    problems: meant.slice(0, maxProblems).map(({ object, reason, message }) => ({
      object: describe(object),
      reason,
      message,
    })),
  };
}

/** Whether somebody should look: a certificate is missing or over, or something is wrong. */
export function needsLook({ certificates, problems }: CertificatesReport): boolean {
  return problems.length > 0 || certificates.some(({ state, failures }) => state !== 'valid' || failures > 0);
}

function reported(
  secret: string,
  certificate: Certificate | undefined,
  ordered: AcmeCertificate | undefined,
  nowMs: number,
): ReportedCertificate {
  const { failure, lastAttemptMs } = ordered?.state ?? {};
  const next = ordered && nextAttempt(ordered, nowMs);
  const leaf = certificate && parseCertificate(certificate.chain);
  return {
    secret,
    names: certificate?.names ?? ordered?.names ?? [],
    ...(ordered && { issuer: ordered.issuer.name }),
    ...(certificate && { issuedBy: signerOf(leaf), expires: new Date(certificate.notAfterMs).toISOString() }),
    state: stateOf(certificate, leaf, nowMs),
    ...(lastAttemptMs !== undefined && { lastAttempt: new Date(lastAttemptMs).toISOString() }),
    ...(next && { nextAttempt: new Date(Math.max(next.atMs, nowMs)).toISOString() }),
    failures: failure?.count ?? 0,
    ...(failure && { problem: failure.message }),
  };
}

function stateOf(certificate: Certificate | undefined, leaf: X509Certificate | undefined, nowMs: number): ReportedCertificate['state'] {
  if (certificate === undefined) return 'missing';
  if (certificate.notAfterMs <= nowMs) return 'expired';
  return leaf !== undefined && leaf.validFromDate.getTime() > nowMs ? 'not yet valid' : 'valid';
}

function signerOf(leaf: X509Certificate | undefined): string {
  if (leaf === undefined) return 'unreadable';
  const { issuer } = leaf;
  return /^CN=(.+)$/m.exec(issuer)?.[1] ?? issuer.replaceAll('\n', ', ');
}

function isTlsField(field: string): boolean {
  return field.startsWith('spec.tls') || field.startsWith('spec.acme') || field.includes('acme-issuer');
}

import { renderColumns } from '../ask/columns.ts';
import type { CertificatesReport, ReportedCertificate } from './certificate-report.ts';

const namesShown = 3;

/** A report for people: a line for each certificate, then what is wrong. Pure. */
export function renderCertificates({ certificates, more, problems }: CertificatesReport): string {
  const parts = [certificates.length === 0 ? 'No certificates.' : renderColumns([header, ...certificates.map(rowOf)])];
  if (more > 0) parts.push(`... and ${more} more`);
  const failed = certificates.flatMap(({ secret, problem }) => (problem === undefined ? [] : [`  ${secret}: ${problem}`]));
  if (failed.length > 0) parts.push(`\nAttempts that failed (${failed.length}):`, ...failed);
  if (problems.length > 0) {
    const lines = problems.map(({ object, reason, message }) => `  ${object}: ${reason}: ${message}`);
    parts.push(`\nProblems (${problems.length}):`, ...lines);
  }
  return parts.join('\n');
}

const header = ['SECRET', 'NAMES', 'STATE', 'EXPIRES', 'ISSUER', 'ISSUED BY', 'LAST ATTEMPT', 'NEXT ATTEMPT'];

function rowOf(certificate: ReportedCertificate): string[] {
  const { secret, names, state, expires, issuer, issuedBy, lastAttempt, nextAttempt, failures } = certificate;
  const rest = names.length > namesShown ? ` +${names.length - namesShown}` : '';
  return [
    secret,
    `${names.slice(0, namesShown).join(',')}${rest}` || '-',
    failures > 0 ? `${state}, ${failures} failed` : state,
    shortTime(expires),
    issuer ?? '-',
    issuedBy ?? '-',
    shortTime(lastAttempt),
    shortTime(nextAttempt),
  ];
}

/** `2026-06-01 12:00Z`. */
function shortTime(iso: string | undefined): string {
  return iso === undefined ? '-' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}

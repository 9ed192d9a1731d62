import { printable } from '../ask/printable.ts';
import { tableText } from '../ask/table-text.ts';
import type { CertificatesReport, ReportedCertificate } from './certificate-report.ts';

const namesShown = 3;
const none = 'No certificates. Hosts have one by tls of their Ingress or SmartRoute: what is wrong there smartproxy-ingress problems says.';

/** A report for people: a line for each certificate, then what is wrong. Pure. */
export function renderCertificates({ certificates, more, problems }: CertificatesReport): string {
  const parts = [certificates.length === 0 ? none : tableText(heading, certificates.map(rowOf))];
  if (more > 0) parts.push(`... and ${more} more`);
  const failed = certificates.flatMap(({ secret, problem }) => (problem === undefined ? [] : [printable(`  ${secret}: ${problem}`)]));
  if (failed.length > 0) parts.push(`\nAttempts that failed (${failed.length}):`, ...failed);
  if (problems.length > 0) {
    // Messages of objects name them themselves.
    const lines = problems.map(({ object, reason, message }) => {
      return printable(`  ${reason}: ${message.startsWith(object) ? '' : `${object}: `}${message}`);
    });
    parts.push(`\nProblems (${problems.length}):`, ...lines);
  }
  return parts.join('\n');
}

const heading = ['SECRET', 'NAMES', 'STATE', 'EXPIRES', 'ISSUER', 'ISSUED BY', 'LAST ATTEMPT', 'NEXT ATTEMPT'];

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

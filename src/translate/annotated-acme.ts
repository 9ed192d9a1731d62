import { annotationPrefix } from '../api/annotations.ts';
import type { IngressReading } from './ingress-reading.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ProblemReason } from './translation.ts';

const issuerAnnotation = `metadata.annotations[${annotationPrefix}acme-issuer]`;

/** The certificates that an annotation asks for, or that are left to the installation; cert-manager's are its own. */
export function annotatedAsks(reading: IngressReading): Pick<ResolvedObject, 'acme'> {
  const { annotations, unsafeAnnotations, tls, hasCertManager, isBeingDeleted } = reading;
  const issuer = annotations.acmeIssuer;
  // Who names an issuer, if in vain, does not want that of the installation.
  if (unsafeAnnotations.has('acmeIssuer')) return {};
  if (isBeingDeleted || tls.length === 0 || (issuer === undefined && hasCertManager)) return {};
  const issuerField = issuer === undefined ? 'spec.tls' : issuerAnnotation;
  const acme = tls.flatMap(({ secret, secretField, hosts }) =>
    secret === undefined || hosts.length === 0 ? [] : [{ issuer, issuerField, secret, secretField, hosts }],
  );
  return { acme };
}

/** Says where an issuer is named and nothing says what to order of it. */
export function reportNothingAsked(
  { annotations, tls }: IngressReading,
  report: (reason: ProblemReason, field: string, sentence: string) => void,
): void {
  if (annotations.acmeIssuer === undefined) return;
  if (tls.length === 0)
    report('NoEffect', issuerAnnotation, 'spec.tls has no entry that can be used, so nothing is ordered; write hosts and secretName there');
  for (const { secret, secretField, hosts, hostsField } of tls) {
    if (secret === undefined)
      report('NoEffect', secretField, 'the issuer has no Secret to put the certificate into, so nothing is ordered; set secretName');
    else if (hosts.length === 0) report('NoEffect', hostsField, 'the issuer is not told for which hosts, so nothing is ordered; name them');
  }
}

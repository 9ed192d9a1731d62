import { type Condition, conditionOf } from './conditions.ts';
import type { Problem, ProblemReason } from './translation.ts';

/** Problems that mean that something referred to is not there, or not to be used. */
const brokenReferences: ReadonlySet<ProblemReason> = new Set([
  'ServiceNotFound',
  'ServicePortNotFound',
  'ExternalNameRefused',
  'SecretNotFound',
  'SecretInvalid',
  'RevocationListExpired',
  'ConfigMapNotFound',
  'ConfigMapInvalid',
  'CertificateExpired',
  'CertificateHostMismatch',
  'RefNotPermitted',
  'ListenerNotFound',
  'IssuerNotFound',
  'SecretNotOwned',
  'CertificateNotIssued',
]);

/** The condition `ResolvedRefs` of an object, or of a part of it, with these problems. */
export function resolvedRefs(problems: readonly Problem[]): Condition {
  return conditionOf(
    'ResolvedRefs',
    'All that it refers to is there.',
    problems.filter(({ reason }) => brokenReferences.has(reason)),
  );
}

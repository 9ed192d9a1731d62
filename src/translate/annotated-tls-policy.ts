import { annotationPrefix, ingressAnnotations } from '../api/annotations.ts';
import type { TlsPolicyClaim } from './host-claim.ts';
import type { IngressReading } from './ingress-reading.ts';
import { messageFor } from './problem-list.ts';
import { readTlsPolicy, type TlsPolicyContext } from './tls-policy-reader.ts';

const names = ['authTlsSecret', 'authTlsVerifyClient', 'authTlsPassCertificate'] as const;

/** What an Ingress's annotations say of certificates of clients. What can't be read lets nobody in. */
export function readAnnotatedTlsPolicy(
  { ref, annotations, unsafeAnnotations }: IngressReading,
  context: TlsPolicyContext,
): TlsPolicyClaim | undefined {
  const { authTlsSecret, authTlsVerifyClient = 'on', authTlsPassCertificate = false } = annotations;
  const isUnreadable = names.some((name) => unsafeAnnotations.has(name));
  if (authTlsVerifyClient === 'off' && !isUnreadable) return undefined;
  if (authTlsSecret === undefined && !isUnreadable) {
    const lost = names.find((name) => annotations[name] !== undefined);
    if (lost === undefined) return undefined;
    const field = fieldOf(ingressAnnotations[lost].name);
    const sentence = `there is no ${annotationPrefix}auth-tls-secret with the CA, so nobody is served; add it, or remove this one`;
    context.problems.add('InvalidAnnotation', field, messageFor(ref, field, sentence));
  }
  const field = fieldOf('auth-tls-secret');
  const clientAuth = {
    isRequired: authTlsVerifyClient === 'on',
    caSecret: isUnreadable ? undefined : authTlsSecret,
    forwardCertificate: authTlsPassCertificate,
    field,
  };
  return readTlsPolicy({ ref, minVersion: undefined, alpn: undefined, clientAuth, field }, context);
}

function fieldOf(name: string): string {
  return `metadata.annotations[${annotationPrefix}${name}]`;
}

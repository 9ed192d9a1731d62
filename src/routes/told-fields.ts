import type { ClientCertificateRule } from './policy.ts';

/** What backends of a host that asks for certificates are told, and clients can not say. The names are those of ingress-nginx. */
export const certificateFields: readonly string[] = [
  'ssl-client-verify',
  'ssl-client-subject-dn',
  'ssl-client-issuer-dn',
  'ssl-client-cert',
];

/**
 * Whether the proxy says what a request has in a field, and no client: what it tells backends of the client, and what of the list of fields it takes
 * in itself, `Host` and `Upgrade`. Routes, hashes and limits go by that.
 * @param name in lower case
 * @param certificate of the route; undefined: its host asks for none, and such fields are as anybody sends them
 */
export function isToldField(name: string, certificate: ClientCertificateRule | undefined): boolean {
  switch (name) {
    case 'host':
    case 'upgrade':
    case 'forwarded':
    case 'x-real-ip':
      return true;
    default:
      return name.startsWith('x-forwarded-') || (certificate !== undefined && certificateFields.includes(name));
  }
}

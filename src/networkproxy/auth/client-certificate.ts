import type { ClientCertificateRule } from '../../routes/policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';

/** What backends of a host that asks for certificates are told, and clients can not say. The names are those of ingress-nginx. */
const headers = ['ssl-client-verify', 'ssl-client-subject-dn', 'ssl-client-issuer-dn', 'ssl-client-cert'];

/**
 * Lets in who has shown a certificate in the handshake of the connection, under the policy of the route's host. Over plain HTTP there is
 * none, whatever a proxy in front says.
 */
export function checkClientCertificate(request: FilterRequest, rule: ClientCertificateRule): LocalReply | undefined {
  if (rule.isBroken) return errorReply('auth_unavailable', 'the CA of client certificates is missing');
  const { facts } = request;
  // The route may be of a wildcard, and the connection of a host in it that asks by another CA.
  const certificate = facts.tlsPolicy === rule.tlsPolicy ? facts.clientCertificate : undefined;
  if (certificate === undefined) {
    if (rule.isRequired) return errorReply('auth_refused', 'no client certificate');
    request.editRequest({ remove: headers, set: ['ssl-client-verify', 'NONE'], add: [] });
    return undefined;
  }
  const { subject, issuer } = certificate;
  request.user ??= Buffer.from(subject, 'latin1').toString('utf8');
  const told = ['ssl-client-verify', 'SUCCESS', 'ssl-client-subject-dn', subject, 'ssl-client-issuer-dn', issuer];
  if (rule.forwardCertificate) told.push('ssl-client-cert', certificate.escapedPem);
  request.editRequest({ remove: headers, set: told, add: [] });
  return undefined;
}

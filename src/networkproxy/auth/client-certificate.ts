import type { ClientCertificateRule } from '../../routes/policy.ts';
import { certificateFields } from '../../routes/told-fields.ts';
import type { ClientFacts } from '../client-facts.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';

/**
 * Lets in who has shown a certificate in the handshake of the connection, under the policy of the route's host. Over plain HTTP there is
 * none, whatever a proxy in front says.
 */
export function checkClientCertificate(request: FilterRequest, rule: ClientCertificateRule): LocalReply | undefined {
  if (rule.isBroken) return errorReply('auth_unavailable', 'the CA of client certificates is missing');
  const { facts } = request;
  const certificate = certificateOf(facts, rule);
  if (certificate === undefined && rule.isRequired) return errorReply('auth_refused', 'no client certificate');
  if (certificate !== undefined) request.user ??= Buffer.from(certificate.subject, 'latin1').toString('utf8');
  request.editRequest({ remove: certificateFields, set: certificateTold(facts, rule), add: [] });
  return undefined;
}

/** What is said of the client's certificate under a rule, as a flat list. */
export function certificateTold(facts: ClientFacts, rule: ClientCertificateRule): readonly string[] {
  const certificate = certificateOf(facts, rule);
  if (certificate === undefined) return ['ssl-client-verify', 'NONE'];
  const { subject, issuer } = certificate;
  const told = ['ssl-client-verify', 'SUCCESS', 'ssl-client-subject-dn', subject, 'ssl-client-issuer-dn', issuer];
  return rule.forwardCertificate ? [...told, 'ssl-client-cert', certificate.escapedPem] : told;
}

/** The route may be of a wildcard, and the connection of a host in it that asks by another CA. */
function certificateOf(facts: ClientFacts, rule: ClientCertificateRule): ClientFacts['clientCertificate'] {
  return facts.tlsPolicy === rule.tlsPolicy ? facts.clientCertificate : undefined;
}

import type { BlockList } from 'node:net';
import type { ClientCertificateRule } from '../routes/policy.ts';
import { certificateFields, isToldField } from '../routes/told-fields.ts';
import { certificateTold } from './auth/client-certificate.ts';
import type { ClientFacts } from './client-facts.ts';
import type { FilterRequest } from './filters/filter-request.ts';
import { clientAddressOf, forwardedFields } from './forwarded-fields.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';

/** What the backend of a request is told in a field that is `isToldField`, before its route changes it; undefined: nothing. */
export function toldField(
  name: string,
  head: RequestHead,
  facts: ClientFacts,
  trustedProxies: BlockList,
  certificate: ClientCertificateRule | undefined,
): string | undefined {
  if (name === 'host') return head.authority === '' ? undefined : head.authority;
  if (name === 'upgrade') return head.upgrade;
  if (certificateFields.includes(name)) return certificate && lastFieldValue(certificateTold(facts, certificate), name);
  const clientAddress = clientAddressOf(head, facts, trustedProxies);
  return lastFieldValue(forwardedFields({ head, askedAuthority: head.authority, facts, clientAddress, withForwarded: false }), name);
}

/** A field of a request as hashes and limits of its route go by it. @param sent picks one of the lines that the client has sent */
export function believedField(
  name: string,
  { head, facts, context }: FilterRequest,
  certificate: ClientCertificateRule | undefined,
  sent: (headers: readonly string[], name: string) => string | undefined,
): string | undefined {
  if (!isToldField(name, certificate)) return sent(head.headers, name);
  return toldField(name, head, facts, context.trustedProxies, certificate);
}

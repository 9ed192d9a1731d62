import type { CaError } from './ca-error.ts';

/** Where somebody answers who is no CA, or the wrong one. */
export const lookAtDirectory = 'look at directory of the issuer';

const sawOther = "the CA saw something else: make the name lead here, or with dns-01 look at what the zone's servers show";

/** What helps, by the last part of an error type (RFC 8555, 6.7). */
const fixes: Readonly<Record<string, string>> = {
  caa: 'let a CAA record of the domain name this CA, or use another issuer',
  connection: 'open port 80 (with tls-alpn-01, 443) of the name to the CA',
  dns: 'make the name lead here in public DNS',
  unauthorized: sawOther,
  incorrectResponse: sawOther,
  tls: sawOther,
  rejectedIdentifier: 'this CA does not issue for the name: use another issuer',
  unsupportedIdentifier: 'this CA does not issue for names of this kind: use another issuer',
  externalAccountRequired: 'set externalAccountBinding of the issuer as the CA gave it out',
  invalidContact: 'correct email of the issuer',
  unsupportedContact: 'correct email of the issuer',
  userActionRequired: 'do at the CA what it asks for',
  invalidProfile: 'correct profile of the issuer',
};

/** What to do about a failure, as a sentence without its end; undefined: nothing but wait. Pure. */
export function fixOf({ fix, type, status, reason }: CaError): string | undefined {
  if (fix !== undefined) return fix;
  if (type !== undefined) return Object.hasOwn(fixes, type) ? fixes[type] : undefined;
  return status === 0 && reason.startsWith('the CA can not be reached')
    ? 'look at directory and caRef of the issuer, and at egress and DNS of the pod'
    : undefined;
}

import { randomBytes } from 'node:crypto';
import { type AcmeIssuer, challengeTypeFor } from '../translate/acme-certificate.ts';
import type { AcmeChallenge } from '../translate/acme-state.ts';

const tokenBytes = 24;

/**
 * Answers of our own, that are looked for before there is an order with the CA's: what fails then costs nothing at the CA. None where nobody
 * looks, and for names that are proven in DNS.
 */
export function selfCheckProbes(names: readonly string[], issuer: AcmeIssuer): readonly AcmeChallenge[] {
  if (issuer.selfCheck === 'Off') return [];
  return names.flatMap((name) => {
    const type = challengeTypeFor(issuer, name);
    if (type === 'dns-01') return [];
    const token = randomBytes(tokenBytes).toString('base64url');
    return [{ type, name, token, keyAuthorization: `${token}.self-check` }];
  });
}

import type { Redacted } from '../redacted.ts';
import type { AcmeDns } from './acme-dns.ts';
import type { AcmeState, ChallengeType } from './acme-state.ts';
import type { ObjectRef } from './translation.ts';

/** A certificate that one object wants to be ordered. */
export interface AcmeAsk {
  /** Name of an issuer; undefined: that of the installation, if it has one. */
  readonly issuer: string | undefined;
  /** Where the issuer is named. */
  readonly issuerField: string;
  /** `namespace/name` of the Secret that it goes into, in the namespace of the object. */
  readonly secret: string;
  readonly secretField: string;
  /** Host keys, wildcards among them. */
  readonly hosts: readonly string[];
}

/** A CA as the SmartProxyConfig has it, with its Secrets read. */
export interface AcmeIssuer {
  readonly name: string;
  readonly directory: string;
  /** PEM, in place of the CAs that the system trusts. */
  readonly ca: string | undefined;
  readonly email: string | undefined;
  readonly externalAccount: { readonly keyId: string; readonly key: Redacted } | undefined;
  readonly preferredChain: string | undefined;
  readonly profile: string | undefined;
  readonly keyType: 'ECDSA' | 'RSA';
  /** How names are proven that are no wildcards. */
  readonly challenge: ChallengeType;
  /** Who writes records; undefined: nobody, so that there are no wildcards. */
  readonly dns: AcmeDns | undefined;
  /** Resolvers, `address` or `address:port`; none: those of the system. */
  readonly resolvers: readonly string[];
  readonly selfCheck: 'Strict' | 'Lenient' | 'Off';
  /** Whether certificates stay when the objects that name their Secrets are deleted. */
  readonly reclaimPolicy: 'Retain' | 'Delete';
}

/** How a name is proven; wildcards are by DNS alone (RFC 8555, 8.4). */
export function challengeTypeFor({ challenge }: AcmeIssuer, name: string): ChallengeType {
  return name.startsWith('*.') ? 'dns-01' : challenge;
}

/** The certificate in a Secret of ours. */
export interface PresentCertificate {
  readonly fingerprint: string;
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** PEM, leaf first. */
  readonly chain: string;
  /** Directory of the CA that it was ordered from. */
  readonly directory: string | undefined;
}

/** A certificate that is to be in a Secret, all objects that want it heard. */
export interface AcmeCertificate {
  /** `namespace/name`. */
  readonly secret: string;
  /** DNS names, sorted: one at least. */
  readonly names: readonly string[];
  readonly issuer: AcmeIssuer;
  /** `namespace/name` of the Secret that its order is kept in. */
  readonly stateSecret: string;
  readonly state: AcmeState;
  /** undefined: there is none, or none that can be used. */
  readonly present: PresentCertificate | undefined;
  /** What the Secret is deleted with, when all of them are gone; none: it stays. */
  readonly owners: readonly ObjectRef[];
  /** There is a Secret, and of the owners that we name it has others than these. */
  readonly hasOtherOwners: boolean;
}

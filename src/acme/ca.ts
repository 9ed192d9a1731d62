import type { ChallengeType } from '../translate/acme-state.ts';

/** An order as the CA has it (RFC 8555, 7.1.3). */
export interface CaOrder {
  readonly url: string;
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  /** Why it is invalid, in the words of the CA; undefined: it does not say. */
  readonly error: string | undefined;
  /** When it is worth to look again, milliseconds from now; 0: it does not say. */
  readonly retryAfterMs: number;
}

/** What the CA wants to see of one name. */
export interface CaAuthorization {
  /** As it was ordered: a wildcard begins with `*.`. */
  readonly name: string;
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  /** Those of kinds that can be answered here. */
  readonly challenges: readonly CaChallenge[];
}

export interface CaChallenge {
  readonly type: ChallengeType;
  readonly url: string;
  readonly token: string;
  /** What proves the name: the text (RFC 8555, 8.1), with `dns-01` the value of the record. */
  readonly keyAuthorization: string;
  /** `processing`: the CA was told to look. */
  readonly status: 'pending' | 'processing' | 'valid' | 'invalid';
  /** What the CA saw instead, in its words. */
  readonly error: string | undefined;
  /** Of that: the last part of its error type. */
  readonly errorType: string | undefined;
}

/** When the CA wants a certificate to be renewed (RFC 9773). */
export interface RenewalWindow {
  readonly startMs: number;
  readonly endMs: number;
  /** When it may be asked again, milliseconds from now; 0: it does not say. */
  readonly retryAfterMs: number;
}

export interface OrderWish {
  readonly names: readonly string[];
  readonly profile: string | undefined;
  /** Identifier (RFC 9773, 4.1) of the certificate that this order renews. */
  readonly replaces: string | undefined;
}

/** A CA with an account of ours. Everything rejects with a CaError. */
export interface Ca {
  order(wish: OrderWish): Promise<CaOrder>;
  find(orderUrl: string): Promise<CaOrder>;
  authorizations(order: CaOrder): Promise<readonly CaAuthorization[]>;
  /** Tells the CA to look at the answer of a challenge. */
  answer(challengeUrl: string): Promise<void>;
  /** @param request a certificate request in PEM */
  finalize(order: CaOrder, request: string): Promise<CaOrder>;
  /** The chain in PEM, leaf first. */
  download(order: CaOrder): Promise<string>;
  /** undefined: the CA has no say in it. @param certificate identifier as RFC 9773, 4.1 has it */
  renewalWindow(certificate: string): Promise<RenewalWindow | undefined>;
}

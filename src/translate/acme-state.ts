import { createHash } from 'node:crypto';
import type { Redacted } from '../redacted.ts';

/** How a name is proven: over HTTP (RFC 8555, 8.3), in DNS (8.4), or in the handshake of TLS (RFC 8737). */
export const challengeTypes = ['http-01', 'dns-01', 'tls-alpn-01'] as const;
export type ChallengeType = (typeof challengeTypes)[number];

/** Where a record in DNS stands, after CNAMEs: lower case, without dots at the ends. */
export interface RecordPlace {
  readonly name: string;
  /** The zone that holds it. */
  readonly zone: string;
}

/** An answer that the CA will ask for. */
export interface AcmeChallenge {
  readonly type: ChallengeType;
  /** Without the `*.` of a wildcard. */
  readonly name: string;
  readonly token: string;
  /** The text that answers; with `dns-01` the value of the record. */
  readonly keyAuthorization: string;
  /** In PEM, for the key of the order: what answers with `tls-alpn-01`, and nothing else has. */
  readonly certificate?: string | undefined;
  /** With `dns-01`, kept before the record is written there; undefined: it has not been. */
  readonly place?: RecordPlace | undefined;
}

/** An order. It is kept with its key before the CA is asked to sign anything, so that no certificate lacks its key. */
export interface AcmeOrder {
  /** undefined: the CA does not know of it yet, and the answers are those of the self-check. */
  readonly url: string | undefined;
  /** Name of the issuer, whose provider of DNS has written what is there. */
  readonly issuer: string;
  readonly directory: string;
  readonly names: readonly string[];
  readonly privateKey: Redacted;
  readonly challenges: readonly AcmeChallenge[];
}

/** A record in DNS that proved a name to a CA, and is to be taken away. */
export interface LeftRecord {
  /** Name of the issuer whose provider of DNS wrote it. */
  readonly issuer: string;
  /** Without the `*.` of a wildcard. */
  readonly name: string;
  readonly value: string;
  /** undefined: a version before this one wrote it, and did not keep where. */
  readonly place?: RecordPlace | undefined;
  /** How often that failed. */
  readonly tries: number;
}

/** Records of orders that are over. */
export interface LeftRecords {
  readonly records: readonly LeftRecord[];
  readonly nextAttemptMs: number;
}

/** What came of the last order, so that it is not ordered again at once, whatever names and times the CA gave it. */
export interface AcmeIssued {
  /** Of the certificate. */
  readonly fingerprint: string;
  /** That it was ordered for. */
  readonly names: readonly string[];
  /** When it came, by the clock of this machine. */
  readonly atMs: number;
}

/** When a certificate should be renewed, by the CA or by its age. */
export interface AcmeRenewal {
  /** Of the certificate that it is about. */
  readonly fingerprint: string;
  readonly atMs: number;
  /** When the CA may be asked again. */
  readonly checkMs: number;
}

/** What outlives a leader about one certificate: times in milliseconds since 1970. */
export interface AcmeState {
  readonly order: AcmeOrder | undefined;
  /** undefined: nothing yet, or a version before this one issued it. */
  readonly issued: AcmeIssued | undefined;
  readonly renewal: AcmeRenewal | undefined;
  readonly lastAttemptMs: number | undefined;
  /** Tries that failed in a row, and what became of the last; undefined: it did not fail. */
  readonly failure: AcmeFailure | undefined;
  /** What is to be taken out of DNS; undefined: nothing. */
  readonly left: LeftRecords | undefined;
}

export interface AcmeFailure {
  readonly count: number;
  /** What failed, by `wishId`; the directory of a CA: all that is asked there, as it said; undefined: a version before this one kept it. */
  readonly of?: string | undefined;
  /** A sentence without its end. */
  readonly message: string;
  readonly nextAttemptMs: number;
}

export const noAcmeState: AcmeState = {
  order: undefined,
  issued: undefined,
  renewal: undefined,
  lastAttemptMs: undefined,
  failure: undefined,
  left: undefined,
};

/** Type of Secrets with a state: nothing else reads or makes them. */
export const acmeStateType = 'smartproxy.dev/acme-state';

/** Name of the Secret with the state of the certificate in `secret`. */
export function acmeStateName(secret: string): string {
  return `smartproxy-acme-${createHash('sha256').update(secret).digest('hex').slice(0, 24)}`;
}

/** The entries of a Secret with this state. */
export function acmeStateData(secret: string, { order, ...rest }: AcmeState): Record<string, string> {
  const { privateKey, ...kept } = order ?? {};
  const text = JSON.stringify({ secret, ...rest, ...(order && { order: kept }) });
  return {
    'state.json': Buffer.from(text).toString('base64'),
    ...(privateKey && { 'tls.key': Buffer.from(privateKey.reveal()).toString('base64') }),
  };
}

import type { Certificate } from '../routes/route-table.ts';
import type { AcmeAsk } from './acme-certificate.ts';
import type { Claimant, HostClaim } from './host-claim.ts';
import type { L4Claim } from './merged-l4.ts';
import type { ReadRecord } from './tracked-reads.ts';
import type { Problem } from './translation.ts';

/** An object with everything that it refers to looked up: what it claims of each host, before other objects are heard. */
export interface ResolvedObject {
  readonly reading: Claimant;
  /** One for each host that it names. */
  readonly claims: readonly HostClaim[];
  readonly problems: readonly Problem[];
  /** The result holds while these find the same objects ... */
  readonly reads: ReadRecord;
  /** ... and the time is in this span: a certificate begins or ends at its borders. */
  readonly holds: TimeSpan;
  /** Usable certificates that it refers to, for other hosts of the namespace. */
  readonly certificates: readonly Certificate[];
  readonly referencedSecrets: readonly string[];
  /** Certificates that it wants to be ordered. */
  readonly acme?: readonly AcmeAsk[];
  /** What it claims of whole listeners. */
  readonly l4?: readonly L4Claim[];
  /** What a SmartRoute forwards to: keys of services in the table, each once; undefined for each that can't be served. */
  readonly backends?: readonly (string | undefined)[];
}

/** `fromMs` is in the span, `untilMs` is not. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

import type { Claimant } from './host-claim.ts';
import type { IngressReading } from './ingress-reading.ts';
import type { IngressStatus } from './translation.ts';

/** One status for each Ingress of ours: addresses are published on those that have something in the table. */
export function ingressStatuses(ours: readonly IngressReading[], served: ReadonlySet<Claimant>): readonly IngressStatus[] {
  return ours.map((reading) => ({ object: reading.ref, publish: served.has(reading) }));
}

/** The part of a coordination.k8s.io/v1 Lease that leader election reads and writes. */
export interface Lease {
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly kind: 'Lease';
  /** With labels, annotations and owners that others gave it: a write that leaves them out would take them away. */
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion?: string;
    readonly [other: string]: unknown;
  };
  readonly spec?: LeaseSpec;
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A time as Leases and Events carry it: RFC 3339 with microseconds. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** The spec after `identity` took or renewed the lease at `nowMs`: taking it counts a transition, renewing keeps its start. */
export function heldSpec(previous: LeaseSpec | undefined, identity: string, durationMs: number, nowMs: number): LeaseSpec {
  const isRenewal = previous?.holderIdentity === identity;
  const now = microTime(nowMs);
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: isRenewal ? previous.acquireTime : now,
    renewTime: now,
    leaseTransitions: (previous?.leaseTransitions ?? 0) + (isRenewal || previous === undefined ? 0 : 1),
  };
}

/** The spec after its holder let go: whoever asks next gets it at once. */
export function releasedSpec(previous: LeaseSpec, nowMs: number): LeaseSpec {
  return { ...previous, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(nowMs) };
}

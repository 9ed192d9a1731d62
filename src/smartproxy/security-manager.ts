import { AddressList } from '../address-list.ts';
import type { ActiveCounts } from '../rates/active-counts.ts';
import type { RateLimiters } from '../rates/rate-limiters.ts';
import type { RateLimit } from '../routes/policy.ts';
import { connectionRate } from './address-rate.ts';

/** Limits per client address; 0 = no limit. */
export interface SecurityLimits {
  readonly maxConnectionsPerIp: number;
  readonly connectionRatePerMinute: number;
  /** When not empty only these may connect. */
  readonly allowCidrs: readonly string[];
  readonly denyCidrs: readonly string[];
}

/** Why an address is refused. */
export type AdmissionRefusal = 'ip_blocked' | 'ip_limit' | 'rate_limited';

/** What the workers of a pod tell each other of the addresses that connect. */
export interface PodCounts extends Pick<RateLimiters, 'take' | 'waitMs'> {
  readonly active: Pick<ActiveCounts, 'othersOf' | 'state'>;
}

/** Of a pod where nothing is counted. */
export const uncounted: PodCounts = { take: () => {}, waitMs: () => 0, active: { othersOf: () => 0, state: () => {} } };

/**
 * Says who may connect, and counts connections by client address: in the pod, as far as the other workers have told of theirs. Bounded by the
 * connections there are, and for rates by `RateLimiters`. Addresses are in plain form, so `::ffff:1.2.3.4` and `1.2.3.4` are one client
 * (lesson 38).
 */
export class SecurityManager {
  readonly #pod: PodCounts;
  #limits: SecurityLimits;
  #allow: AddressList;
  #deny: AddressList;
  #rate: RateLimit | undefined;
  /** Connections of each address that has one: in this worker. */
  readonly #active = new Map<string, number>();

  constructor(limits: SecurityLimits, pod: PodCounts) {
    this.#limits = limits;
    this.#pod = pod;
    this.#allow = new AddressList(limits.allowCidrs);
    this.#deny = new AddressList(limits.denyCidrs);
    this.#rate = connectionRate(limits.connectionRatePerMinute);
  }

  /** Other limits, for connections that come from now on. Those that are open stay, and count where they were counted. */
  update(limits: SecurityLimits): void {
    const wasTold = this.#limits.maxConnectionsPerIp > 0;
    this.#limits = limits;
    this.#allow = new AddressList(limits.allowCidrs);
    this.#deny = new AddressList(limits.denyCidrs);
    this.#rate = connectionRate(limits.connectionRatePerMinute);
    const isTold = limits.maxConnectionsPerIp > 0;
    if (isTold !== wasTold) for (const [address, active] of this.#active) this.#pod.active.state(keyOf(address), isTold ? active : 0);
  }

  /** How many addresses have a connection that is counted; 0 when nothing leaks. */
  get size(): number {
    return this.#active.size;
  }

  /** Connections of `address` that are counted in this worker now. */
  activeOf(address: string): number {
    return this.#active.get(address) ?? 0;
  }

  /** Checks and, when it may come in, counts a connection. Each admission must be followed by one `removeConnection`. */
  admit(address: string): AdmissionRefusal | undefined {
    if (this.isBlocked(address)) return 'ip_blocked';
    const { maxConnectionsPerIp } = this.#limits;
    if (maxConnectionsPerIp === 0 && this.#rate === undefined) return undefined;
    const active = this.activeOf(address);
    if (maxConnectionsPerIp > 0 && active + this.#pod.active.othersOf(keyOf(address)) >= maxConnectionsPerIp) return 'ip_limit';
    if (this.#rate !== undefined) {
      if (this.#pod.waitMs(this.#rate, address) > 0) return 'rate_limited';
      this.#pod.take(this.#rate, address);
    }
    this.#count(address, active + 1);
    return undefined;
  }

  /** The connection that was admitted under `address` is gone. */
  removeConnection(address: string): void {
    const active = this.#active.get(address);
    if (active !== undefined) this.#count(address, active - 1);
  }

  isBlocked(address: string): boolean {
    return this.#deny.has(address) || (!this.#allow.isEmpty && !this.#allow.has(address));
  }

  close(): void {
    this.#active.clear();
  }

  #count(address: string, active: number): void {
    if (active === 0) this.#active.delete(address);
    else this.#active.set(address, active);
    if (this.#limits.maxConnectionsPerIp > 0) this.#pod.active.state(keyOf(address), active);
  }
}

/** What an address has open, among the counts that workers share. */
function keyOf(address: string): string {
  return `connections of an address\n${address}`;
}

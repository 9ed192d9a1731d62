import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import { AddressList } from './address-list.ts';

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

const expiryIntervalMs = 30_000;
const minuteMs = 60_000;
/** Addresses without a connection that are remembered for their rate at most; the oldest is forgotten first. */
const maxRememberedAddresses = 100_000;

/** One address: a connection count and a token bucket. Two numbers stand for any number of attempts (lesson 37). */
interface AddressState {
  active: number;
  tokens: number;
  filledAtMs: number;
}

/**
 * Says who may connect, and counts connections by client address. Bounded: addresses without a connection expire, and are few. Addresses
 * are in plain form, so `::ffff:1.2.3.4` and `1.2.3.4` are one client (lesson 38).
 */
export class SecurityManager extends Deadline {
  readonly #limits: SecurityLimits;
  readonly #wheel: TimerWheel;
  readonly #allow: AddressList;
  readonly #deny: AddressList;
  readonly #counting: boolean;
  readonly #addresses = new Map<string, AddressState>();
  #remembered = 0;

  constructor(limits: SecurityLimits, wheel: TimerWheel) {
    super();
    this.#limits = limits;
    this.#wheel = wheel;
    this.#allow = new AddressList(limits.allowCidrs);
    this.#deny = new AddressList(limits.denyCidrs);
    this.#counting = limits.maxConnectionsPerIp > 0 || limits.connectionRatePerMinute > 0;
    if (this.#counting) wheel.arm(this, expiryIntervalMs);
  }

  /** How many addresses are known; 0 when nothing leaks and the rates have recovered. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Connections of `address` that are counted now. */
  activeOf(address: string): number {
    return this.#addresses.get(address)?.active ?? 0;
  }

  /** Checks and, when it may come in, counts a connection. Each admission must be followed by one `removeConnection`. */
  admit(address: string): AdmissionRefusal | undefined {
    if (this.isBlocked(address)) return 'ip_blocked';
    if (!this.#counting) return undefined;
    const { maxConnectionsPerIp, connectionRatePerMinute } = this.#limits;
    const state = this.#addresses.get(address) ?? this.#remember(address);
    if (maxConnectionsPerIp > 0 && state.active >= maxConnectionsPerIp) return 'ip_limit';
    if (connectionRatePerMinute > 0 && !this.#takeToken(state)) return 'rate_limited';
    if (state.active === 0) this.#remembered--;
    state.active++;
    return undefined;
  }

  /** The connection that was admitted under `address` is gone. */
  removeConnection(address: string): void {
    const state = this.#addresses.get(address);
    if (state === undefined || state.active === 0) return;
    state.active--;
    if (state.active > 0) return;
    this.#remembered++;
    if (this.#isForgettable(state)) this.#forget(address);
  }

  isBlocked(address: string): boolean {
    return this.#deny.has(address) || (!this.#allow.isEmpty && !this.#allow.has(address));
  }

  /** Forgets the addresses without a connection whose rate has recovered. */
  expire(): void {
    for (const [address, state] of this.#addresses) {
      if (state.active === 0 && this.#isForgettable(state)) this.#forget(address);
    }
  }

  override onTimeout(): void {
    this.expire();
    this.#wheel.arm(this, expiryIntervalMs);
  }

  close(): void {
    this.#wheel.disarm(this);
    this.#addresses.clear();
    this.#remembered = 0;
  }

  #remember(address: string): AddressState {
    if (this.#remembered >= maxRememberedAddresses) this.#forgetOldest();
    const state = { active: 0, tokens: this.#limits.connectionRatePerMinute, filledAtMs: this.#wheel.nowMs };
    this.#addresses.set(address, state);
    this.#remembered++;
    return state;
  }

  #forgetOldest(): void {
    for (const [address, state] of this.#addresses) {
      if (state.active > 0) continue;
      this.#forget(address);
      return;
    }
  }

  #forget(address: string): void {
    this.#addresses.delete(address);
    this.#remembered--;
  }

  #takeToken(state: AddressState): boolean {
    this.#refill(state);
    if (state.tokens < 1) return false;
    state.tokens--;
    return true;
  }

  #refill(state: AddressState): void {
    const rate = this.#limits.connectionRatePerMinute;
    const now = this.#wheel.nowMs;
    state.tokens = Math.min(rate, state.tokens + ((now - state.filledAtMs) * rate) / minuteMs);
    state.filledAtMs = now;
  }

  #isForgettable(state: AddressState): boolean {
    this.#refill(state);
    return state.tokens >= this.#limits.connectionRatePerMinute;
  }
}

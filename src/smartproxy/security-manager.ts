import { AddressList } from '../address-list.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';

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
/** Addresses without a connection that are remembered for their rate at most; the one that left first is forgotten first. */
const maxIdleAddresses = 100_000;

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
  #limits: SecurityLimits;
  readonly #wheel: TimerWheel;
  #allow: AddressList;
  #deny: AddressList;
  #counting: boolean;
  /** Addresses with a connection: as many as there are connections at most. */
  readonly #active = new Map<string, AddressState>();
  /** Addresses without one whose rate has not recovered, in the order in which they came here. */
  readonly #idle = new Map<string, AddressState>();
  /** Walks `#idle` from its oldest entry on. Kept, since a new iterator would first step over every entry that was deleted in a flood. */
  #oldestIdle = this.#idle.keys();

  constructor(limits: SecurityLimits, wheel: TimerWheel) {
    super();
    this.#limits = limits;
    this.#wheel = wheel;
    this.#allow = new AddressList(limits.allowCidrs);
    this.#deny = new AddressList(limits.denyCidrs);
    this.#counting = limits.maxConnectionsPerIp > 0 || limits.connectionRatePerMinute > 0;
    if (this.#counting) wheel.arm(this, expiryIntervalMs);
  }

  /**
   * Other limits, for connections that come from now on. Those that are open stay, and count where they were counted; a higher rate gives
   * what it is more to every address.
   */
  update(limits: SecurityLimits): void {
    const more = limits.connectionRatePerMinute - this.#limits.connectionRatePerMinute;
    if (more > 0) for (const states of [this.#active, this.#idle]) for (const state of states.values()) state.tokens += more;
    this.#limits = limits;
    this.#allow = new AddressList(limits.allowCidrs);
    this.#deny = new AddressList(limits.denyCidrs);
    const counting = limits.maxConnectionsPerIp > 0 || limits.connectionRatePerMinute > 0;
    if (counting && !this.#counting) this.#wheel.arm(this, expiryIntervalMs);
    this.#counting = counting;
  }

  /** How many addresses are known; 0 when nothing leaks and the rates have recovered. */
  get size(): number {
    return this.#active.size + this.#idle.size;
  }

  /** Connections of `address` that are counted now. */
  activeOf(address: string): number {
    return this.#active.get(address)?.active ?? 0;
  }

  /** Checks and, when it may come in, counts a connection. Each admission must be followed by one `removeConnection`. */
  admit(address: string): AdmissionRefusal | undefined {
    if (this.isBlocked(address)) return 'ip_blocked';
    if (!this.#counting) return undefined;
    const { maxConnectionsPerIp, connectionRatePerMinute } = this.#limits;
    const state = this.#active.get(address) ?? this.#idle.get(address) ?? this.#remember(address);
    if (maxConnectionsPerIp > 0 && state.active >= maxConnectionsPerIp) return 'ip_limit';
    if (connectionRatePerMinute > 0 && !this.#takeToken(state)) return 'rate_limited';
    if (state.active === 0) move(address, state, this.#idle, this.#active);
    state.active++;
    return undefined;
  }

  /** The connection that was admitted under `address` is gone. */
  removeConnection(address: string): void {
    const state = this.#active.get(address);
    if (state === undefined) return;
    state.active--;
    if (state.active > 0) return;
    move(address, state, this.#active, this.#idle);
    if (this.#hasRecovered(state)) this.#idle.delete(address);
    else this.#boundIdle();
  }

  isBlocked(address: string): boolean {
    return this.#deny.has(address) || (!this.#allow.isEmpty && !this.#allow.has(address));
  }

  /** Forgets the addresses without a connection whose rate has recovered. */
  expire(): void {
    for (const [address, state] of this.#idle) if (this.#hasRecovered(state)) this.#idle.delete(address);
  }

  override onTimeout(): void {
    this.expire();
    this.#wheel.arm(this, expiryIntervalMs);
  }

  close(): void {
    this.#wheel.disarm(this);
    this.#active.clear();
    this.#idle.clear();
  }

  #remember(address: string): AddressState {
    const state = { active: 0, tokens: this.#limits.connectionRatePerMinute, filledAtMs: this.#wheel.nowMs };
    this.#idle.set(address, state);
    this.#boundIdle();
    return state;
  }

  #boundIdle(): void {
    if (this.#idle.size <= maxIdleAddresses) return;
    const oldest = this.#oldestIdle.next();
    if (oldest.done === true) this.#oldestIdle = this.#idle.keys();
    else this.#idle.delete(oldest.value);
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

  #hasRecovered(state: AddressState): boolean {
    this.#refill(state);
    return state.tokens >= this.#limits.connectionRatePerMinute;
  }
}

function move(address: string, state: AddressState, from: Map<string, AddressState>, to: Map<string, AddressState>): void {
  from.delete(address);
  to.set(address, state);
}

import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { Endpoint, EndpointSet, Service } from '../routes/route-table.ts';
import { eligibleEndpoints } from './eligible-endpoints.ts';
import { EndpointRuntime, endpointKey } from './endpoint-runtime.ts';

/** Connects that must fail in a row before an endpoint is ejected. */
export const failuresToEject = 5;
/** The first ejection's length; the n-th in a row lasts n times as long. */
const ejectionStepMs = 30_000;
const maxEjectionMs = 300_000;

/** What balancers need from outside. */
export interface BalancerOptions {
  /** The zone that we run in, for topology hints; undefined: unknown. */
  readonly zone?: string | undefined;
  readonly counters: WorkerCounters;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/** What becomes of a balancer with another set of endpoints. */
interface SetView {
  readonly set: EndpointSet | undefined;
  /** In the order of the set. */
  readonly listed: readonly EndpointRuntime[];
  readonly endpoints: ReadonlyMap<string, EndpointRuntime>;
  readonly eligible: readonly EndpointRuntime[];
  /** Those that the set does not have any more. */
  readonly missing: readonly EndpointRuntime[];
}

/**
 * Picks endpoints of one service and ejects those that can't be reached. The object stays the same while the service exists.
 *
 * Ejection is passive: it only knows of the connects that traffic makes. At most half of the endpoints that get traffic are ejected, so
 * a fault on our side of the network can't take a service away; should only ejected ones be left, they are used.
 */
export class Balancer {
  readonly #options: BalancerOptions;
  #service: Service;
  #set: EndpointSet | undefined;
  #endpoints: ReadonlyMap<string, EndpointRuntime> = new Map();
  /** The endpoints that may be picked, ejected ones included. */
  #eligible: readonly EndpointRuntime[] = [];
  /** How many of `#eligible` are ejected, or were when it was last counted: never too low, and 0 lets a pick skip every check. */
  #ejected = 0;
  #turn: number;
  #prepared: SetView | undefined;

  constructor(service: Service, options: BalancerOptions) {
    this.#options = options;
    this.#service = service;
    // Each worker begins elsewhere: in lock-step they would send their bursts to the same endpoint.
    this.#turn = Math.floor(options.random() * 0x1_0000_0000);
  }

  get service(): Service {
    return this.#service;
  }

  /** Whether there is anything to pick. */
  get hasEndpoints(): boolean {
    return this.#eligible.length > 0;
  }

  /**
   * The endpoint for a new request; undefined when the service has none that takes requests. `avoid` (one that was just tried) is only
   * returned when there is no other.
   */
  pick(avoid?: EndpointRuntime): EndpointRuntime | undefined {
    const count = this.#eligible.length;
    if (count < 2) return this.#eligible[0];
    return this.#service.loadBalancing === 'least-request' ? this.#pickLeastRequest(count, avoid) : this.#pickRoundRobin(count, avoid);
  }

  /** Takes over a new table's view of the service. Adds the endpoints that disappeared to `gone`, marked as removed. */
  update(service: Service, set: EndpointSet | undefined, gone: EndpointRuntime[]): void {
    this.#service = service;
    if (set === this.#set) return;
    const prepared = this.#prepared;
    const { listed, endpoints, eligible, missing } = prepared !== undefined && prepared.set === set ? prepared : this.#viewOf(set);
    this.#prepared = undefined;
    this.#set = set;
    const given = set?.endpoints ?? [];
    for (let i = 0; i < given.length; i++) (listed[i] as EndpointRuntime).state = (given[i] as Endpoint).state;
    for (const runtime of missing) retire(runtime, gone);
    this.#endpoints = endpoints;
    this.#eligible = eligible;
    this.#ejected = this.#countEjected(this.#options.now());
  }

  /** Does ahead most of what an `update` to this set costs; picks see nothing of it until then. False: there is nothing to do. */
  prepare(set: EndpointSet | undefined): boolean {
    if (set === this.#set) return false;
    this.#prepared = this.#viewOf(set);
    return true;
  }

  /** The endpoints that are ejected at `nowMs`. */
  ejectedAt(nowMs: number): readonly EndpointRuntime[] {
    if (this.#ejected === 0) return [];
    return this.#eligible.filter((endpoint) => endpoint.ejectedUntilMs > nowMs);
  }

  /** @internal called by the endpoint */
  connectSucceeded(endpoint: EndpointRuntime): void {
    endpoint.consecutiveFailures = 0;
    if (endpoint.ejections === 0) return;
    endpoint.ejections = 0;
    endpoint.ejectedUntilMs = 0; // it may still run: the connect began before, or only ejected endpoints were left
    this.#ejected = this.#countEjected(this.#options.now());
  }

  /** @internal called by the endpoint */
  connectFailed(endpoint: EndpointRuntime): void {
    const now = this.#options.now();
    if (endpoint.ejectedUntilMs > now) return;
    endpoint.consecutiveFailures++;
    if (endpoint.consecutiveFailures < failuresToEject || !this.#eligible.includes(endpoint)) return;
    const ejected = this.#countEjected(now);
    if (ejected + 1 > this.#eligible.length / 2) return;
    endpoint.consecutiveFailures = 0;
    endpoint.ejections++;
    endpoint.ejectedUntilMs = now + Math.min(endpoint.ejections * ejectionStepMs, maxEjectionMs);
    this.#ejected = ejected + 1;
    this.#options.counters.upstreamEjections++;
  }

  /** The turn moves on to the one picked, so that the neighbour of an ejected endpoint does not get its share on top. */
  #pickRoundRobin(count: number, avoid: EndpointRuntime | undefined): EndpointRuntime | undefined {
    this.#turn = this.#usableFrom((this.#turn + 1) % count, count, avoid);
    return this.#eligible[this.#turn];
  }

  /** The better of two random ones: nearly as even as the least of all, and no herd runs to one endpoint that was just added. */
  #pickLeastRequest(count: number, avoid: EndpointRuntime | undefined): EndpointRuntime | undefined {
    const { random } = this.#options;
    const first = Math.floor(random() * count);
    const second = Math.floor(random() * (count - 1));
    const a = this.#eligible[this.#usableFrom(first, count, avoid)];
    const b = this.#eligible[this.#usableFrom(second < first ? second : second + 1, count, avoid)];
    return a !== undefined && b !== undefined && b.active < a.active ? b : a;
  }

  /** The place of the first endpoint from `start` on, round the list, that is neither `avoid` nor ejected; if all are, of any but `avoid`. */
  #usableFrom(start: number, count: number, avoid: EndpointRuntime | undefined): number {
    const eligible = this.#eligible;
    const next = (start + 1) % count;
    const any = eligible[start] === avoid ? next : start;
    if (this.#ejected === 0) return any;
    const now = this.#options.now();
    for (let step = 0, place = start; step < count; step++, place = (place + 1) % count) {
      const endpoint = eligible[place];
      if (endpoint !== undefined && endpoint !== avoid && endpoint.ejectedUntilMs <= now) return place;
    }
    return any;
  }

  #viewOf(set: EndpointSet | undefined): SetView {
    const listed: EndpointRuntime[] = [];
    const endpoints = new Map<string, EndpointRuntime>();
    for (const endpoint of set?.endpoints ?? []) {
      const key = endpointKey(endpoint);
      const runtime = endpoints.get(key) ?? this.#endpoints.get(key) ?? new EndpointRuntime(this.#service.key, endpoint, this);
      listed.push(runtime);
      endpoints.set(key, runtime);
    }
    const eligible: EndpointRuntime[] = [];
    for (const endpoint of eligibleEndpoints(set?.endpoints ?? [], this.#options.zone)) {
      const runtime = endpoints.get(endpointKey(endpoint));
      if (runtime !== undefined) eligible.push(runtime);
    }
    const missing: EndpointRuntime[] = [];
    for (const [key, runtime] of this.#endpoints) if (!endpoints.has(key)) missing.push(runtime);
    return { set, listed, endpoints, eligible, missing };
  }

  #countEjected(now: number): number {
    let count = 0;
    for (const endpoint of this.#eligible) if (endpoint.ejectedUntilMs > now) count++;
    return count;
  }
}

/** Marks an endpoint as gone. */
function retire(endpoint: EndpointRuntime, gone: EndpointRuntime[]): void {
  endpoint.removed = true;
  gone.push(endpoint);
}

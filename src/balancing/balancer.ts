import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { Endpoint, EndpointSet, Service } from '../routes/service.ts';
import { eligibleEndpoints } from './eligible-endpoints.ts';
import { EndpointRuntime, endpointKey } from './endpoint-runtime.ts';
import { countFailure, defaultOutlierDetection, eject, noteAnswer, noteConnect } from './outlier-ejection.ts';
import { boundedLoad, pickByHash } from './pick-by-hash.ts';
import { ServiceLoad } from './service-load.ts';
import { SlowStart } from './slow-start.ts';

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
  /** By what session cookies call them. */
  readonly sessions: ReadonlyMap<string, EndpointRuntime>;
  /** Those that the set does not have any more. */
  readonly missing: readonly EndpointRuntime[];
}

/**
 * Picks endpoints of one service and ejects those that can't be reached or answer with errors. The object stays the same while the service
 * exists.
 *
 * Ejection is passive: it only knows of what traffic meets. A part of the endpoints that get traffic, half by default, is ejected at most, so
 * a fault on our side of the network can't take a service away. Health is what checks say, of any number of endpoints. Should only endpoints
 * be left that are ejected or not healthy, they are used as if they were neither: what may fail is better than what fails for certain.
 */
export class Balancer {
  readonly #options: BalancerOptions;
  #service: Service;
  #set: EndpointSet | undefined;
  #endpoints: ReadonlyMap<string, EndpointRuntime> = new Map();
  #sessions: ReadonlyMap<string, EndpointRuntime> = noSessions;
  /** The endpoints that may be picked, ejected ones included. */
  #eligible: readonly EndpointRuntime[] = [];
  /** How many of `#eligible` are ejected or not healthy, or were when it was last counted: never too low, and 0 lets a pick skip every check. */
  #out = 0;
  readonly load = new ServiceLoad();
  readonly #slowStart = new SlowStart();
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
   * @param hash of what decides by consistent hash; undefined: the request has none, and takes its turn
   */
  pick(avoid?: EndpointRuntime, hash?: number): EndpointRuntime | undefined {
    const count = this.#eligible.length;
    if (count < 2) return this.#eligible[0];
    const { loadBalancing } = this.#service;
    if (loadBalancing === 'least-request') return this.#pickLeastRequest(count, avoid);
    return loadBalancing === 'consistent-hash' && hash !== undefined ? this.#pickByHash(hash, avoid) : this.#pickRoundRobin(count, avoid);
  }

  /** The endpoint that a session is on, whether it gets others or not; undefined: it is gone, or out. */
  ofSession(session: string): EndpointRuntime | undefined {
    const endpoint = this.#sessions.get(session);
    // What drains is not checked any more.
    if (endpoint === undefined || this.#out === 0 || endpoint.state === 'draining') return endpoint;
    return endpoint.isOut(this.#options.now()) ? undefined : endpoint;
  }

  /** Every endpoint of the service, in whatever state. */
  get endpoints(): Iterable<EndpointRuntime> {
    return this.#endpoints.values();
  }

  /** Takes over a new table's view of the service. Adds the endpoints that disappeared to `gone`, marked as removed. */
  update(service: Service, set: EndpointSet | undefined, gone: EndpointRuntime[]): void {
    this.#service = service;
    this.#slowStart.configure(service.slowStartMs);
    this.load.configure(service.limits);
    if (set === this.#set) return;
    const prepared = this.#prepared;
    const { listed, endpoints, eligible, sessions, missing } =
      prepared !== undefined && prepared.set === set ? prepared : this.#viewOf(set);
    this.#prepared = undefined;
    this.#set = set;
    const given = set?.endpoints ?? [];
    const now = this.#options.now();
    for (let i = 0; i < given.length; i++) this.#takeOver(listed[i] as EndpointRuntime, given[i] as Endpoint, now);
    for (const runtime of missing) retire(runtime, gone);
    this.#endpoints = endpoints;
    this.#eligible = eligible;
    this.#sessions = sessions;
    this.#out = this.#countOut(now);
  }

  /** Does ahead most of what an `update` to this set costs; picks see nothing of it until then. False: there is nothing to do. */
  prepare(set: EndpointSet | undefined): boolean {
    if (set === this.#set) return false;
    this.#prepared = this.#viewOf(set);
    return true;
  }

  /** The endpoints that are out of rotation at `nowMs`. */
  outAt(nowMs: number): readonly EndpointRuntime[] {
    if (this.#out === 0) return [];
    return this.#eligible.filter((endpoint) => endpoint.isOut(nowMs));
  }

  /** Whether all endpoints that could get traffic are out of rotation at `nowMs`, so that they get it all the same. */
  isPanicking(nowMs: number): boolean {
    return this.#out > 0 && this.#eligible.every((endpoint) => endpoint.isOut(nowMs));
  }

  /** Health checks have come to another view of an endpoint. */
  setHealth(endpoint: EndpointRuntime, isHealthy: boolean): void {
    endpoint.isHealthy = isHealthy;
    const now = this.#options.now();
    if (isHealthy) this.#slowStart.begin(endpoint, now);
    this.#out = this.#countOut(now);
  }

  /** @internal called by the endpoint */
  connectSucceeded(endpoint: EndpointRuntime): void {
    if (noteConnect(endpoint)) this.#out = this.#countOut(this.#options.now());
  }

  /** @internal called by the endpoint */
  connectFailed(endpoint: EndpointRuntime): void {
    this.#failed(endpoint, 'connect_failures');
  }

  /** @internal called by the endpoint */
  answered(endpoint: EndpointRuntime, isError: boolean): void {
    if (isError) this.#failed(endpoint, 'errors');
    else if (endpoint.consecutiveErrors > 0 || endpoint.ejectedFor !== undefined) noteAnswer(endpoint, this.#options.now());
  }

  #failed(endpoint: EndpointRuntime, why: 'connect_failures' | 'errors'): void {
    const rules = this.#service.outlierDetection ?? defaultOutlierDetection;
    const now = this.#options.now();
    if (!countFailure(endpoint, why, rules, now) || !this.#eligible.includes(endpoint)) return;
    if ((this.#countEjected(now) + 1) * 100 > this.#eligible.length * rules.maxEjectedPercent) return;
    eject(endpoint, why, rules, now);
    this.#out++;
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

  #pickByHash(hash: number, avoid: EndpointRuntime | undefined): EndpointRuntime | undefined {
    const now = this.#out === 0 ? Number.POSITIVE_INFINITY : this.#options.now();
    return pickByHash(this.#eligible, hash, avoid, now, boundedLoad(this.#eligible, this.#service.maxLoadPercent));
  }

  /** The place of the first endpoint from `start` on, round the list, that is neither `avoid` nor out and, while young, takes it; if there is none, of any but `avoid`. */
  #usableFrom(start: number, count: number, avoid: EndpointRuntime | undefined): number {
    const eligible = this.#eligible;
    const next = (start + 1) % count;
    const any = eligible[start] === avoid ? next : start;
    const slowStart = this.#slowStart;
    if (this.#out === 0 && !slowStart.isOn) return any;
    const { now, random } = this.#options;
    const nowMs = now();
    let young = -1;
    for (let step = 0, place = start; step < count; step++, place = (place + 1) % count) {
      const endpoint = eligible[place];
      if (endpoint === undefined || endpoint === avoid || endpoint.isOut(nowMs)) continue;
      if (!slowStart.isOn || slowStart.takes(endpoint, nowMs, random())) return place;
      if (young === -1) young = place;
    }
    return young === -1 ? any : young;
  }

  /** What a new table says of an endpoint; `#endpoints` and `#eligible` are still those of the table before. */
  #takeOver(runtime: EndpointRuntime, { state, session }: Endpoint, now: number): void {
    const wasReady = runtime.state === 'ready' && this.#endpoints.has(runtime.key);
    // Where none was before, there is nobody to spare it.
    if (state === 'ready' && !wasReady && this.#eligible.length > 0) this.#slowStart.begin(runtime, now);
    runtime.state = state;
    runtime.session = session;
  }

  #viewOf(set: EndpointSet | undefined): SetView {
    const listed: EndpointRuntime[] = [];
    const endpoints = new Map<string, EndpointRuntime>();
    let sessions: Map<string, EndpointRuntime> | undefined;
    for (const endpoint of set?.endpoints ?? []) {
      const key = endpointKey(endpoint);
      const runtime = endpoints.get(key) ?? this.#endpoints.get(key) ?? new EndpointRuntime(this.#service.key, endpoint, this);
      listed.push(runtime);
      endpoints.set(key, runtime);
      if (endpoint.session !== undefined) (sessions ??= new Map()).set(endpoint.session, runtime);
    }
    const eligible: EndpointRuntime[] = [];
    for (const endpoint of eligibleEndpoints(set?.endpoints ?? [], this.#options.zone)) {
      const runtime = endpoints.get(endpointKey(endpoint));
      if (runtime !== undefined) eligible.push(runtime);
    }
    const missing: EndpointRuntime[] = [];
    for (const [key, runtime] of this.#endpoints) if (!endpoints.has(key)) missing.push(runtime);
    return { set, listed, endpoints, eligible, sessions: sessions ?? noSessions, missing };
  }

  #countEjected(now: number): number {
    let count = 0;
    for (const endpoint of this.#eligible) if (endpoint.ejectedUntilMs > now) count++;
    return count;
  }

  #countOut(now: number): number {
    let count = 0;
    for (const endpoint of this.#eligible) if (endpoint.isOut(now)) count++;
    return count;
  }
}

const noSessions: ReadonlyMap<string, EndpointRuntime> = new Map();

/** Marks an endpoint as gone. */
function retire(endpoint: EndpointRuntime, gone: EndpointRuntime[]): void {
  endpoint.removed = true;
  gone.push(endpoint);
}

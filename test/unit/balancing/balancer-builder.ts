import { Balancers } from '../../../src/balancing/balancers.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { emptyRouteTable, type RouteTable } from '../../../src/routes/route-table.ts';
import type { Endpoint, Service } from '../../../src/routes/service.ts';

export type LoadBalancing = Service['loadBalancing'];

export function makeService(key: string, loadBalancing: LoadBalancing = 'round-robin'): Service {
  return { key, namespace: 'default', name: key, port: 80, protocol: 'http', tls: undefined, loadBalancing };
}

/** The endpoint 10.0.0.`n`:8080, ready. */
export function makeEndpoint(n: number, changes: Partial<Endpoint> = {}): Endpoint {
  return { address: `10.0.0.${n}`, port: 8080, state: 'ready', zone: undefined, forZones: [], ...changes };
}

export function makeTable(services: readonly (readonly [Service, readonly Endpoint[]])[]): RouteTable {
  return {
    ...emptyRouteTable,
    services: new Map(services.map(([service]) => [service.key, service])),
    endpoints: new Map(services.map(([{ key }, endpoints]) => [key, { key, endpoints }])),
  };
}

/** Balancers with a clock and a source of randomness that the test controls; one service, `web`. */
export class BalancerBench {
  nowMs = 1000;
  readonly counters = new WorkerCounters();
  readonly balancers: Balancers;
  readonly #loadBalancing: LoadBalancing;
  /** What else the service says of its endpoints. */
  readonly #more: Partial<Service>;
  #seed = 1;

  constructor(loadBalancing: LoadBalancing, zone?: string, more: Partial<Service> = {}) {
    this.#more = more;
    this.#loadBalancing = loadBalancing;
    this.balancers = new Balancers({ zone, counters: this.counters, now: () => this.nowMs, random: () => this.#random() });
  }

  /** Replaces the service's endpoints; returns the keys of those that disappeared. */
  update(...endpoints: readonly Endpoint[]): readonly string[] {
    return this.balancers
      .update(makeTable([[{ ...makeService('web', this.#loadBalancing), ...this.#more }, endpoints]]))
      .map((endpoint) => endpoint.key);
  }

  get balancer() {
    const balancer = this.balancers.get('web');
    if (balancer === undefined) throw new Error('the test has not called update yet');
    return balancer;
  }

  /** How often each endpoint comes up in `count` picks, by the last number of its address. */
  picks(count: number, avoid?: ReturnType<typeof this.balancer.pick>): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let index = 0; index < count; index++) {
      const name = this.balancer.pick(avoid)?.address.split('.').at(-1) ?? 'none';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /** The runtime of 10.0.0.`n`, found by picking. */
  endpoint(n: number) {
    for (let index = 0; index < 1000; index++) {
      const endpoint = this.balancer.pick();
      if (endpoint?.address === `10.0.0.${n}`) return endpoint;
    }
    throw new Error(`10.0.0.${n} is never picked`);
  }

  /** The same sequence in every run (a multiplicative congruential generator). */
  #random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }
}

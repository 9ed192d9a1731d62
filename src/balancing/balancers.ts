import type { RouteTable } from '../routes/route-table.ts';
import type { EndpointSet, Service } from '../routes/service.ts';
import type { Steps } from '../steps.ts';
import { Balancer, type BalancerOptions } from './balancer.ts';
import type { EndpointRuntime } from './endpoint-runtime.ts';

/** One endpoint that gets no traffic while others can, for `/debug` and health output. */
export interface OutEndpoint {
  /** The service's key. */
  readonly service: string;
  /** The endpoint's key. */
  readonly endpoint: string;
  readonly reason: 'connect_failures' | 'errors' | 'health_check';
  /** Until it gets traffic again, in milliseconds; undefined: until it is well. */
  readonly forMs: number | undefined;
  /** What its last health check found; undefined: nothing, or there is none. */
  readonly detail: string | undefined;
}

/** What one endpoint has to do for this process. */
export interface EndpointUse {
  /** The service's key. */
  readonly service: string;
  /** The endpoint's key. */
  readonly endpoint: string;
  /** Requests or L4 connections in flight. */
  readonly active: number;
  /** Those that were ever sent there, each attempt one; from 0 again when its service lists it anew. */
  readonly begun: number;
}

/** Services and endpoints that are prepared without a pause. */
const stepCost = 1000;

/** The balancers of all services: runtime state under stable keys, so that a table change forgets nothing and leaks nothing. */
export class Balancers {
  readonly #options: BalancerOptions;
  readonly #balancers = new Map<string, Balancer>();
  #table: Pick<RouteTable, 'services' | 'endpoints'> | undefined;

  constructor(options: BalancerOptions) {
    this.#options = options;
  }

  /**
   * Does ahead most of what `update` to this table costs, with a pause after every few hundred services. Balancers of services that are new
   * are there from now on; those that are there pick as before.
   */
  *prepare({ services, endpoints }: RouteTable): Steps<void> {
    if (this.#table?.services === services && this.#table.endpoints === endpoints) return;
    let cost = 0;
    for (const service of services.values()) {
      cost += this.#prepareService(service, endpoints.get(service.key));
      if (cost < stepCost) continue;
      yield;
      cost = 0;
    }
    for (const [key, balancer] of this.#balancers) {
      if (services.has(key) || !balancer.prepare(undefined)) continue;
      if (++cost < stepCost) continue;
      yield;
      cost = 0;
    }
  }

  /**
   * Takes over a table that was just put into service. Returns the endpoints that disappeared, so that their connections can end.
   * @param changed keys of all services whose entry or endpoints are not those of the table before; default: it is looked for
   */
  update(table: RouteTable, changed?: ReadonlySet<string>): EndpointRuntime[] {
    const gone: EndpointRuntime[] = [];
    const { services, endpoints } = table;
    if (this.#table?.services === services && this.#table.endpoints === endpoints) return gone;
    this.#table = { services, endpoints };
    if (changed !== undefined) for (const key of changed) this.#updateService(key, services.get(key), endpoints.get(key), gone);
    else {
      for (const service of services.values()) this.#updateService(service.key, service, endpoints.get(service.key), gone);
      for (const key of this.#balancers.keys()) if (!services.has(key)) this.#updateService(key, undefined, undefined, gone);
    }
    return gone;
  }

  /** A service that is undefined has gone. */
  #updateService(key: string, service: Service | undefined, set: EndpointSet | undefined, gone: EndpointRuntime[]): void {
    const known = this.#balancers.get(key);
    if (service !== undefined) (known ?? this.#add(service)).update(service, set, gone);
    else if (known !== undefined) {
      known.update(known.service, undefined, gone);
      this.#balancers.delete(key);
    }
  }

  /** Returns the cost in services and endpoints. */
  #prepareService(service: Service, set: EndpointSet | undefined): number {
    const balancer = this.#balancers.get(service.key);
    if (balancer === undefined) this.#add(service).update(service, set, []);
    else if (!balancer.prepare(set)) return 0;
    return 1 + (set?.endpoints.length ?? 0);
  }

  #add(service: Service): Balancer {
    const balancer = new Balancer(service, this.#options);
    this.#balancers.set(service.key, balancer);
    return balancer;
  }

  get(serviceKey: string): Balancer | undefined {
    return this.#balancers.get(serviceKey);
  }

  /** The endpoints that get no traffic because they can't be reached, answer with errors or are not well. */
  out(): readonly OutEndpoint[] {
    const now = this.#options.now();
    const all: OutEndpoint[] = [];
    for (const balancer of this.#balancers.values()) {
      for (const { service, key, isHealthy, checkFailure, ejectedUntilMs, ejectedFor } of balancer.outAt(now)) {
        const forMs = isHealthy ? ejectedUntilMs - now : undefined;
        const reason = isHealthy ? (ejectedFor ?? 'connect_failures') : 'health_check';
        all.push({ service, endpoint: key, reason, forMs, detail: checkFailure });
      }
    }
    return all;
  }

  /** What the endpoints of these services have to do; those that never had anything are left out. */
  uses(services: readonly string[]): readonly EndpointUse[] {
    const all: EndpointUse[] = [];
    for (const key of services)
      for (const { service, key: endpoint, active, begun } of this.#balancers.get(key)?.endpoints ?? [])
        if (begun > 0) all.push({ service, endpoint, active, begun });
    return all;
  }

  /** How many services have endpoints that are all out of rotation. */
  panicking(): number {
    const now = this.#options.now();
    let count = 0;
    for (const balancer of this.#balancers.values()) if (balancer.isPanicking(now)) count++;
    return count;
  }
}

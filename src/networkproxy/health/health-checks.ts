import type { LookupFunction } from 'node:net';
import type { Balancers } from '../../balancing/balancers.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { RouteTable } from '../../routes/route-table.ts';
import { type LonePart, usedBy } from '../../routes/services-by-part.ts';
import type { TimerWheel } from '../../timer-wheel.ts';
import { ProbeSlots } from './probe-slots.ts';
import { ServiceChecks } from './service-checks.ts';

/** Probes of one worker that run at once. */
export const maxProbes = 64;

export interface HealthChecksOptions {
  readonly balancers: Balancers;
  readonly wheel: TimerWheel;
  readonly counters: WorkerCounters;
  readonly lookup: LookupFunction | undefined;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** This process sends to the services of this part alone, and asks no others. */
  readonly part?: LonePart;
}

export interface HealthChecksShared extends HealthChecksOptions {
  readonly slots: ProbeSlots;
}

/**
 * Asks the endpoints of services that want it, at intervals, whether they are well, and tells their balancers. Each worker does so for itself:
 * it sees what its own requests would, and owes nothing to another process.
 */
export class HealthChecks {
  readonly #shared: HealthChecksShared;
  readonly #services = new Map<string, ServiceChecks>();
  /** All services that want checks, whoever makes them. */
  readonly #wanting = new Set<string>();
  #isUsed: (service: string) => boolean = () => true;
  #routes: Pick<RouteTable, 'hosts' | 'l4' | 'policies'> | undefined;

  constructor(options: HealthChecksOptions) {
    this.#shared = { ...options, slots: new ProbeSlots(maxProbes) };
  }

  /**
   * Takes over a table that the balancers have just taken over.
   * @param changed keys of all services whose entry or endpoints have changed; default: any
   */
  update(table: RouteTable, changed?: ReadonlySet<string>): void {
    const { services } = table;
    for (const key of changed ?? services.keys()) this.#note(key, services);
    if (changed === undefined) for (const key of this.#wanting) if (!services.has(key)) this.#note(key, services);
    const areOthersUsed = this.#shared.part !== undefined && this.#wanting.size > 0 && this.#lookAtRoutes(table);
    const looked = areOthersUsed || changed === undefined ? new Set([...this.#wanting, ...this.#services.keys()]) : changed;
    for (const key of looked) this.#updateService(key, services);
  }

  #note(key: string, services: RouteTable['services']): void {
    if (services.get(key)?.healthCheck === undefined) this.#wanting.delete(key);
    else this.#wanting.add(key);
  }

  /** Whether other services may be used since the routes have changed. */
  #lookAtRoutes({ hosts, l4, policies }: RouteTable): boolean {
    const known = this.#routes;
    if (known?.hosts === hosts && known.l4 === l4 && known.policies === policies) return false;
    this.#routes = { hosts, l4, policies };
    this.#isUsed = usedBy(this.#shared.part, this.#routes);
    return true;
  }

  close(): void {
    for (const checks of this.#services.values()) checks.close();
    this.#services.clear();
  }

  #updateService(key: string, services: RouteTable['services']): void {
    const check = services.get(key)?.healthCheck;
    const known = this.#services.get(key);
    const balancer = this.#shared.balancers.get(key);
    if (check === undefined || balancer === undefined || !this.#isUsed(key)) {
      known?.forget();
      this.#services.delete(key);
      return;
    }
    // The key of a service stands for its check: what is known need not be compared.
    const checks = known ?? new ServiceChecks(this.#shared, balancer, check);
    this.#services.set(key, checks);
    checks.update();
  }
}

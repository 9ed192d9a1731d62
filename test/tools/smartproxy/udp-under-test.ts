import { Balancers } from '../../../src/balancing/balancers.ts';
import { guardedLookup } from '../../../src/balancing/guarded-lookup.ts';
import type { Config } from '../../../src/config/config.ts';
import { udpDropReasons, udpEndReasons } from '../../../src/observability/counters/udp.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { RateLimiters } from '../../../src/rates/rate-limiters.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { ClientAccess, Policy } from '../../../src/routes/policy.ts';
import type { KernelForwarding, L4Route, WeightedBackend } from '../../../src/routes/route.ts';
import { emptyRouteTable, type Listener, type RouteTable } from '../../../src/routes/route-table.ts';
import { UdpForwarder } from '../../../src/smartproxy/udp/udp-forwarder.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';
import { httpListener, tinyConfig, tinyTable } from '../tiny-table.ts';

export const udpListener: Listener = httpListener({ key: 'dns', protocol: 'udp' });

export interface UdpTableOptions {
  /** Endpoints of each service, by its name. */
  readonly services: Readonly<Record<string, readonly { readonly address?: string; readonly port: number }[]>>;
  /** Default: each service with weight 1. */
  readonly backends?: readonly WeightedBackend[];
  readonly clients?: ClientAccess;
  readonly rateLimits?: Policy['rateLimits'];
  readonly idleTimeoutMs?: number;
  readonly kernel?: KernelForwarding;
  readonly listener?: Listener;
}

/** A table with one UDP route, from the listener `dns`. */
export function udpTable(options: UdpTableOptions): RouteTable {
  const { services, clients, rateLimits, idleTimeoutMs = 30_000, kernel, listener = udpListener } = options;
  const names = Object.keys(services);
  const [service] = tinyTable({ backends: [] }).services.values();
  const [basePolicy] = tinyTable({ backends: [] }).policies.values();
  const policy = { ...(basePolicy as Policy), ...(clients && { clients }), ...(rateLimits && { rateLimits }) };
  const route: L4Route = {
    key: `SmartRoute net/dns ${listener.key}`,
    listener: listener.key,
    protocol: 'udp',
    backends: options.backends ?? names.map((name) => ({ service: name, weight: 1 })),
    policy: policy.key,
    source: { kind: 'SmartRoute', namespace: 'net', name: 'dns' },
    idleTimeoutMs,
    kernel,
  };
  const endpointsOf = (name: string) =>
    (services[name] ?? []).map(({ address = '127.0.0.1', port }) => ({
      address,
      port,
      state: 'ready' as const,
      zone: undefined,
      forZones: [],
    }));
  return {
    ...emptyRouteTable,
    listeners: new Map([[listener.key, listener]]),
    policies: new Map([[policy.key, policy]]),
    l4: new Map([[route.key, route]]),
    services: new Map(names.map((name) => [name, { ...service!, key: name, name, loadBalancing: 'consistent-hash' as const }])),
    endpoints: new Map(names.map((key) => [key, { key, endpoints: endpointsOf(key) }])),
  };
}

/** A UDP forwarder with a clock of its own. */
export class UdpUnderTest implements Disposable {
  readonly counters = new WorkerCounters();
  readonly balancers: Balancers;
  readonly wheel: TimerWheel;
  readonly forwarder: UdpForwarder;
  readonly #config: Config;
  #nowMs = 0;
  #table = CompiledTable.compile(emptyRouteTable);

  constructor(table: RouteTable, config: Partial<Config> = {}) {
    this.#config = tinyConfig(config);
    this.wheel = new TimerWheel({ now: () => this.#nowMs, every: () => () => {} });
    this.balancers = new Balancers({ counters: this.counters, now: () => this.#nowMs, random: () => 0.5 });
    this.forwarder = new UdpForwarder({
      config: this.#config,
      counters: this.counters,
      wheel: this.wheel,
      idPrefix: 't',
      table: () => this.#table,
      balancers: this.balancers,
      rates: new RateLimiters({ wheel: this.wheel, counters: this.counters, now: () => this.#nowMs }),
      lookup: guardedLookup(this.#config.allowLocalExternalNames),
    });
    this.publish(table);
  }

  /** Opens the listener. Resolves to its port. */
  open(listener = udpListener, address = '127.0.0.1'): Promise<number> {
    return this.forwarder.open(listener, address, 0);
  }

  publish(table: RouteTable): void {
    const previous = this.#table;
    this.#table = CompiledTable.compile(table, previous);
    this.forwarder.tableChanged(previous, this.#table, this.balancers.update(table));
  }

  /** Lets time pass at once. */
  pass(ms: number): void {
    for (const end = this.#nowMs + ms; this.#nowMs < end; ) {
      this.#nowMs = Math.min(end, this.#nowMs + 1000);
      this.wheel.advance();
    }
  }

  /** What was dropped, by reason, without zeros. */
  get drops(): Readonly<Record<string, number>> {
    return named(udpDropReasons, this.counters.udpDropped);
  }

  /** Sessions that ended, by reason, without zeros. */
  get ends(): Readonly<Record<string, number>> {
    return named(udpEndReasons, this.counters.udpSessionsClosed);
  }

  get active(): number {
    return this.counters.gauges.udpSessionsActive();
  }

  [Symbol.dispose](): void {
    this.forwarder.closeAll();
    this.wheel.close();
  }
}

function named(names: readonly string[], counts: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.flatMap((name, index) => (counts[index] === 0 ? [] : [[name, counts[index] ?? 0]])));
}

import { availableParallelism } from 'node:os';
import { Balancers } from '../balancing/balancers.ts';
import type { Config } from '../config/config.ts';
import { SmartProxyError } from '../errors.ts';
import { NetworkProxy } from '../networkproxy/network-proxy.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { OverloadReadings } from '../networkproxy/overload/overload-monitor.ts';
import type { AccessLog } from '../observability/access-log.ts';
import { WorkerCounters, type WorkerSnapshot } from '../observability/counters/worker-counters.ts';
import { CompiledTable } from '../routes/compiled-table.ts';
import { emptyRouteTable, type Listener, type RouteTable } from '../routes/route-table.ts';
import { StagedTable } from '../routes/staged-table.ts';
import { changedKeys, type TableDelta } from '../routes/table-delta.ts';
import { SmartProxy } from '../smartproxy/smart-proxy.ts';
import { runToEnd, type Steps } from '../steps.ts';
import { TimerWheel } from '../timer-wheel.ts';
import type { BoundAddress } from './bound-address.ts';
import { connectionLine } from './connection-line.ts';
import { MemoryProbe } from './memory-probe.ts';
import type { ConnectionSummary, EjectedEndpoint } from './protocol.ts';

export interface DataPlaneOptions {
  readonly config: Config;
  /** Begins every connection id. */
  readonly idPrefix: string;
  /** 48 bytes that all workers share, so that a TLS session resumes in any of them; undefined: our own. */
  readonly ticketKeys?: Buffer;
  readonly accessLog?: AccessLog;
  /** The level of overload is another one. */
  readonly onOverload?: (change: OverloadChange) => void;
}

/** Where the bytes of a listener come from: an inherited descriptor, a handle from the main process, or a socket of our own. */
export type PortSource = { readonly fd: number } | { readonly handle: unknown } | { readonly bind: true };

/**
 * Everything that carries traffic, in one process: SmartProxy, NetworkProxy, balancers, timers and counters around one route table.
 * A worker process drives it with messages; tests and a single-process run publish tables to it directly.
 */
export class DataPlane {
  readonly counters: WorkerCounters;
  readonly #wheel = new TimerWheel();
  readonly #balancers: Balancers;
  readonly #networkProxy: NetworkProxy;
  readonly #smartProxy: SmartProxy;
  #table: CompiledTable = CompiledTable.compile(emptyRouteTable);
  #generation = 0;

  constructor({ config, idPrefix, ticketKeys, accessLog, onOverload }: DataPlaneOptions) {
    this.counters = new WorkerCounters(config.maxRouteSeries);
    if (accessLog !== undefined) this.counters.gauges.accessLogDropped = () => accessLog.dropped;
    const shared = { config, counters: this.counters, wheel: this.#wheel, table: () => this.#table };
    this.#balancers = new Balancers({
      ...(config.zone === undefined ? {} : { zone: config.zone }),
      counters: this.counters,
      now: () => performance.now(),
      random: Math.random,
    });
    this.counters.gauges.upstreamEjected = () => this.#balancers.ejected().length;
    this.#networkProxy = new NetworkProxy({
      ...shared,
      memory: new MemoryProbe(config.workers ?? availableParallelism()),
      balancers: this.#balancers,
      ...(ticketKeys === undefined ? {} : { ticketKeys }),
      onOverload,
      ...(accessLog === undefined ? {} : { onRequest: (entry) => accessLog.request(entry) }),
    });
    this.#smartProxy = new SmartProxy({
      ...shared,
      balancers: this.#balancers,
      idPrefix,
      networkProxy: this.#networkProxy,
      ...(accessLog === undefined ? {} : { onClosed: (record) => accessLog.connection(connectionLine(record)) }),
    });
  }

  /** The table that new connections and requests see. */
  get table(): RouteTable {
    return this.#table.table;
  }

  /** The generation of the last delta that was applied; 0: none. */
  get generation(): number {
    return this.#generation;
  }

  /** Swaps the whole table in one step. */
  publish(table: RouteTable): void {
    this.#swap(CompiledTable.compile(table, this.#table));
  }

  /**
   * Applies a delta made for generation `base` (0: for the empty table). False: it does not fit, nothing is changed, and the whole
   * table is needed.
   */
  applyDelta(base: number, generation: number, delta: TableDelta): boolean {
    return runToEnd(this.applyInSteps(base, generation, [delta]));
  }

  /**
   * As `applyDelta`, for a delta in pieces: requests see the table before until the last step, which swaps it for the whole new one. A small
   * delta takes one step. No other table may come in between.
   */
  *applyInSteps(base: number, generation: number, pieces: Iterable<TableDelta>): Steps<boolean> {
    if (base !== 0 && base !== this.#generation) return false;
    const staged = base === 0 ? new StagedTable(emptyRouteTable, this.table) : new StagedTable(this.table);
    let count = 0;
    let last: TableDelta = {};
    for (const piece of pieces) {
      if (count++ > 0) yield;
      if (!isApplied(staged, piece)) return false;
      last = piece;
    }
    const table = staged.finish();
    if (base !== 0 && count === 1) this.#swapChanged(table, last);
    else {
      const next = yield* CompiledTable.compileInSteps(table, this.#table);
      yield* this.#balancers.prepare(table);
      this.#swap(next);
    }
    this.#generation = generation;
    return true;
  }

  /** Replaces the key of TLS session tickets: 48 bytes. */
  setTicketKeys(keys: Buffer): void {
    this.#networkProxy.setTicketKeys(keys);
  }

  /** 99th percentile of the event loop's delay over the last second. */
  get eventLoopDelayMs(): number {
    return this.#networkProxy.overload.eventLoopDelayMs;
  }

  /** What of their limits memory and heap use, as last looked at. */
  get overloadReadings(): OverloadReadings {
    return this.#networkProxy.overload.readings;
  }

  /** How many deadlines are armed: as many as at the start once every connection is gone. */
  get deadlines(): number {
    return this.#wheel.size;
  }

  listener(key: string): Listener | undefined {
    return this.table.listeners.get(key);
  }

  /** Starts to accept; resolves to the port. */
  openPort(listener: Listener, address: string, from: PortSource): Promise<number> {
    return this.#smartProxy.openPort(listener, address, from);
  }

  /** Binds and opens every listener of the table: for a data plane without a main process. */
  async openListeners(): Promise<readonly BoundAddress[]> {
    const bound: BoundAddress[] = [];
    for (const listener of this.table.listeners.values()) {
      for (const address of listener.addresses) {
        bound.push({ listener: listener.key, address, port: await this.openPort(listener, address, { bind: true }) });
      }
    }
    return bound;
  }

  /** Stops accepting on one address, or on all addresses of a listener; its connections live on. */
  closePort(listenerKey: string, address?: string): Promise<void> {
    return this.#smartProxy.closePort(listenerKey, address);
  }

  snapshot(): WorkerSnapshot {
    return this.counters.snapshot();
  }

  connections(limit: number): readonly Omit<ConnectionSummary, 'worker'>[] {
    return this.#smartProxy.connections(limit);
  }

  ejectedEndpoints(): readonly EjectedEndpoint[] {
    return this.#balancers.ejected();
  }

  /** Ends one connection by hand; false: there is none of that id. */
  kill(connectionId: string): boolean {
    return this.#smartProxy.kill(connectionId);
  }

  /** From now on answers ask clients to leave. */
  announceDrain(): void {
    this.#networkProxy.announceDrain();
  }

  /** Stops accepting, lets connections finish for `timeoutMs`, then ends the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.#networkProxy.announceDrain();
    await this.#smartProxy.drain(timeoutMs);
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    await this.#smartProxy.close();
    await this.#networkProxy.close();
    this.#wheel.close();
  }

  /** Takes over what `delta` names alone: even to look at each of 10,000 hosts and services holds every connection for 5 ms. */
  #swapChanged(table: RouteTable, delta: TableDelta): void {
    const next = CompiledTable.recompile(table, this.#table, delta);
    this.#swap(next, new Set([...changedKeys(delta.services), ...changedKeys(delta.endpoints)]));
  }

  /** @param changedServices all whose entry or endpoints are not those of the table before; default: it is looked for */
  #swap(next: CompiledTable, changedServices?: ReadonlySet<string>): void {
    const previous = this.#table;
    this.#table = next;
    const removed = this.#balancers.update(next.table, changedServices);
    this.#networkProxy.tableChanged(previous, next, removed);
    this.#smartProxy.tableChanged(previous, next, removed);
  }
}

/** False: the delta was made for another table. */
function isApplied(staged: StagedTable, delta: TableDelta): boolean {
  try {
    staged.apply(delta);
    return true;
  } catch (error) {
    if (error instanceof SmartProxyError && error.code === 'DELTA_MISMATCH') return false;
    throw error;
  }
}

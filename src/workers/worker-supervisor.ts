import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { HistogramData } from '../observability/counters/histogram.ts';
import type { OverloadLevel } from '../observability/counters/overload.ts';
import type { FleetTotals } from '../observability/fleet-totals.ts';
import { diffTables } from '../routes/diff-tables.ts';
import { emptyRouteTable, type Listener, type RouteTable } from '../routes/route-table.ts';
import { queuedConnections } from './accept-queue.ts';
import { type BackOffOptions, defaultBackOff } from './back-off.ts';
import type { BoundAddress } from './bound-address.ts';
import { FleetStatistics } from './fleet-statistics.ts';
import { type ListeningPort, ListeningPorts } from './listening-ports.ts';
import { packDelta } from './packed-delta.ts';
import type { ConnectionSummary, EjectedEndpoint, WorkerVitals } from './protocol.ts';
import { tableForWorkers } from './table-for-workers.ts';
import { TicketKeys } from './ticket-keys.ts';
import { type WorkerEntry, type WorkerExit, type WorkerObserver, WorkerProcess } from './worker-process.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface WorkerSupervisorOptions {
  readonly config: Config;
  /** Bound by `start()`, before there is a table. */
  readonly listeners: readonly Listener[];
  readonly log: Log;
  /** How worker processes are started; default: the entry beside this file, run by this Node. */
  readonly entry?: WorkerEntry;
  readonly backOff?: BackOffOptions;
  readonly heartbeat?: HeartbeatOptions;
  /** Monotonic milliseconds that the age of ticket keys is told by, default `performance.now()`; tests pass a fake. */
  readonly now?: () => number;
}

/** When a worker counts as wedged. */
export interface HeartbeatOptions {
  readonly intervalMs: number;
  /** A worker that was silent for so long is killed and replaced. */
  readonly wedgedAfterMs: number;
}

const defaultHeartbeat: HeartbeatOptions = { intervalMs: 1000, wedgedAfterMs: 10_000 };

/** One worker for `/debug` and the metrics. */
export interface WorkerState {
  readonly slot: number;
  /** undefined: between two processes. */
  readonly pid: number | undefined;
  readonly serving: boolean;
  readonly generation: number;
  readonly restarts: number;
  /** undefined: no sign of life yet. */
  readonly vitals: WorkerVitals | undefined;
  readonly overloadLevel: OverloadLevel;
}

const closeAttempts = 20;
const closeRetryMs = 20;

/**
 * The main process's side of the workers: holds their listening sockets, starts and replaces them, sends each change of the table as
 * one delta to all, and adds up what they count.
 */
export class WorkerSupervisor implements WorkerObserver {
  readonly #options: WorkerSupervisorOptions;
  readonly #log: Log;
  readonly #heartbeat: HeartbeatOptions;
  readonly #ports: ListeningPorts;
  readonly #slots: readonly WorkerSlot[];
  readonly #statistics: FleetStatistics;
  readonly #now: () => number;
  readonly #ticketKeys: TicketKeys;
  readonly #idBase = randomBytes(3).toString('hex');
  readonly #appliedWaiters = new Set<() => void>();
  readonly #closing = new Set<ListeningPort>();
  /** Keys of listeners whose port could not be had; tried again with every look at the workers. */
  readonly #unopened = new Set<string>();
  #table: RouteTable = emptyRouteTable;
  #generation = 0;
  /** Ports were closed for good: no table opens one again. */
  #draining = false;
  #watchdog: NodeJS.Timeout | undefined;
  #lastWatchMs = 0;

  constructor(options: WorkerSupervisorOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#heartbeat = options.heartbeat ?? defaultHeartbeat;
    const slots = options.config.workers ?? availableParallelism();
    this.#ports = new ListeningPorts(slots, (listener, address) =>
      this.#log.warn({ listener, address }, 'address skipped: this machine has no IPv6'),
    );
    const backOff = options.backOff ?? defaultBackOff;
    this.#slots = Array.from({ length: slots }, (_, index) => new WorkerSlot(index, backOff, (slot, nth) => this.#spawn(slot, nth)));
    this.#statistics = new FleetStatistics(options.config.maxRouteSeries);
    this.#now = options.now ?? (() => performance.now());
    this.#ticketKeys = new TicketKeys(options.config.ticketKeyRotationMs, this.#now());
  }

  /**
   * Binds the listeners and starts the workers, which listen as soon as there is a table. Resolves to where they will be reachable.
   * @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE
   */
  async start(): Promise<readonly BoundAddress[]> {
    try {
      for (const listener of this.#options.listeners) this.#ports.open(listener);
    } catch (error) {
      for (const port of this.#ports.all) this.#ports.release(port);
      throw error;
    }
    for (const slot of this.#slots) slot.start();
    this.#lastWatchMs = performance.now();
    this.#watchdog = setInterval(() => this.#watch(), this.#heartbeat.intervalMs);
    return this.#ports.addresses;
  }

  /** Where the listeners are bound now. */
  get addresses(): readonly BoundAddress[] {
    return this.#ports.addresses;
  }

  /** The generation of the last table that was published; 0: none yet. */
  get generation(): number {
    return this.#generation;
  }

  /** The last table that was published, as workers get it. */
  get table(): RouteTable {
    return this.#table;
  }

  /** A table is served: some worker has one and listens. */
  get serving(): boolean {
    return this.#live().some((worker) => worker.serving);
  }

  get workers(): readonly WorkerState[] {
    return this.#slots.map(({ index, process, restarts }) => ({
      slot: index,
      pid: process?.pid,
      serving: process?.serving ?? false,
      generation: process?.generation ?? 0,
      restarts,
      vitals: process?.vitals,
      overloadLevel: process?.overloadLevel ?? 'normal',
    }));
  }

  /** How long workers took to apply deltas, in seconds by `tableApplyBounds`. */
  get applyDurations(): HistogramData {
    return this.#statistics.applyDurations;
  }

  /** Sends what changed since the last table to every worker; opens and closes ports as the table's listeners ask. */
  publish(table: RouteTable): void {
    const next = tableForWorkers(table);
    const delta = diffTables(this.#table, next);
    if (delta === undefined && this.#generation > 0) return;
    this.#table = next;
    this.#generation++;
    const packed = packDelta(delta ?? {});
    for (const worker of this.#live()) worker.sendDelta(this.#generation - 1, this.#generation, packed);
    this.#reconcilePorts();
  }

  /** Resolves when every slot has a worker that serves the last table. */
  async applied(): Promise<void> {
    while (!this.#slots.every(({ process }) => process?.serving && process.generation === this.#generation)) {
      await new Promise<void>((resolve) => this.#appliedWaiters.add(resolve));
    }
  }

  /** The counters of all workers at one moment; a silent worker's last ones serve. */
  async totals(): Promise<FleetTotals> {
    await Promise.all(this.#live().map((worker) => worker.refreshReport()));
    return this.#statistics.total(this.#live().map(({ report }) => report));
  }

  /** Open connections, at most `limit`, worker by worker. */
  async connections(limit: number): Promise<readonly ConnectionSummary[]> {
    const lists = await Promise.all(this.#live().map((worker) => worker.connections(limit)));
    return lists.flat().slice(0, limit);
  }

  /** Endpoints that some worker keeps out of rotation after connect failures, the longest ejection of each. */
  async ejectedEndpoints(): Promise<readonly EjectedEndpoint[]> {
    const lists = await Promise.all(this.#live().map((worker) => worker.ejectedEndpoints()));
    const longest = new Map<string, EjectedEndpoint>();
    for (const ejected of lists.flat()) {
      const key = `${ejected.service} ${ejected.endpoint}`;
      const known = longest.get(key);
      if (known === undefined || known.forMs < ejected.forMs) longest.set(key, ejected);
    }
    return [...longest.values()];
  }

  /** Ends one connection by hand; false: no worker has it. */
  async kill(connectionId: string): Promise<boolean> {
    const owners = this.#live().filter(({ idPrefix }) => connectionId.startsWith(idPrefix));
    const found = await Promise.all(owners.map((worker) => worker.kill(connectionId)));
    return found.includes(true);
  }

  /** Answers ask clients to leave from now on; accepting goes on. */
  announceDrain(): void {
    for (const worker of this.#live()) worker.announceDrain();
  }

  /** Stops accepting, queues emptied first, then lets connections finish for `timeoutMs`. A worker that dies is not replaced. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    this.announceDrain();
    await Promise.all(this.#ports.all.map((port) => this.#closePort(port)));
    for (const slot of this.#slots) slot.stop();
    await Promise.all(this.#live().map((worker) => worker.drain(timeoutMs)));
  }

  /** Ends every worker at once and lets the ports go. */
  async close(): Promise<void> {
    clearInterval(this.#watchdog);
    for (const slot of this.#slots) slot.stop();
    await Promise.all(this.#live().map((worker) => worker.end()));
    for (const port of this.#ports.all) this.#ports.release(port);
  }

  workerStarted(worker: WorkerProcess): void {
    this.#log.info({ worker: worker.slot, pid: worker.pid }, 'worker serves');
    this.#wakeAppliedWaiters();
  }

  workerApplied(_worker: WorkerProcess, durationMs: number): void {
    this.#statistics.tableApplied(durationMs);
    this.#wakeAppliedWaiters();
  }

  workerNeedsTable(worker: WorkerProcess): void {
    this.#log.warn({ worker: worker.slot, pid: worker.pid }, 'worker missed a delta and gets the whole table');
    this.#sendWholeTable(worker);
  }

  workerFailed(worker: WorkerProcess, message: string): void {
    this.#log.error({ worker: worker.slot, pid: worker.pid, err: new SmartProxyError('WORKER_FAILED', message) }, 'worker failed');
  }

  workerOverload(worker: WorkerProcess, { level, cause, readings }: OverloadChange): void {
    const percent = (share: number): number => Math.round(share * 100);
    const found = {
      memoryPercent: percent(readings.memory),
      heapPercent: percent(readings.heap),
      eventLoopDelayMs: Math.round(readings.loopDelayMs),
    };
    const fields = { worker: worker.slot, pid: worker.pid, level, cause, ...found };
    if (level === 'normal') this.#log.info(fields, 'worker overload is over');
    else this.#log.warn(fields, 'worker overload');
  }

  workerExited(worker: WorkerProcess, { how, livedMs }: WorkerExit): void {
    this.#statistics.workerDied(worker.report);
    const restartInMs = this.#slots[worker.slot]?.ended({ livedMs });
    if (restartInMs === undefined) return;
    this.#log.error({ worker: worker.slot, pid: worker.pid, how, livedMs: Math.round(livedMs), restartInMs }, 'worker ended unasked');
  }

  #live(): readonly WorkerProcess[] {
    return this.#slots.flatMap(({ process }) => (process === undefined ? [] : [process]));
  }

  /** A machine without memory to spare refuses to start a process by throwing: no reason to end with all other workers. */
  #spawn(slot: number, incarnation: number): WorkerProcess | undefined {
    try {
      return this.#started(slot, incarnation);
    } catch (error) {
      this.#log.error({ worker: slot, err: error }, 'worker not started');
      return undefined;
    }
  }

  #started(slot: number, incarnation: number): WorkerProcess {
    const worker = new WorkerProcess({
      slot,
      idPrefix: `${this.#idBase}${slot}.${incarnation}-`,
      config: this.#options.config,
      ticketKeys: this.#ticketKeys.current,
      entry: this.#options.entry ?? defaultEntry(),
      sockets: this.#ports.ofSlot(slot),
      heartbeatMs: this.#heartbeat.intervalMs,
      seriesIndex: this.#statistics.seriesIndex,
      observer: this,
    });
    if (this.#generation > 0) this.#sendWholeTable(worker);
    return worker;
  }

  #sendWholeTable(worker: WorkerProcess): void {
    worker.sendDelta(0, this.#generation, packDelta(diffTables(emptyRouteTable, this.#table) ?? {}));
  }

  #wakeAppliedWaiters(): void {
    for (const wake of this.#appliedWaiters) wake();
    this.#appliedWaiters.clear();
  }

  /** Opens what the table's listeners ask for and is not bound, and closes what they do not ask for any more. */
  #reconcilePorts(): void {
    if (this.#draining) return;
    const { listeners } = this.#table;
    for (const key of this.#unopened) if (!listeners.has(key)) this.#unopened.delete(key);
    for (const port of this.#ports.surplus(listeners)) if (!this.#closing.has(port)) void this.#replacePort(port);
    const closing = new Set([...this.#closing].map(({ listener }) => listener));
    for (const listener of listeners.values()) if (!closing.has(listener.key)) this.#openAtRunTime(listener);
  }

  /** A listener whose port changed is opened again only after the old port is closed: workers know a port by its listener. */
  async #replacePort(port: ListeningPort): Promise<void> {
    this.#closing.add(port);
    await this.#closePort(port);
    this.#closing.delete(port);
    this.#reconcilePorts();
  }

  #openAtRunTime(listener: Listener): void {
    try {
      for (const port of this.#ports.open(listener)) void this.#handOut(port);
      if (this.#unopened.delete(listener.key)) this.#log.info({ listener: listener.key }, 'listener opened at last');
    } catch (error) {
      if (this.#unopened.has(listener.key)) return; // said already
      this.#unopened.add(listener.key);
      this.#log.error({ listener: listener.key, err: error }, `listener not opened: ${messageOf(error)}`);
    }
  }

  async #handOut({ listener, address, sockets }: ListeningPort): Promise<void> {
    await Promise.all(
      this.#live().map(async (worker) => {
        const socket = sockets[worker.slot];
        if (socket !== undefined) await worker.listen(listener, address, socket);
      }),
    );
  }

  /**
   * Takes a port away from the workers and closes it once nobody waits in its queues: connections that came in between are given
   * back to the workers first.
   */
  async #closePort(port: ListeningPort): Promise<void> {
    const inodes = new Set(port.sockets.map(({ inode }) => inode));
    for (let attempt = 1; ; attempt++) {
      await Promise.all(this.#live().map((worker) => worker.unlisten(port.listener, port.address)));
      const queued = queuedConnections(inodes);
      if (queued > 0 && attempt === closeAttempts)
        this.#log.warn({ listener: port.listener, queued }, 'port closed with connections waiting');
      if (queued === 0 || attempt === closeAttempts) break;
      await this.#handOut(port);
      await setTimeout(closeRetryMs);
    }
    this.#ports.release(port);
  }

  /** Sends the key to all workers at once; one that starts later gets the current one with its start. */
  #rotateTicketKeys(): void {
    if (!this.#ticketKeys.rotateIfDue(this.#now())) return;
    for (const worker of this.#live()) worker.sendTicketKeys(this.#ticketKeys.current);
    this.#log.info({}, 'key of TLS session tickets replaced');
  }

  /** Replaces the ticket key in its time, and kills workers that were silent for too long. */
  #watch(): void {
    this.#rotateTicketKeys();
    const now = performance.now();
    const lateBy = now - this.#lastWatchMs - this.#heartbeat.intervalMs;
    this.#lastWatchMs = now;
    if (this.#unopened.size > 0) this.#reconcilePorts();
    if (lateBy > this.#heartbeat.intervalMs) return; // it was us who stood still: their heartbeats wait to be read
    for (const worker of this.#live()) {
      const silentMs = now - worker.lastHeardMs;
      if (silentMs < this.#heartbeat.wedgedAfterMs) continue;
      this.#log.error({ worker: worker.slot, pid: worker.pid, silentMs: Math.round(silentMs) }, 'worker is wedged and will be replaced');
      worker.terminate();
    }
  }
}

function defaultEntry(): WorkerEntry {
  return { script: fileURLToPath(new URL('./worker-entry.ts', import.meta.url)), args: [], execArgv: [] };
}

import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { workerCount } from '../config/worker-count.ts';
import { type ErrorCode, messageOf, SmartProxyError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { HistogramData } from '../observability/counters/histogram.ts';
import type { OverloadLevel } from '../observability/counters/overload.ts';
import type { FleetTotals } from '../observability/fleet-totals.ts';
import type { KernelRouteFacts } from '../observability/metric-source.ts';
import type { ActiveShare } from '../rates/active-counts.ts';
import type { RateUse } from '../rates/rate-sharing.ts';
import { diffTables } from '../routes/diff-tables.ts';
import { emptyRouteTable, installationKey, type Listener, type RouteTable } from '../routes/route-table.ts';
import { queuedConnections } from './accept-queue.ts';
import { type BackOffOptions, defaultBackOff } from './back-off.ts';
import type { BoundAddress } from './bound-address.ts';
import { DrainedEndpoints } from './drained-endpoints.ts';
import { FleetQuestions } from './fleet-questions.ts';
import { FleetStatistics } from './fleet-statistics.ts';
import { FleetTaps } from './fleet-taps.ts';
import type { FleetWorker } from './fleet-worker.ts';
import { type ListeningPort, ListeningPorts } from './listening-ports.ts';
import { OutgoingDelta } from './outgoing-delta.ts';
import type { WorkerVitals } from './protocol.ts';
import { SplitWorker } from './split-worker.ts';
import { tableForWorkers } from './table-for-workers.ts';
import type { TappedRequests } from './tap-wish.ts';
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
  /** Ports were opened or closed, or could not be. */
  readonly onPorts?: () => void;
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
  /** The same of one that neither serves nor has sent a heartbeat yet: where there is little CPU a process takes long to start. Default 60 s. */
  readonly startedAfterMs?: number;
}

const defaultHeartbeat: HeartbeatOptions = { intervalMs: 1000, wedgedAfterMs: 10_000 };
const defaultStartedAfterMs = 60_000;

/** Why a listener of the table is not open; it is tried again. */
export interface ListenerTrouble {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One worker for `/debug` and the metrics. */
export interface WorkerState {
  readonly slot: number;
  /** undefined: between two processes. */
  readonly pid: number | undefined;
  /** Of the process that ends TLS, where that is one of its own. */
  readonly networkProxyPid: number | undefined;
  readonly serving: boolean;
  readonly generation: number;
  readonly restarts: number;
  /** Open client connections when it was last heard of. */
  readonly connections: number;
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
  readonly questions = new FleetQuestions(() => this.#live());
  readonly taps = new FleetTaps(() => this.#live());
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
  /** Listeners whose port could not be had, by key; tried again with every look at the workers. */
  readonly #unopened = new Map<string, ListenerTrouble>();
  /** Ports that workers are being given. */
  #handingOut = 0;
  readonly #drained = new DrainedEndpoints();
  /** The last table that was given to be published. */
  #given: RouteTable = emptyRouteTable;
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
    const slots = workerCount(options.config);
    this.#ports = new ListeningPorts(slots, (listener, address) =>
      this.#log.warn({ listener, address }, 'address skipped: this machine has no IPv6'),
    );
    const backOff = options.backOff ?? defaultBackOff;
    this.#slots = Array.from({ length: slots }, (_, index) => new WorkerSlot(index, backOff, (slot, nth) => this.#spawn(slot, nth)));
    this.#statistics = new FleetStatistics(options.config.maxRouteSeries);
    this.#now = options.now ?? (() => performance.now());
    this.#ticketKeys = new TicketKeys(this.#now());
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

  /** Listeners of the table whose port could not be had. */
  get listenerTroubles(): ReadonlyMap<string, ListenerTrouble> {
    return this.#unopened;
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
      networkProxyPid: process?.networkProxyPid,
      serving: process?.serving ?? false,
      generation: process?.generation ?? 0,
      restarts,
      connections: (process?.reports ?? []).reduce((sum, { totals }) => sum + totals.connectionsActive, 0),
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
    this.#given = table;
    const next = tableForWorkers(this.#drained.apply(table));
    const delta = diffTables(this.#table, next);
    if (delta === undefined && this.#generation > 0) return;
    this.#table = next;
    this.#generation++;
    const outgoing = new OutgoingDelta(delta ?? {});
    for (const worker of this.#live()) worker.sendTable(this.#generation - 1, this.#generation, outgoing);
    this.#reconcilePorts();
  }

  /** Resolves when every slot has a worker that serves the last table, on all ports that could be had. */
  async applied(): Promise<void> {
    while (!this.#isApplied()) {
      await new Promise<void>((resolve) => this.#appliedWaiters.add(resolve));
    }
  }

  /**
   * The counters of all workers at one moment; a silent worker's last ones serve.
   * @param kernel what the kernel counted for its routes, to be added to them
   */
  async totals(kernel?: readonly KernelRouteFacts[]): Promise<FleetTotals> {
    await Promise.all(this.#live().map((worker) => worker.refreshReport()));
    return this.#statistics.total(
      this.#live().flatMap(({ reports }) => reports),
      kernel,
    );
  }

  /** Endpoints that are drained by hand: `address:port`. */
  get drainedEndpoints(): readonly string[] {
    return this.#drained.keys;
  }

  /** Begins or ends the drain of an endpoint, in this pod alone. False: it is so already, or no service lists it. */
  setDrained(endpoint: string, isDrained: boolean): boolean {
    if (!(isDrained ? this.#drained.add(endpoint, this.#given) : this.#drained.remove(endpoint))) return false;
    this.publish(this.#given);
    this.#log.info({ endpoint, isDrained }, 'endpoint drained by hand');
    return true;
  }

  /** How long a key of session tickets makes tickets; 0: for ever. */
  get ticketKeyRotationMs(): number {
    return this.#table.settings.get(installationKey)?.ticketKeyRotationMs ?? this.#options.config.ticketKeyRotationMs;
  }

  /** Keys that other pods have too, 48 bytes each, in the place of our own; undefined: our own serve again. */
  shareTicketKeys(shared: Uint8Array | undefined): void {
    if (this.#ticketKeys.share(shared)) this.#sendTicketKeys();
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

  workerStarted(worker: FleetWorker): void {
    const { slot, pid, networkProxyPid } = worker;
    this.#log.info({ worker: slot, pid, ...(networkProxyPid !== undefined && { networkProxyPid }) }, 'worker serves');
    for (const other of this.#live()) if (other !== worker) other.shareActive();
    this.#wakeAppliedWaiters();
  }

  workerApplied(_worker: FleetWorker, durationMs: number): void {
    this.#statistics.tableApplied(durationMs);
    this.#wakeAppliedWaiters();
  }

  workerNeedsTable(worker: FleetWorker): void {
    this.#log.warn({ worker: worker.slot, pid: worker.pid }, 'worker missed a delta and gets the whole table');
    this.#sendWholeTable(worker);
  }

  workerFailed(worker: FleetWorker, message: string): void {
    this.#log.error({ worker: worker.slot, pid: worker.pid, err: new SmartProxyError('WORKER_FAILED', message) }, 'worker failed');
  }

  workerOverload(worker: FleetWorker, { level, cause, readings }: OverloadChange): void {
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

  workerRedis(worker: FleetWorker, state: 'connected' | 'lost', detail: string | undefined): void {
    const fields = { worker: worker.slot, pid: worker.pid };
    if (state === 'connected') this.#log.info(fields, 'worker is connected to Redis');
    else this.#log.warn({ ...fields, detail }, 'worker has no Redis, so rate limits hold for this pod alone');
  }

  workerTapped(_worker: FleetWorker, tapped: TappedRequests): void {
    this.taps.hear(tapped);
  }

  workerRates(worker: FleetWorker, uses: readonly RateUse[]): void {
    for (const other of this.#live()) if (other !== worker) other.sendRates(uses);
  }

  workerActive(worker: FleetWorker, shares: readonly ActiveShare[]): void {
    for (const other of this.#live()) if (other !== worker) other.sendActive(worker, shares);
  }

  workerExited(worker: FleetWorker, { how, livedMs }: WorkerExit): void {
    for (const report of worker.reports) this.#statistics.workerDied(report);
    for (const other of this.#live()) if (other !== worker) other.sendActiveGone(worker);
    const restartInMs = this.#slots[worker.slot]?.ended({ livedMs });
    if (restartInMs === undefined) return;
    this.#log.error({ worker: worker.slot, pid: worker.pid, how, livedMs: Math.round(livedMs), restartInMs }, 'worker ended unasked');
  }

  #isApplied(): boolean {
    if (this.#handingOut > 0 || this.#closing.size > 0) return false;
    return this.#slots.every(({ process }) => process?.serving && process.generation === this.#generation);
  }

  #live(): readonly FleetWorker[] {
    return this.#slots.flatMap(({ process }) => (process === undefined ? [] : [process]));
  }

  /** A machine without memory to spare refuses to start a process by throwing: no reason to end with all other workers. */
  #spawn(slot: number, incarnation: number): FleetWorker | undefined {
    try {
      return this.#started(slot, incarnation);
    } catch (error) {
      this.#log.error({ worker: slot, err: error }, 'worker not started');
      return undefined;
    }
  }

  #started(slot: number, incarnation: number): FleetWorker {
    const options = {
      slot,
      idPrefix: `${this.#idBase}${slot}.${incarnation}-`,
      config: this.#options.config,
      ticketKeys: this.#ticketKeys.bytes,
      entry: this.#options.entry ?? defaultEntry(),
      sockets: this.#ports.ofSlot(slot, this.#closing),
      udpPorts: this.#ports.udp(this.#closing),
      heartbeatMs: this.#heartbeat.intervalMs,
      seriesIndex: this.#statistics.seriesIndex,
      observer: this,
    };
    const worker = this.#options.config.networkProxyTransport === 'loopback' ? new SplitWorker(options) : new WorkerProcess(options);
    this.taps.tell(worker);
    if (this.#generation > 0) this.#sendWholeTable(worker);
    return worker;
  }

  #sendWholeTable(worker: FleetWorker): void {
    worker.sendTable(0, this.#generation, new OutgoingDelta(diffTables(emptyRouteTable, this.#table) ?? {}));
  }

  #wakeAppliedWaiters(): void {
    for (const wake of this.#appliedWaiters) wake();
    this.#appliedWaiters.clear();
  }

  /** Opens what the table's listeners ask for and is not bound, and closes what they do not ask for any more. */
  #reconcilePorts(): void {
    if (this.#draining) return;
    const { listeners } = this.#table;
    const forgotten = [...this.#unopened.keys()].filter((key) => !listeners.has(key));
    for (const key of forgotten) this.#unopened.delete(key);
    if (forgotten.length > 0) this.#portsChanged();
    for (const port of this.#ports.surplus(listeners)) if (!this.#closing.has(port)) void this.#replacePort(port);
    const closing = new Set([...this.#closing].map(({ listener }) => listener));
    for (const listener of listeners.values()) if (!closing.has(listener.key)) this.#openAtRunTime(listener);
  }

  /** A listener whose port changed is opened again only after the old port is closed: workers know a port by its listener. */
  async #replacePort(port: ListeningPort): Promise<void> {
    this.#closing.add(port);
    await this.#closePort(port);
    this.#closing.delete(port);
    this.#log.info({ listener: port.listener, address: port.address, port: port.port }, 'listener closed');
    this.#reconcilePorts();
    this.#portsChanged();
  }

  #openAtRunTime(listener: Listener): void {
    try {
      for (const port of this.#ports.open(listener)) void this.#openPort(port);
      if (this.#unopened.delete(listener.key)) this.#log.info({ listener: listener.key }, 'listener opened at last');
    } catch (error) {
      const message = messageOf(error);
      if (this.#unopened.get(listener.key)?.message === message) return; // said already
      const code = error instanceof SmartProxyError ? error.code : 'ADDRESS_UNAVAILABLE';
      this.#unopened.set(listener.key, { code, message });
      this.#log.error({ listener: listener.key, err: error }, `listener not opened: ${message}`);
      this.#portsChanged();
    }
  }

  async #openPort(port: ListeningPort): Promise<void> {
    this.#handingOut++;
    await this.#handOut(port);
    this.#handingOut--;
    this.#log.info({ listener: port.listener, address: port.address, port: port.port }, 'listener opened');
    this.#portsChanged();
  }

  #portsChanged(): void {
    this.#wakeAppliedWaiters();
    this.#options.onPorts?.();
  }

  async #handOut({ listener, address, port, protocol, sockets }: ListeningPort): Promise<void> {
    await Promise.all(
      this.#live().map(async (worker) => {
        const socket = sockets[worker.slot];
        if (protocol === 'udp') await worker.listenUdp({ listener, address, port });
        else if (socket !== undefined) await worker.listen(listener, address, socket);
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

  #rotateTicketKeys(): void {
    if (!this.#ticketKeys.rotateIfDue(this.ticketKeyRotationMs, this.#now())) return;
    this.#log.info({}, 'key of TLS session tickets replaced');
    this.#sendTicketKeys();
  }

  /** To all workers at once; one that starts later gets the keys with its start. */
  #sendTicketKeys(): void {
    for (const worker of this.#live()) worker.sendTicketKeys(this.#ticketKeys.bytes);
  }

  /** Replaces the ticket key in its time, and kills workers that were silent for too long. */
  #watch(): void {
    this.#rotateTicketKeys();
    const now = performance.now();
    const lateBy = now - this.#lastWatchMs - this.#heartbeat.intervalMs;
    this.#lastWatchMs = now;
    if (this.#unopened.size > 0) this.#reconcilePorts();
    if (lateBy > this.#heartbeat.intervalMs) return; // it was us who stood still: their heartbeats wait to be read
    const { wedgedAfterMs, startedAfterMs = defaultStartedAfterMs } = this.#heartbeat;
    for (const worker of this.#live()) {
      const silentMs = now - worker.lastHeardMs;
      const starting = worker.vitals === undefined && !worker.serving;
      if (silentMs < (starting ? startedAfterMs : wedgedAfterMs)) continue;
      this.#log.error({ worker: worker.slot, pid: worker.pid, silentMs: Math.round(silentMs) }, 'worker is wedged and will be replaced');
      worker.terminate();
    }
  }
}

function defaultEntry(): WorkerEntry {
  return { script: fileURLToPath(new URL('./worker-entry.ts', import.meta.url)), args: [], execArgv: [] };
}

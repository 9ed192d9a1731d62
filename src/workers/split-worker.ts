import { randomBytes } from 'node:crypto';
import type { EndpointUse, OutEndpoint } from '../balancing/balancers.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { OverloadLevel } from '../observability/counters/overload.ts';
import type { WorkerReport } from '../observability/fleet-totals.ts';
import type { ActiveShare } from '../rates/active-counts.ts';
import type { RateUse } from '../rates/rate-sharing.ts';
import type { ConnectionFilter } from '../smartproxy/connection-filter.ts';
import type { FarNews } from '../smartproxy/far-news.ts';
import type { FleetWorker } from './fleet-worker.ts';
import type { HeldSocket } from './held-socket.ts';
import type { OutgoingDelta } from './outgoing-delta.ts';
import type { ConnectionSummary, EndingSummary, SharedPort, WorkerVitals } from './protocol.ts';
import type { TappedRequests, TapWish } from './tap-wish.ts';
import { type WorkerExit, type WorkerObserver, WorkerProcess, type WorkerProcessOptions } from './worker-process.ts';

/**
 * A worker of two processes. SmartProxy has the clients' connections and reads what strangers send first; it gets tables without a secret
 * and has never held one. NetworkProxy has the keys, and a port on 127.0.0.1 for SmartProxy alone. They end together, since neither is of use
 * without the other.
 */
export class SplitWorker implements FleetWorker, WorkerObserver {
  readonly slot: number;
  readonly idPrefix: string;
  readonly #observer: WorkerObserver;
  readonly #smartProxy: WorkerProcess;
  readonly #networkProxy: WorkerProcess;
  /** How the first of them ended. */
  #firstExit: WorkerExit | undefined;

  /** Throws where a process can't be started, and leaves none behind. */
  constructor(options: Omit<WorkerProcessOptions, 'part'>) {
    this.slot = options.slot;
    this.idPrefix = options.idPrefix;
    this.#observer = options.observer;
    // Made for these two alone, and not known to any other process.
    const loopbackKey = randomBytes(32);
    const common = { ...options, observer: this };
    this.#networkProxy = new WorkerProcess({ ...common, sockets: [], udpPorts: [], part: { kind: 'networkproxy', loopbackKey } });
    try {
      // It makes no tickets: the key stands in for one.
      this.#smartProxy = new WorkerProcess({ ...common, ticketKeys: new Uint8Array(48), part: { kind: 'smartproxy', loopbackKey } });
    } catch (error) {
      this.#networkProxy.terminate();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#smartProxy.pid;
  }

  get networkProxyPid(): number | undefined {
    return this.#networkProxy.pid;
  }

  get serving(): boolean {
    return this.#smartProxy.serving && this.#networkProxy.serving;
  }

  get generation(): number {
    return Math.min(this.#smartProxy.generation, this.#networkProxy.generation);
  }

  get lastHeardMs(): number {
    return Math.min(this.#smartProxy.lastHeardMs, this.#networkProxy.lastHeardMs);
  }

  get vitals(): WorkerVitals | undefined {
    const { vitals: near } = this.#smartProxy;
    const { vitals: far } = this.#networkProxy;
    return near === undefined || far === undefined ? undefined : together(near, far);
  }

  get overloadLevel(): OverloadLevel {
    const { overloadLevel } = this.#networkProxy;
    return overloadLevel === 'normal' ? this.#smartProxy.overloadLevel : overloadLevel;
  }

  get reports(): readonly WorkerReport[] {
    return [...this.#smartProxy.reports, ...this.#networkProxy.reports];
  }

  sendTable(base: number, generation: number, delta: OutgoingDelta): void {
    this.#networkProxy.sendDelta(base, generation, delta.whole);
    this.#smartProxy.sendDelta(base, generation, delta.withoutSecrets);
  }

  sendTicketKeys(ticketKeys: Uint8Array): void {
    this.#networkProxy.sendTicketKeys(ticketKeys);
  }

  sendRates(uses: readonly RateUse[]): void {
    this.#smartProxy.sendRates(uses);
    this.#networkProxy.sendRates(uses);
  }

  /** Requests are limited where they are spoken, and connections where they are accepted. */
  sendActive(from: Pick<FleetWorker, 'idPrefix'>, shares: readonly ActiveShare[]): void {
    for (const process of [this.#smartProxy, this.#networkProxy]) process.sendActive(from, shares);
  }

  sendActiveGone(from: Pick<FleetWorker, 'idPrefix'>): void {
    for (const process of [this.#smartProxy, this.#networkProxy]) process.sendActiveGone(from);
  }

  shareActive(): void {
    for (const process of [this.#smartProxy, this.#networkProxy]) process.shareActive();
  }

  listen(listener: string, address: string, socket: HeldSocket): Promise<void> {
    return this.#smartProxy.listen(listener, address, socket);
  }

  listenUdp(port: SharedPort): Promise<void> {
    return this.#smartProxy.listenUdp(port);
  }

  unlisten(listener: string, address: string): Promise<void> {
    return this.#smartProxy.unlisten(listener, address);
  }

  async refreshReport(): Promise<void> {
    await Promise.all([this.#smartProxy.refreshReport(), this.#networkProxy.refreshReport()]);
  }

  connections(limit: number, filter?: ConnectionFilter): Promise<readonly ConnectionSummary[]> {
    return this.#smartProxy.connections(limit, filter);
  }

  recentEndings(limit: number, filter: ConnectionFilter): Promise<readonly EndingSummary[]> {
    return this.#smartProxy.recentEndings(limit, filter);
  }

  /** Connections go out of the one process, requests out of the other. */
  async endpointUses(services: readonly string[]): Promise<readonly EndpointUse[]> {
    return (await Promise.all([this.#smartProxy.endpointUses(services), this.#networkProxy.endpointUses(services)])).flat();
  }

  async outEndpoints(): Promise<readonly OutEndpoint[]> {
    return (await Promise.all([this.#smartProxy.outEndpoints(), this.#networkProxy.outEndpoints()])).flat();
  }

  kill(filter: ConnectionFilter): Promise<number> {
    return this.#smartProxy.kill(filter);
  }

  /** Requests are sampled where they are spoken. */
  openTap(tap: number, wish: TapWish): void {
    this.#networkProxy.openTap(tap, wish);
  }

  closeTap(tap: number): void {
    this.#networkProxy.closeTap(tap);
  }

  announceDrain(): void {
    this.#smartProxy.announceDrain();
    this.#networkProxy.announceDrain();
  }

  /** NetworkProxy's connections are SmartProxy's: it has none left when those are finished, and then writes its last lines. */
  async drain(timeoutMs: number): Promise<void> {
    await this.#smartProxy.drain(timeoutMs);
    await this.#networkProxy.drain(0);
  }

  terminate(): void {
    this.#smartProxy.terminate();
    this.#networkProxy.terminate();
  }

  async end(): Promise<void> {
    await Promise.all([this.#smartProxy.end(), this.#networkProxy.end()]);
  }

  workerStarted(): void {
    if (this.serving) this.#observer.workerStarted(this);
  }

  workerApplied(_process: FleetWorker, durationMs: number): void {
    this.#observer.workerApplied(this, durationMs);
  }

  workerNeedsTable(): void {
    this.#observer.workerNeedsTable(this);
  }

  workerFailed(_process: FleetWorker, message: string): void {
    this.#observer.workerFailed(this, message);
  }

  workerOverload(_process: FleetWorker, change: OverloadChange): void {
    this.#observer.workerOverload(this, change);
  }

  workerRedis(_process: FleetWorker, state: 'connected' | 'lost', detail: string | undefined): void {
    this.#observer.workerRedis(this, state, detail);
  }

  workerRates(_process: FleetWorker, uses: readonly RateUse[]): void {
    this.#observer.workerRates(this, uses);
  }

  workerActive(_process: FleetWorker, shares: readonly ActiveShare[]): void {
    this.#observer.workerActive(this, shares);
  }

  workerTapped(_process: FleetWorker, tapped: TappedRequests): void {
    this.#observer.workerTapped?.(this, tapped);
  }

  networkProxyOpened(_process: FleetWorker, port: number): void {
    this.#smartProxy.sendNetworkProxyPort(port);
  }

  networkProxyNews(_process: FleetWorker, news: readonly FarNews[]): void {
    this.#smartProxy.sendNews(news);
  }

  workerExited(process: FleetWorker, { how, livedMs }: WorkerExit): void {
    const part = process === this.#networkProxy ? 'NetworkProxy' : 'SmartProxy';
    this.#firstExit ??= { how: `${part}: ${how}`, livedMs };
    if (this.#smartProxy.alive || this.#networkProxy.alive) this.terminate();
    else this.#observer.workerExited(this, this.#firstExit);
  }
}

/** Of two processes: what is worse, and what both use. */
function together(near: WorkerVitals, far: WorkerVitals): WorkerVitals {
  const [a, b] = [near.process, far.process];
  const sum = (one: number | undefined, other: number | undefined) => (one === undefined || other === undefined ? undefined : one + other);
  return {
    eventLoopDelayMs: Math.max(near.eventLoopDelayMs, far.eventLoopDelayMs),
    memoryShare: Math.max(near.memoryShare, far.memoryShare),
    heapShare: Math.max(near.heapShare, far.heapShare),
    process: {
      startedAtMs: Math.min(a.startedAtMs, b.startedAtMs),
      cpuSeconds: a.cpuSeconds + b.cpuSeconds,
      residentBytes: a.residentBytes + b.residentBytes,
      heapBytes: a.heapBytes + b.heapBytes,
      heapLimitBytes: a.heapLimitBytes + b.heapLimitBytes,
      openFiles: sum(a.openFiles, b.openFiles),
      maxFiles: sum(a.maxFiles, b.maxFiles),
    },
  };
}

import { type ChildProcess, fork } from 'node:child_process';
import type { EndpointUse, OutEndpoint } from '../balancing/balancers.ts';
import type { Config } from '../config/config.ts';
import { assertNever } from '../errors.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { OverloadLevel } from '../observability/counters/overload.ts';
import type { WorkerReport } from '../observability/fleet-totals.ts';
import type { RequestSeriesIndex } from '../observability/request-series-index.ts';
import type { ActiveShare } from '../rates/active-counts.ts';
import type { RateUse } from '../rates/rate-sharing.ts';
import { closeGraceMs } from '../smartproxy/closing-sockets.ts';
import type { ConnectionFilter } from '../smartproxy/connection-filter.ts';
import type { FarNews } from '../smartproxy/far-news.ts';
import type { FleetWorker } from './fleet-worker.ts';
import type { HeldSocket } from './held-socket.ts';
import type { OutgoingDelta } from './outgoing-delta.ts';
import type { PackedDelta } from './packed-delta.ts';
import type { ConnectionSummary, EndingSummary, FromWorker, SharedPort, ToWorker, WorkerVitals } from './protocol.ts';
import type { TappedRequests, TapWish } from './tap-wish.ts';
import { SnapshotDecoder } from './wire-snapshot.ts';
import type { WorkerPart } from './worker-part.ts';

/** How a worker process is started: a script that ends in `runWorker()`. */
export interface WorkerEntry {
  readonly script: string;
  readonly args: readonly string[];
  /** Options of the node executable itself. */
  readonly execArgv: readonly string[];
}

/** A socket that the worker starts with. */
export interface SocketForWorker {
  readonly listener: string;
  readonly address: string;
  readonly socket: HeldSocket;
}

export interface WorkerProcessOptions {
  readonly slot: number;
  /** @default all of the data plane */
  readonly part?: WorkerPart;
  readonly idPrefix: string;
  readonly config: Config;
  readonly ticketKeys: Uint8Array;
  readonly entry: WorkerEntry;
  readonly sockets: readonly SocketForWorker[];
  readonly udpPorts: readonly SharedPort[];
  readonly heartbeatMs: number;
  readonly seriesIndex: RequestSeriesIndex;
  readonly observer: WorkerObserver;
}

/** What the supervisor hears of a worker. */
export interface WorkerObserver {
  workerStarted(worker: FleetWorker): void;
  workerApplied(worker: FleetWorker, durationMs: number): void;
  workerNeedsTable(worker: FleetWorker): void;
  workerFailed(worker: FleetWorker, message: string): void;
  workerOverload(worker: FleetWorker, change: OverloadChange): void;
  workerRedis(worker: FleetWorker, state: 'connected' | 'lost', detail: string | undefined): void;
  /** What it admitted of limited clients. */
  workerRates(worker: FleetWorker, uses: readonly RateUse[]): void;
  /** What it has under way of limited routes. */
  workerActive(worker: FleetWorker, shares: readonly ActiveShare[]): void;
  /** It has sampled requests that somebody looks at. */
  workerTapped?(worker: FleetWorker, tapped: TappedRequests): void;
  /** A process with NetworkProxy alone takes connections on this port of 127.0.0.1. */
  networkProxyOpened?(worker: FleetWorker, port: number): void;
  /** What such a process has done to connections of clients. */
  networkProxyNews?(worker: FleetWorker, news: readonly FarNews[]): void;
  /** Last of all calls, exactly once. */
  workerExited(worker: FleetWorker, exit: WorkerExit): void;
}

export interface WorkerExit {
  /** `code 1`, `signal SIGKILL`, or why it could not be started. */
  readonly how: string;
  readonly livedMs: number;
}

/** Answers that do not come within this time never will: the caller goes on with what is known. */
const replyTimeoutMs = 1000;
/** Ending thousands of TLS connections takes longer; without its answer none would count as ended. */
const killTimeoutMs = 10_000;
/** A scrape waits less: a silent worker's last snapshot serves. */
const statsTimeoutMs = 250;

const exitTimeoutMs = 5000;

type Waiter = (message: FromWorker | undefined) => void;

/** One worker process as the main process sees it: messages out, replies and heartbeats in, its last counters. */
export class WorkerProcess implements FleetWorker {
  readonly networkProxyPid = undefined;
  readonly slot: number;
  readonly idPrefix: string;
  readonly #child: ChildProcess;
  readonly #observer: WorkerObserver;
  readonly #decoder: SnapshotDecoder;
  readonly #startedAtMs = performance.now();
  readonly #waiters = new Map<string, Waiter>();
  #nextRequest = 1;
  #alive = true;
  #serving = false;
  #generation = 0;
  #lastHeardMs = performance.now();
  #vitals: WorkerVitals | undefined;
  #overloadLevel: OverloadLevel = 'normal';

  constructor(options: WorkerProcessOptions) {
    const { slot, part = { kind: 'whole' }, idPrefix, config, ticketKeys, entry, sockets, udpPorts, heartbeatMs } = options;
    this.slot = slot;
    this.idPrefix = idPrefix;
    this.#observer = options.observer;
    this.#decoder = new SnapshotDecoder(options.seriesIndex);
    this.#child = fork(entry.script, [...entry.args], {
      execArgv: [...entry.execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.map(({ socket }) => socket.fd)],
    });
    this.#child.on('message', (message) => this.#receive(message as FromWorker));
    this.#child.once('exit', (code, signal) => this.#ended(code === null ? `signal ${signal}` : `code ${code}`));
    this.#child.on('error', (error) => this.#failed(error));
    const inherited = sockets.map(({ listener, address }, index) => ({ listener, address, fd: firstInheritedFd + index }));
    this.#send({ type: 'start', slot, part, idPrefix, config, ticketKeys, sockets: inherited, udpPorts, heartbeatMs });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** It has a table and listens. */
  get serving(): boolean {
    return this.#alive && this.#serving;
  }

  /** The generation of the table that it has applied; 0: none. */
  get generation(): number {
    return this.#generation;
  }

  /** When its last message came, on the clock of `performance.now()`. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** As its last heartbeat told; undefined: there was none yet. */
  get vitals(): WorkerVitals | undefined {
    return this.#vitals;
  }

  get overloadLevel(): OverloadLevel {
    return this.#overloadLevel;
  }

  get reports(): readonly WorkerReport[] {
    return [this.#decoder.report];
  }

  sendTable(base: number, generation: number, delta: OutgoingDelta): void {
    this.sendDelta(base, generation, delta.whole);
  }

  sendNews(news: readonly FarNews[]): void {
    this.#send({ type: 'farNews', news });
  }

  sendNetworkProxyPort(port: number): void {
    this.#send({ type: 'networkProxyPort', port });
  }

  sendDelta(base: number, generation: number, delta: PackedDelta): void {
    this.#send({ type: 'delta', base, generation, delta });
  }

  sendTicketKeys(ticketKeys: Uint8Array): void {
    this.#send({ type: 'ticketKeys', ticketKeys });
  }

  sendRates(uses: readonly RateUse[]): void {
    this.#send({ type: 'rates', uses });
  }

  /** What another worker has under way. */
  sendActive(from: Pick<FleetWorker, 'idPrefix'>, shares: readonly ActiveShare[]): void {
    this.#send({ type: 'active', from: from.idPrefix, shares });
  }

  /** Another worker has ended. */
  sendActiveGone(from: Pick<FleetWorker, 'idPrefix'>): void {
    this.#send({ type: 'activeGone', from: from.idPrefix });
  }

  /** Another worker has begun: this one tells all that it has under way again. */
  shareActive(): void {
    this.#send({ type: 'shareActive' });
  }

  /** Hands it a copy of a listening socket; resolves when it listens, or when it can't be expected to any more. */
  async listen(listener: string, address: string, socket: HeldSocket): Promise<void> {
    const listening = this.#reply(`listening ${listener} ${address}`, replyTimeoutMs);
    this.#send({ type: 'listen', listener, address }, socket);
    await listening;
  }

  /** Makes it open a UDP socket of its own; resolves as `listen` does. */
  async listenUdp({ listener, address, port }: SharedPort): Promise<void> {
    const listening = this.#reply(`listening ${listener} ${address}`, replyTimeoutMs);
    this.#send({ type: 'listen', listener, address, sharedPort: port });
    await listening;
  }

  /** Makes it stop accepting on one address. */
  async unlisten(listener: string, address: string): Promise<void> {
    const unlistened = this.#reply(`unlistened ${listener} ${address}`, replyTimeoutMs);
    this.#send({ type: 'unlisten', listener, address });
    await unlistened;
  }

  /** Brings `report` up to date, unless the worker is silent. */
  async refreshReport(): Promise<void> {
    await this.#ask((request) => ({ type: 'stats', request }), statsTimeoutMs);
  }

  async connections(limit: number, filter: ConnectionFilter = {}): Promise<readonly ConnectionSummary[]> {
    const reply = await this.#ask((request) => ({ type: 'connections', request, limit, filter }), replyTimeoutMs);
    return reply?.type === 'connectionsReply' ? reply.connections : [];
  }

  async recentEndings(limit: number, filter: ConnectionFilter): Promise<readonly EndingSummary[]> {
    const reply = await this.#ask((request) => ({ type: 'recentEndings', request, limit, filter }), replyTimeoutMs);
    return reply?.type === 'recentEndingsReply' ? reply.endings : [];
  }

  async endpointUses(services: readonly string[]): Promise<readonly EndpointUse[]> {
    const reply = await this.#ask((request) => ({ type: 'endpointUses', request, services }), replyTimeoutMs);
    return reply?.type === 'endpointUsesReply' ? reply.uses : [];
  }

  async outEndpoints(): Promise<readonly OutEndpoint[]> {
    const reply = await this.#ask((request) => ({ type: 'endpointHealth', request }), replyTimeoutMs);
    return reply?.type === 'endpointHealthReply' ? reply.out : [];
  }

  /** Ends those of its connections that the filter means; resolves to how many. */
  async kill(filter: ConnectionFilter): Promise<number> {
    const reply = await this.#ask((request) => ({ type: 'kill', request, filter }), killTimeoutMs);
    return reply?.type === 'killReply' ? reply.killed : 0;
  }

  openTap(tap: number, wish: TapWish): void {
    this.#send({ type: 'openTap', tap, wish });
  }

  closeTap(tap: number): void {
    this.#send({ type: 'closeTap', tap });
  }

  announceDrain(): void {
    this.#send({ type: 'announceDrain' });
  }

  /** Resolves when its connections are finished and logged, or when `timeoutMs` and the grace of those that are then ended are over. */
  async drain(timeoutMs: number): Promise<void> {
    const drained = this.#reply('drained', timeoutMs + closeGraceMs + replyTimeoutMs);
    this.#send({ type: 'drain', timeoutMs });
    await drained;
  }

  /** Ends the process at once; `workerExited` follows. */
  terminate(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process at once and resolves when it is gone. */
  async end(): Promise<void> {
    if (!this.#alive) return;
    const gone = this.#reply('exit', exitTimeoutMs);
    this.terminate();
    await gone;
  }

  #send(message: ToWorker, socket?: HeldSocket): void {
    if (!this.#alive || !this.#child.connected) return;
    this.#child.send(message, socket?.handle, () => {}); // a failed send is followed by the exit
  }

  #ask(message: (request: number) => ToWorker, timeoutMs: number): Promise<FromWorker | undefined> {
    const request = this.#nextRequest++;
    const reply = this.#reply(`request ${request}`, timeoutMs);
    this.#send(message(request));
    return reply;
  }

  /** The message filed under `key`; undefined when the time is over or the process has ended. */
  #reply(key: string, timeoutMs: number): Promise<FromWorker | undefined> {
    if (!this.#alive) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      const settle = (message: FromWorker | undefined): void => {
        clearTimeout(timer);
        this.#waiters.delete(key);
        resolve(message);
      };
      this.#waiters.set(key, settle);
    });
  }

  #receive(message: FromWorker): void {
    this.#lastHeardMs = performance.now();
    switch (message.type) {
      case 'loaded':
        break;
      case 'started':
        this.#serving = true;
        this.#observer.workerStarted(this);
        break;
      case 'networkProxyPort':
        this.#observer.networkProxyOpened?.(this, message.port);
        break;
      case 'farNews':
        this.#observer.networkProxyNews?.(this, message.news);
        break;
      case 'applied':
        this.#generation = message.generation;
        this.#observer.workerApplied(this, message.durationMs);
        break;
      case 'resync':
        this.#observer.workerNeedsTable(this);
        break;
      case 'failed':
        this.#observer.workerFailed(this, message.message);
        break;
      case 'heartbeat':
        this.#vitals = message.vitals;
        this.#decoder.decode(message.snapshot);
        break;
      case 'overload':
        this.#overloadLevel = message.change.level;
        this.#observer.workerOverload(this, message.change);
        break;
      case 'redis':
        this.#observer.workerRedis(this, message.state, message.detail);
        break;
      case 'tapped':
        this.#observer.workerTapped?.(this, message.tapped);
        break;
      case 'rates':
        this.#observer.workerRates(this, message.uses);
        break;
      case 'active':
        this.#observer.workerActive(this, message.shares);
        break;
      case 'statsReply':
        this.#decoder.decode(message.snapshot);
        this.#waiters.get(`request ${message.request}`)?.(message);
        break;
      case 'connectionsReply':
      case 'endpointHealthReply':
      case 'endpointUsesReply':
      case 'recentEndingsReply':
      case 'killReply':
        this.#waiters.get(`request ${message.request}`)?.(message);
        break;
      case 'listening':
      case 'unlistened':
        this.#waiters.get(`${message.type} ${message.listener} ${message.address}`)?.(message);
        break;
      case 'drained':
        this.#waiters.get('drained')?.(message);
        break;
      default:
        assertNever(message);
    }
  }

  /** The process could not be started, and no exit follows; or something that was asked of a running one went wrong. */
  #failed(error: Error): void {
    if (this.#child.pid === undefined) this.#ended(error.message);
    else if (this.#alive) this.#observer.workerFailed(this, error.message);
  }

  #ended(how: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const waiter of [...this.#waiters.values()]) waiter(undefined);
    this.#child.removeAllListeners('message');
    this.#observer.workerExited(this, { how, livedMs: performance.now() - this.#startedAtMs });
  }
}

/** stdin, stdout, stderr and the IPC channel come first. */
const firstInheritedFd = 4;

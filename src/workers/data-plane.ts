import { Balancers, type EndpointUse, type OutEndpoint } from '../balancing/balancers.ts';
import { guardedLookup } from '../balancing/guarded-lookup.ts';
import type { Config } from '../config/config.ts';
import { workerCount } from '../config/worker-count.ts';
import { SmartProxyError } from '../errors.ts';
import { HealthChecks } from '../networkproxy/health/health-checks.ts';
import { NetworkProxy } from '../networkproxy/network-proxy.ts';
import type { OverloadChange } from '../networkproxy/overload/overload-guard.ts';
import type { OverloadReadings } from '../networkproxy/overload/overload-monitor.ts';
import type { AccessLog } from '../observability/access-log.ts';
import { WorkerCounters, type WorkerSnapshot } from '../observability/counters/worker-counters.ts';
import { SpanExporter } from '../observability/span-exporter.ts';
import type { ActiveCounts, ActiveShare } from '../rates/active-counts.ts';
import { RateLimiters } from '../rates/rate-limiters.ts';
import type { RateUse } from '../rates/rate-sharing.ts';
import { RedisRates, type RedisRatesOptions } from '../rates/redis-rates.ts';
import { CompiledTable } from '../routes/compiled-table.ts';
import { emptyRouteTable, type Listener, type RouteTable } from '../routes/route-table.ts';
import { StagedTable } from '../routes/staged-table.ts';
import { changedKeys, type TableDelta } from '../routes/table-delta.ts';
import type { ConnectionFilter } from '../smartproxy/connection-filter.ts';
import type { ConnectionRecord } from '../smartproxy/connection-record.ts';
import type { FarNews } from '../smartproxy/far-news.ts';
import type { LoopbackEnd } from '../smartproxy/loopback-end.ts';
import { SmartProxy } from '../smartproxy/smart-proxy.ts';
import { UdpForwarder } from '../smartproxy/udp/udp-forwarder.ts';
import { runToEnd, type Steps } from '../steps.ts';
import { TimerWheel } from '../timer-wheel.ts';
import { accessLogSettings } from './access-log-settings.ts';
import type { BoundAddress } from './bound-address.ts';
import { connectionLine } from './connection-line.ts';
import { MemoryProbe } from './memory-probe.ts';
import type { ConnectionSummary } from './protocol.ts';
import { rateScopesOf } from './rate-scopes.ts';
import { type RecentEnding, RecentEndings } from './recent-endings.ts';
import { RequestTaps } from './request-taps.ts';
import { sessionLine } from './session-line.ts';
import type { TappedRequests, TapWish } from './tap-wish.ts';

export interface DataPlaneOptions {
  readonly config: Config;
  /** Begins every connection id. */
  readonly idPrefix: string;
  /** Keys that all workers share, 48 bytes each, so that a TLS session resumes in any of them; undefined: our own. */
  readonly ticketKeys?: Uint8Array;
  readonly accessLog?: AccessLog;
  /** What of the loopback transport is here, when the rest is in another process; undefined: all that there is. */
  readonly loopbackEnd?: LoopbackEnd | undefined;
  /** The level of overload is another one. */
  readonly onOverload?: (change: OverloadChange) => void;
  /** Redis is connected, or not any more. */
  readonly onRedis?: RedisRatesOptions['onChange'] | undefined;
  /** Tells the other workers what was admitted here; undefined: there are none. */
  readonly shareRates?: ((uses: readonly RateUse[]) => void) | undefined;
  /** Takes requests that somebody looks at; `sent` is called when there is room for more. @default nobody can look */
  readonly onTapped?: (tapped: TappedRequests, sent: () => void) => void;
  /** Tells them what is under way here; undefined: there are none. */
  readonly shareActive?: ((shares: readonly ActiveShare[]) => void) | undefined;
}

/** How long a data plane that drains may take to send its last spans. */
const flushTimeoutMs = 1000;

/**
 * Where the bytes of a listener come from: an inherited descriptor, a handle from the main process, a socket of our own, or, for UDP, one of
 * ours beside those of the other workers on this port.
 */
export type PortSource = { readonly fd: number } | { readonly handle: unknown } | { readonly bind: true } | { readonly sharedPort: number };

/**
 * Everything that carries traffic, in one process: SmartProxy, NetworkProxy, balancers, timers and counters around one route table.
 * A worker process drives it with messages; tests and a single-process run publish tables to it directly.
 */
export class DataPlane {
  readonly counters: WorkerCounters;
  readonly #wheel = new TimerWheel();
  readonly #balancers: Balancers;
  readonly #rates: RateLimiters;
  readonly #redis: RedisRates | undefined;
  readonly #healthChecks: HealthChecks;
  readonly #networkProxy: NetworkProxy;
  readonly #smartProxy: SmartProxy;
  readonly #spans: SpanExporter | undefined;
  readonly #udp: UdpForwarder;
  readonly #endings = new RecentEndings();
  readonly #taps: RequestTaps;
  readonly #configureLog: (settings: RouteTable['settings']) => void;
  #table: CompiledTable = CompiledTable.compile(emptyRouteTable);
  #generation = 0;

  constructor(options: DataPlaneOptions) {
    const { config, idPrefix, ticketKeys, accessLog, loopbackEnd, onOverload, shareRates, shareActive, onRedis, onTapped } = options;
    this.counters = new WorkerCounters(config.maxRouteSeries);
    this.#taps = new RequestTaps(onTapped ?? ((_tapped, sent) => sent()));
    if (accessLog !== undefined) this.counters.gauges.accessLogDropped = () => accessLog.dropped;
    this.#redis = newRedisRates(config, this.counters, onRedis);
    this.#rates = new RateLimiters({
      wheel: this.#wheel,
      counters: this.counters,
      now: () => performance.now(),
      share: shareRates,
      shareActive,
      shared: this.#redis,
      scopesInUse: () => rateScopesOf(config, this.table),
    });
    const shared = { config, counters: this.counters, wheel: this.#wheel, table: () => this.#table, rates: this.#rates };
    this.#balancers = new Balancers({
      ...(config.zone === undefined ? {} : { zone: config.zone }),
      counters: this.counters,
      now: () => performance.now(),
      random: Math.random,
    });
    const spans = newSpanExporter(config, this.counters);
    this.#spans = spans;
    this.#healthChecks = new HealthChecks({
      balancers: this.#balancers,
      wheel: this.#wheel,
      counters: this.counters,
      lookup: guardedLookup(config.allowLocalExternalNames),
      random: Math.random,
      part: loopbackEnd && (loopbackEnd.kind === 'near' ? 'smartproxy' : 'networkproxy'),
    });
    const { gauges } = this.counters;
    const countOut = (isUnhealthy: boolean) =>
      this.#balancers.out().filter(({ reason }) => (reason === 'health_check') === isUnhealthy).length;
    gauges.upstreamEjected = () => countOut(false);
    gauges.upstreamUnhealthy = () => countOut(true);
    gauges.upstreamPanicking = () => this.#balancers.panicking();
    this.#networkProxy = new NetworkProxy({
      ...shared,
      memory: new MemoryProbe(workerCount(config) * (loopbackEnd === undefined ? 1 : 2)),
      balancers: this.#balancers,
      ...(ticketKeys === undefined ? {} : { ticketKeys }),
      onOverload,
      onSpan: spans && ((span) => spans.add(span)),
      ...(accessLog && { onRequest: (entry, head) => accessLog.request(entry, head) }),
    });
    this.#smartProxy = new SmartProxy({
      ...shared,
      balancers: this.#balancers,
      idPrefix,
      networkProxy: this.#networkProxy,
      loopbackEnd,
      onClosed: (record) => this.#connectionEnded(record, accessLog),
    });
    const lookup = guardedLookup(config.allowLocalExternalNames);
    this.#udp = new UdpForwarder({
      ...shared,
      balancers: this.#balancers,
      idPrefix,
      lookup,
      onEnded: (session, reason, nowMs) => {
        const line = sessionLine(session, reason, nowMs);
        this.#endings.add(line, Date.now());
        if (accessLog?.isOn === true && session.isLogged) accessLog.session(line);
      },
    });
    this.#configureLog = (settings) => {
      accessLog?.configure(accessLogSettings(config, { settings }));
      this.#networkProxy.logRequests(accessLog?.isOn === true);
    };
    this.#configureLog(emptyRouteTable.settings);
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

  /** Replaces the keys of TLS session tickets, 48 bytes each: the first makes tickets, all read them. */
  setTicketKeys(keys: Uint8Array): void {
    this.#networkProxy.setTicketKeys(keys);
  }

  /** Other workers have admitted these. */
  applyRates(uses: readonly RateUse[]): void {
    this.#rates.apply(uses);
  }

  /** What is under way of limited routes, here and in the other workers. */
  get active(): ActiveCounts {
    return this.#rates.active;
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
    if ('sharedPort' in from) return this.#udp.open(listener, address, from.sharedPort);
    if (listener.protocol === 'udp') return this.#udp.open(listener, address, listener.port);
    return this.#smartProxy.openPort(listener, address, from);
  }

  /** Takes connections on NetworkProxy's own port on 127.0.0.1, at the far end of the loopback transport; resolves to the port. */
  openNetworkProxyPort(): Promise<number> {
    return this.#smartProxy.openNetworkProxyPort();
  }

  /** NetworkProxy is in another process, and says this of clients' connections. */
  hear(news: readonly FarNews[]): void {
    for (const each of news) this.#smartProxy.hear(each);
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
    this.#udp.close(listenerKey, address);
    return this.#smartProxy.closePort(listenerKey, address);
  }

  snapshot(): WorkerSnapshot {
    return this.counters.snapshot();
  }

  /** Connections and UDP sessions that the filter means, at most `limit`, the oldest first. */
  connections(limit: number, filter: ConnectionFilter = {}): readonly Omit<ConnectionSummary, 'worker'>[] {
    const all = [...this.#smartProxy.connections(limit, filter), ...this.#udp.sessions(limit, filter)];
    return all.sort((a, b) => b.ageMs - a.ageMs).slice(0, limit);
  }

  /** The last connections and UDP sessions that ended, the latest first. */
  recentEndings(limit: number, filter: ConnectionFilter = {}): readonly RecentEnding[] {
    return this.#endings.list(limit, filter);
  }

  /** Shows requests that end from now on. */
  openTap(tap: number, wish: TapWish): void {
    this.#taps.open(tap, wish);
    this.#networkProxy.tapRequests(this.#taps);
  }

  closeTap(tap: number): void {
    this.#taps.close(tap);
    if (!this.#taps.isOn) this.#networkProxy.tapRequests(undefined);
  }

  /** What the endpoints of these services have to do here. */
  endpointUses(services: readonly string[]): readonly EndpointUse[] {
    return this.#balancers.uses(services);
  }

  outEndpoints(): readonly OutEndpoint[] {
    return this.#balancers.out();
  }

  /** Ends connections and UDP sessions by hand; returns how many. */
  kill(filter: ConnectionFilter): number {
    return this.#smartProxy.kill(filter) + this.#udp.kill(filter);
  }

  /** From now on answers ask clients to leave. */
  announceDrain(): void {
    this.#networkProxy.announceDrain();
  }

  /** Stops accepting, lets connections finish for `timeoutMs`, then ends the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.#networkProxy.announceDrain();
    await Promise.all([this.#smartProxy.drain(timeoutMs), this.#udp.drain(timeoutMs)]);
    await this.#spans?.close(flushTimeoutMs);
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    this.#healthChecks.close();
    this.#udp.closeAll();
    await this.#smartProxy.close();
    await this.#networkProxy.close();
    this.#rates.close();
    this.#redis?.close();
    await this.#spans?.close(0);
    this.#wheel.close();
  }

  #connectionEnded(record: ConnectionRecord, accessLog: AccessLog | undefined): void {
    const line = connectionLine(record);
    this.#endings.add(line, Date.now());
    if (accessLog?.isOn === true && record.isLogged) accessLog.connection(line);
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
    if (previous.table.settings !== next.table.settings) this.#configureLog(next.table.settings);
    const removed = this.#balancers.update(next.table, changedServices);
    this.#healthChecks.update(next.table, changedServices);
    this.#networkProxy.tableChanged(previous, next, removed);
    this.#smartProxy.tableChanged(previous, next, removed);
    this.#udp.tableChanged(previous, next, removed);
  }
}

/** undefined: replicas do not share their rates. */
function newRedisRates(
  { redisUrl, redisUsername, redisPasswordFile, redisCaFile, redisTimeoutMs }: Config,
  counters: WorkerCounters,
  onChange: RedisRatesOptions['onChange'] = () => {},
): RedisRates | undefined {
  if (redisUrl === undefined) return undefined;
  const now = (): number => performance.now();
  const credentials = { username: redisUsername, passwordFile: redisPasswordFile, caFile: redisCaFile };
  return new RedisRates({ url: redisUrl, ...credentials, timeoutMs: redisTimeoutMs, counters, onChange, now });
}

/** undefined: no spans are recorded. */
function newSpanExporter({ otlpEndpoint, otlpServiceName }: Config, counters: WorkerCounters): SpanExporter | undefined {
  if (otlpEndpoint === undefined) return undefined;
  const count = counters.countSpans.bind(counters);
  return new SpanExporter({ endpoint: otlpEndpoint, serviceName: otlpServiceName, count });
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

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type AddressList, plainAddress } from '../address-list.ts';
import { connectionActivities } from '../observability/counters/connection-activity.ts';
import { type ConnectionSide, closedIndex, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { ProxyAddresses } from '../proxy-header/proxy-header.ts';
import type { ActiveCounts } from '../rates/active-counts.ts';
import type { Listener } from '../routes/route-table.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import { type CleanupOutcome, outcomeOf } from './cleanup-outcome.ts';
import { ClosingSockets, destroyBoth } from './closing-sockets.ts';
import {
  ConnectionRecord,
  type ConnectionState,
  type DirectRoute,
  type Ending,
  type RecordOwner,
  type WireBytes,
} from './connection-record.ts';
import type { FarNews } from './far-news.ts';
import { guardIncoming, guardOutermost, ignoreLateError, keepErrorListener, releaseIncoming } from './incoming-guard.ts';
import type { SecurityManager } from './security-manager.ts';
import { seriesLabels } from './series-labels.ts';
import type { TimeoutManager } from './timeout-manager.ts';

/** What ConnectionManager works with; none of it is owned by it. */
export interface ConnectionManagerOptions {
  /** Most connections at a time in the pod, those that still flush here included; 0 = no limit. */
  readonly maxConnections: number;
  /** How long a connection may last; 0 = no limit. Tunnels (upgrades, passthrough) are exempt. */
  readonly maxConnectionLifetimeMs: number;
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly timeouts: TimeoutManager;
  readonly security: SecurityManager;
  /** Where records have their places, which are given back at their end, and workers tell what they have; undefined: nobody asks. */
  readonly active?: ActiveCounts | undefined;
  /** First part of every connection id: the pod and worker. */
  readonly idPrefix: string;
  /** Called once a connection, when its clean-up is done. */
  readonly onClosed?: ((record: ConnectionRecord) => void) | undefined;
}

/** The open connections, among the counts that workers share. */
const allConnections = 'connections';
const sweepIntervalMs = 10_000;

/**
 * Owns every connection from accept to close: the records and the maps over them, the counters, and the one way out,
 * `initiateCleanupOnce` -> `cleanupConnection` -> `cleanupSocket`. At any time accepted = active + closed.
 */
export class ConnectionManager implements RecordOwner {
  readonly #options: ConnectionManagerOptions;
  readonly #records = new Map<string, ConnectionRecord>();
  readonly #byService = new Map<string, Set<ConnectionRecord>>();
  readonly #closing: ClosingSockets;
  readonly #sweeper: Sweeper;
  readonly #waiting: (() => void)[] = [];
  #maxConnections: number;
  #maxConnectionLifetimeMs: number;
  #lastId = 0;

  constructor(options: ConnectionManagerOptions) {
    this.#options = options;
    this.#maxConnections = options.maxConnections;
    this.#maxConnectionLifetimeMs = options.maxConnectionLifetimeMs;
    this.#closing = new ClosingSockets(options.wheel);
    this.#sweeper = new Sweeper(() => this.sweep(), options.wheel);
    options.counters.gauges.connectionsActive = () => this.#records.size;
    options.counters.gauges.connectionsByState = () => this.#byState();
    options.counters.gauges.liveBytes = () => this.#liveBytes();
  }

  /** Another number of connections that may be open, and how long those that come from now on may last; those that are open stay. 0: no limit. */
  limitConnections(maxConnections: number, maxConnectionLifetimeMs: number): void {
    this.#maxConnections = maxConnections;
    this.#maxConnectionLifetimeMs = maxConnectionLifetimeMs;
    this.#options.active?.state(allConnections, maxConnections > 0 ? this.#records.size : 0);
  }

  /** Open connections; those that only flush are not among them. */
  get size(): number {
    return this.#records.size;
  }

  /** Sockets of ended connections that still flush. */
  get closingSockets(): number {
    return this.#closing.size;
  }

  records(): Iterable<ConnectionRecord> {
    return this.#records.values();
  }

  get(connectionId: string): ConnectionRecord | undefined {
    return this.#records.get(connectionId);
  }

  /** The direct connections to a service. */
  ofService(service: string): ReadonlySet<ConnectionRecord> {
    return this.#byService.get(service) ?? noRecords;
  }

  /** All direct connections, as a copy. */
  direct(): readonly ConnectionRecord[] {
    return [...this.#byService.values()].flatMap((records) => [...records]);
  }

  /**
   * Admits, records and guards a socket in the tick of its accept. A refused one is reset, counted with its reason and leaves no record.
   * @param balancers the listener's peers whose connections are not their own: counted once their PROXY header has named the client
   */
  createConnection(socket: Socket, listener: Listener, balancers?: AddressList): ConnectionRecord | undefined {
    const { counters, timeouts } = this.#options;
    counters.connectionsAccepted++;
    if (socket.remoteAddress === undefined) {
      // Reset while it waited in the accept queue: nobody is there any more, and there is no address to judge or count by.
      this.#refuse(socket, 'econnreset', 'client');
      return undefined;
    }
    const address = plainAddress(socket.remoteAddress);
    const viaBalancer = balancers?.has(address) ?? false;
    const refusal = this.#refusalOf(address, viaBalancer);
    if (refusal !== undefined) {
      this.#refuse(socket, refusal);
      return undefined;
    }
    const id = `${this.#options.idPrefix}-${(++this.#lastId).toString(36)}`;
    const record = new ConnectionRecord(this, id, socket, address, listener, timeouts.nowMs);
    if (!viaBalancer) record.countedAddress = address;
    this.#records.set(id, record);
    this.#tellSize();
    guardIncoming(record);
    timeouts.limitLifetime(record, this.#maxConnectionLifetimeMs);
    return record;
  }

  /** A PROXY header has named the client: it is checked and counted in the balancer's place. */
  identify(record: ConnectionRecord, addresses: ProxyAddresses): boolean {
    const refusal = this.#options.security.admit(addresses.sourceAddress);
    record.setAddresses(addresses);
    if (refusal === undefined) record.countedAddress = addresses.sourceAddress;
    else this.initiateCleanupOnce(record, refusal, 'proxy');
    return refusal === undefined;
  }

  /** The record becomes a direct connection to a service. @param lifetimeMs 0: no limit */
  setDirect(record: ConnectionRecord, direct: DirectRoute, lifetimeMs = 0): void {
    record.direct = direct;
    record.series = this.#options.counters.requests.get(seriesLabels(direct.source, direct.service));
    record.series.connectionsOpened++;
    this.#options.counters.connectionsPassedThrough++;
    const known = this.#byService.get(direct.service);
    if (known === undefined) this.#byService.set(direct.service, new Set([record]));
    else known.add(record);
    this.#options.timeouts.limitLifetime(record, lifetimeMs);
  }

  /** What NetworkProxy, at the far end of the loopback transport, says of a connection. */
  hear(news: FarNews): void {
    const record = this.#records.get(news.connectionId);
    if (record === undefined || record.foretold !== undefined) return;
    if (news.kind === 'endpoint') record.endpoint = news.endpoint;
    else this.#foretell(record, news.ending);
  }

  /**
   * NetworkProxy has ended it: that is the first cause, whatever is seen here. It is over when its last bytes are here, or when the client
   * takes none of them for too long.
   */
  #foretell(record: ConnectionRecord, ending: Ending): void {
    record.foretold = ending;
    record.endpoint = ending.endpoint ?? record.endpoint;
    record.terminatedTls ??= ending.terminatedTls;
    if (record.awaitsFarEnd) this.#endAs(record, ending);
    if (record.ended) return;
    if (record.outgoing?.readableEnded === true) this.initiateCleanupOnce(record);
    else this.#options.timeouts.start(record, 'inactivity', foretoldLimitMs);
  }

  /**
   * Ends a connection. The first cause wins; later calls return false and change nothing.
   * @param seenReason what this end knows; a foretold ending came before it
   * @param seenSide who ended it first
   */
  initiateCleanupOnce(record: ConnectionRecord, seenReason: TerminationReason = 'normal', seenSide: ConnectionSide = 'proxy'): boolean {
    if (record.ended) return false;
    const ending = record.foretold ?? { reason: seenReason, side: seenSide };
    record.state = 'draining';
    if (record.hasFarEnd && record.foretold === undefined && seenSide !== 'proxy') this.#awaitFarEnd(record, ending);
    else this.#endAs(record, ending);
    return true;
  }

  /** What is seen here of an end may be what NetworkProxy did, which says so a little later. Sockets end at once. */
  #awaitFarEnd(record: ConnectionRecord, { reason, side }: Ending): void {
    const { timeouts } = this.#options;
    record.awaitsFarEnd = true;
    record.terminationReason = reason;
    record.terminationSide = side;
    record.fixBytes();
    attempt(() => timeouts.clear(record));
    this.#endSockets(record, reason);
    timeouts.start(record, 'inactivity', farEndLimitMs);
  }

  #endAs(record: ConnectionRecord, { reason, side }: Ending): void {
    record.terminationReason = reason;
    record.terminationSide = side;
    this.cleanupConnection(record, reason);
  }

  /** Ends every connection. `destroy`: at once, without flushing. */
  endAll(reason: TerminationReason, how: 'gracefully' | 'destroy'): void {
    for (const record of [...this.#records.values()])
      if (record.awaitsFarEnd) this.cleanupConnection(record, record.terminationReason ?? reason);
      else this.initiateCleanupOnce(record, reason, 'proxy');
    if (how === 'destroy') this.#closing.destroyAll();
  }

  /** Resolves when there is no connection left, or after `timeoutMs`. */
  whenEmpty(timeoutMs: number): Promise<void> {
    if (this.#records.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = new Callback(resolve);
    this.#waiting.push(() => {
      this.#options.wheel.disarm(limit);
      resolve();
    });
    this.#options.wheel.arm(limit, timeoutMs);
    return promise;
  }

  /** Resolves when the last socket has flushed and closed. */
  whenClosed(): Promise<void> {
    return this.#closing.whenEmpty();
  }

  /** Ends everything at once and stops the sweep. */
  close(reason: TerminationReason): void {
    this.endAll(reason, 'destroy');
    this.#sweeper.close();
  }

  /**
   * Ends records whose sockets are dead though no event ever told us. It must find nothing: each find is a bug, counted as such. A socket
   * is given one interval between its death and its `close` event.
   * @returns how many it ended
   */
  sweep(): number {
    let found = 0;
    for (const record of [...this.#records.values()]) {
      if (!isZombie(record)) record.suspect = false;
      else if (!record.suspect) record.suspect = true;
      else if (this.initiateCleanupOnce(record, 'zombie_cleanup', 'proxy')) found++;
    }
    this.#options.counters.zombies += found;
    return found;
  }

  /** The steps of an end, each on its own, so that a failing one can't keep the others from being taken. */
  cleanupConnection(record: ConnectionRecord, reason: TerminationReason): void {
    const { timeouts, security, onClosed } = this.#options;
    attempt(() => this.#count(record));
    attempt(() => timeouts.clear(record));
    attempt(() => this.#forget(record));
    attempt(() => {
      if (record.countedAddress !== undefined) security.removeConnection(record.countedAddress);
    });
    if (!record.awaitsFarEnd) this.#endSockets(record, reason);
    record.awaitsFarEnd = false;
    record.state = 'closed';
    attempt(() => onClosed?.(record));
    if (this.#records.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #endSockets(record: ConnectionRecord, reason: TerminationReason): void {
    attempt(() => releaseIncoming(record));
    attempt(() => record.onCleanup?.(reason));
    const outcome = outcomeOf(reason);
    const { outgoing } = record;
    if (outgoing !== undefined) this.cleanupSocket(outgoing, outgoing, outgoing.connecting ? 'destroy' : outcome);
    this.cleanupSocket(record.incoming, record.outermost ?? record.incoming, outcome);
    record.onCleanup = undefined;
    record.onDialTimeout = undefined;
  }

  /** Ends one socket: in order with a grace, or at once. An error listener stays behind, since errors may still come. */
  cleanupSocket(socket: Socket, outermost: Duplex, outcome: CleanupOutcome): void {
    attempt(() => {
      keepErrorListener(socket);
      if (outermost !== socket) keepErrorListener(outermost);
      if (outcome === 'graceful') this.#closing.endGracefully(outermost, socket);
      else if (outcome === 'reset' && outermost === socket) resetSocket(socket);
      else destroyBoth(outermost, socket);
    });
  }

  /** @internal a record's timer fired */
  onDeadline(record: ConnectionRecord): void {
    const expiry = this.#options.timeouts.expired(record);
    if (expiry !== undefined && record.awaitsFarEnd) this.cleanupConnection(record, record.terminationReason ?? 'normal');
    if (expiry === undefined || record.ended) return;
    if (expiry === 'dial_timeout' && record.onDialTimeout !== undefined) record.onDialTimeout();
    else this.initiateCleanupOnce(record, expiry, 'proxy');
  }

  /** @internal NetworkProxy has wrapped the raw socket: its events tell of errors from now on */
  onOutermost(record: ConnectionRecord, stream: Duplex): void {
    if (record.ended) {
      this.cleanupSocket(record.incoming, stream, 'destroy');
      return;
    }
    record.outermost = stream;
    guardOutermost(stream, record);
  }

  /** @internal NetworkProxy has dedicated an upstream socket to this connection, so it is a tunnel now */
  onOutgoing(record: ConnectionRecord, socket: Socket | undefined): void {
    if (record.ended) {
      if (socket !== undefined) this.cleanupSocket(socket, socket, 'destroy');
      return;
    }
    record.outgoing = socket;
    if (socket !== undefined) this.#options.timeouts.limitLifetime(record, 0);
  }

  /** @internal the TLS handshake is done; the limits that follow are NetworkProxy's */
  onSecure(record: ConnectionRecord): void {
    this.#options.timeouts.endPhase(record);
  }

  #refusalOf(address: string, viaBalancer: boolean): TerminationReason | undefined {
    const { security } = this.#options;
    const most = this.#maxConnections;
    if (most > 0 && this.#records.size + this.#closing.size + this.#elsewhere() >= most) return 'rejected';
    if (viaBalancer) return undefined;
    return security.admit(address);
  }

  /** Open connections of the other workers of the pod. */
  #elsewhere(): number {
    return this.#options.active?.othersOf(allConnections) ?? 0;
  }

  /** Those that flush are told to nobody: they go without a further word. */
  #tellSize(): void {
    if (this.#maxConnections > 0) this.#options.active?.state(allConnections, this.#records.size);
  }

  #refuse(socket: Socket, reason: TerminationReason, side: ConnectionSide = 'proxy'): void {
    countRefused(this.#options.counters, reason, side);
    socket.on('error', ignoreLateError);
    resetSocket(socket);
  }

  #count(record: ConnectionRecord): void {
    const { counters } = this.#options;
    const { terminationSide = 'proxy', terminationReason = 'error' } = record;
    (counters.connectionsClosed[closedIndex(terminationSide, terminationReason)] as number)++;
    record.durationMs = performance.now() - record.acceptedAtMs;
    counters.connectionDuration.observe(record.durationMs / 1000);
    const bytes = record.fixBytes();
    counters.bytesReceived += bytes.received;
    counters.bytesSent += bytes.sent;
    const { series } = record;
    if (series !== undefined) {
      series.connectionsClosed++;
      series.bytesReceived += bytes.received;
      series.bytesSent += bytes.sent;
    }
    this.#records.delete(record.trackingId);
  }

  #forget(record: ConnectionRecord): void {
    this.#records.delete(record.trackingId);
    this.#tellSize();
    if (record.places !== undefined) this.#options.active?.release(record.places);
    record.places = undefined;
    const service = record.direct?.service;
    if (service === undefined) return;
    const siblings = this.#byService.get(service);
    siblings?.delete(record);
    if (siblings?.size === 0) this.#byService.delete(service);
  }

  #byState(): readonly number[] {
    const counts: Partial<Record<ConnectionState, number>> = {};
    for (const { state } of this.#records.values()) counts[state] = (counts[state] ?? 0) + 1;
    return connectionActivities.map((state) => counts[state] ?? 0);
  }

  #liveBytes(): WireBytes {
    let received = 0;
    let sent = 0;
    this.#options.counters.requests.resetLive();
    for (const record of this.#records.values()) {
      const bytes = record.bytes;
      const { series } = record;
      if (series !== undefined) {
        series.liveReceived += bytes.received;
        series.liveSent += bytes.sent;
      }
      received += bytes.received;
      sent += bytes.sent;
    }
    return { received, sent };
  }
}

const noRecords: ReadonlySet<ConnectionRecord> = new Set();

/** How long the last bytes of a connection that the far end of the loopback transport has ended may wait for a client that takes none. */
const foretoldLimitMs = 60_000;

/** How long an end that was seen here waits for what the far end of the loopback transport says of it: two messages on this machine. */
const farEndLimitMs = 1000;

/** Counts a connection that was closed before it had a record: accepted and closed in one. */
export function countRefused(counters: WorkerCounters, reason: TerminationReason, side: ConnectionSide = 'proxy'): void {
  (counters.connectionsClosed[closedIndex(side, reason)] as number)++;
  counters.connectionDuration.observe(0);
}

/** A dead socket that still has a record. While a finished side waits for the other to flush, that is in order and has its own limit. */
function isZombie(record: ConnectionRecord): boolean {
  if (record.phase === 'write_timeout') return false;
  if (record.incoming.destroyed || record.outermost?.destroyed === true) return true;
  return record.state === 'forwarding' && record.outgoing?.destroyed === true;
}

/** Takes one step of a clean-up; a failure is a bug, shown on stderr, and stops nothing. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { type: 'CleanupWarning' });
  }
}

/** The peer learns at once, and no TIME_WAIT is left with us. A TLS socket has nothing of its own to reset. */
function resetSocket(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}

/** Runs `task` about every ten seconds, not in step with the other workers. */
class Sweeper extends Deadline {
  readonly #task: () => void;
  readonly #wheel: TimerWheel;

  constructor(task: () => void, wheel: TimerWheel) {
    super();
    this.#task = task;
    this.#wheel = wheel;
    this.#arm();
  }

  override onTimeout(): void {
    this.#task();
    this.#arm();
  }

  close(): void {
    this.#wheel.disarm(this);
  }

  #arm(): void {
    this.#wheel.arm(this, sweepIntervalMs * (0.95 + Math.random() * 0.1));
  }
}

/** A deadline that calls a function. */
class Callback extends Deadline {
  readonly #callback: () => void;

  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  override onTimeout(): void {
    this.#callback();
  }
}

import type { Config } from '../config/config.ts';
import { workerCount } from '../config/worker-count.ts';
import { assertNever, messageOf } from '../errors.ts';
import type { AccessLog } from '../observability/access-log.ts';
import { ProcessProbe } from '../observability/process-probe.ts';
import type { Listener } from '../routes/route-table.ts';
import type { FarNews } from '../smartproxy/far-news.ts';
import type { LoopbackEnd } from '../smartproxy/loopback-end.ts';
import { runInTurns } from '../steps.ts';
import { DataPlane, type PortSource } from './data-plane.ts';
import { openAccessLog } from './open-access-log.ts';
import { unpackDelta } from './packed-delta.ts';
import type { EndingSummary, FromWorker, InheritedSocket, SharedPort, ToWorker, WorkerVitals } from './protocol.ts';
import { SnapshotEncoder } from './wire-snapshot.ts';
import type { WorkerPart } from './worker-part.ts';

/** A message that has to wait for those before it. */
interface Waiting {
  readonly message: ToWorker;
  readonly handle: unknown;
}

type Start = Extract<ToWorker, { readonly type: 'start' }>;

/** After which a UDP port that could not be had is tried again. */
const udpRetryMs = 1000;

/** How long a dying worker may take to write its last log lines. */
const flushTimeoutMs = 1000;

/**
 * The worker process: a data plane driven by messages of the main process. It ends when told to or when the channel closes, because
 * a worker without a main process would serve an old table for ever.
 */
export function runWorker(): void {
  // The main process decides when workers go: a signal to the whole process group must not cut connections.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.once('disconnect', () => process.exit(0));
  process.once('message', (message: ToWorker) => {
    if (message.type !== 'start') throw new Error(`Cannot start the worker: the first message is "${message.type}"`);
    new Worker(message);
  });
  send({ type: 'loaded' });
}

function send(message: FromWorker, sent: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, sent);
}

/** Where the bytes of a listener come from, when the main process says so. */
type MainsSource = Exclude<PortSource, { readonly bind: true }>;

class Worker {
  readonly #slot: number;
  readonly #dataPlane: DataPlane;
  readonly #encoder: SnapshotEncoder;
  readonly #probe = new ProcessProbe();
  readonly #accessLog: AccessLog;
  readonly #part: WorkerPart;
  /** Where NetworkProxy's process listens; awaited by a process with SmartProxy alone. */
  readonly #networkProxyPort = Promise.withResolvers<number>();
  #inherited: readonly InheritedSocket[];
  #udpPorts: readonly SharedPort[];
  /** Trials of UDP ports that could not be had, by listener and address. */
  readonly #udpRetries = new Map<string, NodeJS.Timeout>();
  /** What is under way on an address of a listener: a server that is closed before it listens has failed. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Every listener that was ever opened here: a port that closes may be handed back after the table forgot it. */
  readonly #listeners = new Map<string, Listener>();
  /** What came while a large table was being applied and builds on it. */
  readonly #waiting: Waiting[] = [];
  #applying = false;
  #heartbeatUnderWay = false;
  #started = false;

  constructor({ slot, part, idPrefix, config, ticketKeys, sockets, udpPorts, heartbeatMs }: Start) {
    this.#slot = slot;
    this.#part = part;
    this.#inherited = sockets;
    this.#udpPorts = udpPorts;
    this.#accessLog = openAccessLog(config);
    const loopbackEnd = endOf(part, this.#networkProxyPort.promise, new OutgoingNews());
    this.#dataPlane = newDataPlane(config, idPrefix, ticketKeys, this.#accessLog, loopbackEnd);
    this.#encoder = new SnapshotEncoder(this.#dataPlane.counters);
    setInterval(() => this.#heartbeat(), heartbeatMs);
    process.on('message', (message: ToWorker, handle: unknown) => {
      if ((this.#applying || this.#waiting.length > 0) && buildsOnTable(message)) this.#waiting.push({ message, handle });
      else this.#receive(message, handle);
    });
  }

  #receive(message: ToWorker, handle: unknown): void {
    switch (message.type) {
      case 'start':
        return;
      case 'delta':
        this.#apply(message);
        return;
      case 'ticketKeys':
        this.#dataPlane.setTicketKeys(message.ticketKeys);
        return;
      case 'networkProxyPort':
        this.#networkProxyPort.resolve(message.port);
        return;
      case 'farNews':
        this.#dataPlane.hear(message.news);
        return;
      case 'rates':
        this.#dataPlane.applyRates(message.uses);
        return;
      case 'active':
        this.#dataPlane.active.hear(message.from, message.shares);
        return;
      case 'activeGone':
        this.#dataPlane.active.forget(message.from);
        return;
      case 'shareActive':
        this.#dataPlane.active.shareAgain();
        return;
      case 'listen':
        void this.#listen(
          message.listener,
          message.address,
          message.sharedPort === undefined ? { handle } : { sharedPort: message.sharedPort },
        );
        return;
      case 'unlisten':
        void this.#unlisten(message.listener, message.address);
        return;
      case 'drain':
        void this.#drain(message.timeoutMs);
        return;
      case 'announceDrain':
        this.#dataPlane.announceDrain();
        return;
      case 'openTap':
        this.#dataPlane.openTap(message.tap, message.wish);
        return;
      case 'closeTap':
        this.#dataPlane.closeTap(message.tap);
        return;
      case 'stats':
        send({ type: 'statsReply', request: message.request, snapshot: this.#encoder.encode() });
        return;
      case 'connections':
        send({ type: 'connectionsReply', request: message.request, connections: this.#connections(message) });
        return;
      case 'recentEndings':
        send({ type: 'recentEndingsReply', request: message.request, endings: this.#recentEndings(message) });
        return;
      case 'endpointUses':
        send({ type: 'endpointUsesReply', request: message.request, uses: this.#dataPlane.endpointUses(message.services) });
        return;
      case 'endpointHealth':
        send({ type: 'endpointHealthReply', request: message.request, out: this.#dataPlane.outEndpoints() });
        return;
      case 'kill':
        send({ type: 'killReply', request: message.request, killed: this.#dataPlane.kill(message.filter) });
        return;
      default:
        assertNever(message);
    }
  }

  #apply({ base, generation, delta }: Extract<ToWorker, { readonly type: 'delta' }>): void {
    const startedAt = performance.now();
    this.#applying = true;
    runInTurns(this.#dataPlane.applyInSteps(base, generation, unpackDelta(delta)), (fits) => {
      this.#applying = false;
      if (fits) this.#onApplied(generation, performance.now() - startedAt);
      else send({ type: 'resync', generation: this.#dataPlane.generation });
      if (this.#waiting.length > 0) setImmediate(() => this.#receiveWaiting());
    });
  }

  /** One message a turn, because each may be a table again. */
  #receiveWaiting(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#receive(next.message, next.handle);
    // After a delta it is told when the next may come.
    if (next.message.type !== 'delta' && this.#waiting.length > 0) setImmediate(() => this.#receiveWaiting());
  }

  #onApplied(generation: number, durationMs: number): void {
    send({ type: 'applied', generation, durationMs });
    if (!this.#started) void this.#openInherited();
  }

  /** Only with a table in hand: a listener without routes would answer 404 to requests that have one. */
  async #openInherited(): Promise<void> {
    this.#started = true;
    const sockets = this.#inherited;
    this.#inherited = [];
    const ports = this.#udpPorts;
    this.#udpPorts = [];
    await Promise.all([
      ...sockets.map(({ listener, address, fd }) => this.#listen(listener, address, { fd })),
      ...ports.map(({ listener, address, port }) => this.#listen(listener, address, { sharedPort: port })),
    ]);
    if (this.#part.kind === 'networkproxy' && !(await this.#openNetworkProxyPort())) return;
    send({ type: 'started' });
  }

  /** False: it can't be had, and this process ends. */
  async #openNetworkProxyPort(): Promise<boolean> {
    try {
      send({ type: 'networkProxyPort', port: await this.#dataPlane.openNetworkProxyPort() });
      return true;
    } catch (error) {
      send({ type: 'failed', message: `Cannot listen on loopback: ${messageOf(error)}` }, () => process.exit(1));
      return false;
    }
  }

  #listen(listenerKey: string, address: string, from: MainsSource): Promise<void> {
    return this.#inTurn(`${listenerKey} ${address}`, () => this.#startListening(listenerKey, address, from));
  }

  async #startListening(listenerKey: string, address: string, from: MainsSource): Promise<void> {
    const listener = this.#dataPlane.listener(listenerKey) ?? this.#listeners.get(listenerKey);
    if (listener === undefined) return; // it was removed again; main asks us to stop listening next
    this.#listeners.set(listenerKey, listener);
    try {
      const port = await this.#dataPlane.openPort(listener, address, from);
      send({ type: 'listening', listener: listenerKey, address, port });
    } catch (error) {
      const message = `Cannot listen for ${listenerKey} on ${address}: ${messageOf(error)}`;
      if ('sharedPort' in from) {
        // Nobody else's socket is lost with it, and a worker that ends would cost every connection that it has.
        send({ type: 'failed', message });
        const retry = setTimeout(() => void this.#listen(listenerKey, address, from), udpRetryMs);
        this.#udpRetries.set(`${listenerKey} ${address}`, retry);
      } else send({ type: 'failed', message }, () => process.exit(1));
    }
  }

  #unlisten(listener: string, address: string): Promise<void> {
    return this.#inTurn(`${listener} ${address}`, async () => {
      clearTimeout(this.#udpRetries.get(`${listener} ${address}`));
      await this.#dataPlane.closePort(listener, address);
      send({ type: 'unlistened', listener, address });
    });
  }

  async #inTurn(place: string, step: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(place) ?? Promise.resolve()).then(step);
    this.#turns.set(place, turn);
    await turn;
    if (this.#turns.get(place) === turn) this.#turns.delete(place);
  }

  async #drain(timeoutMs: number): Promise<void> {
    await this.#dataPlane.drain(timeoutMs);
    await this.#accessLog.close(flushTimeoutMs);
    // The last counters travel before the word that we are done.
    this.#heartbeat();
    send({ type: 'drained' });
  }

  #connections({
    limit,
    filter,
  }: Extract<ToWorker, { readonly type: 'connections' }>): Extract<FromWorker, { readonly type: 'connectionsReply' }>['connections'] {
    return this.#dataPlane.connections(limit, filter).map((connection) => ({ ...connection, worker: this.#slot }));
  }

  #recentEndings({ limit, filter }: Extract<ToWorker, { readonly type: 'recentEndings' }>): readonly EndingSummary[] {
    return this.#dataPlane.recentEndings(limit, filter).map((ending) => ({ ...ending, worker: this.#slot }));
  }

  #heartbeat(): void {
    if (this.#heartbeatUnderWay) return; // the main process does not read: nothing may pile up here
    this.#heartbeatUnderWay = true;
    send({ type: 'heartbeat', vitals: this.#vitals(), snapshot: this.#encoder.encode() }, () => {
      this.#heartbeatUnderWay = false;
    });
  }

  #vitals(): WorkerVitals {
    const { eventLoopDelayMs, overloadReadings } = this.#dataPlane;
    return { eventLoopDelayMs, memoryShare: overloadReadings.memory, heapShare: overloadReadings.heap, process: this.#probe.read() };
  }
}

/** What waits while the main process does not read: beyond that, the near end sees what it sees. */
const mostNews = 10_000;

/** News on their way to the near end of the loopback transport: those of one turn of the event loop are one message. */
class OutgoingNews {
  #waiting: FarNews[] = [];
  #isUnderWay = false;

  add(news: FarNews): void {
    if (this.#waiting.length >= mostNews) return;
    this.#waiting.push(news);
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    setImmediate(() => this.#send());
  }

  #send(): void {
    const news = this.#waiting;
    this.#waiting = [];
    send({ type: 'farNews', news }, () => {
      this.#isUnderWay = this.#waiting.length > 0;
      if (this.#isUnderWay) setImmediate(() => this.#send());
    });
  }
}

/** Whether the message means the table that was sent before it: such messages keep their order. */
function buildsOnTable({ type }: ToWorker): boolean {
  return type === 'delta' || type === 'listen' || type === 'unlisten' || type === 'drain';
}

function endOf(part: WorkerPart, port: Promise<number>, outgoing: OutgoingNews): LoopbackEnd | undefined {
  switch (part.kind) {
    case 'whole':
      return undefined;
    case 'smartproxy':
      return { kind: 'near', key: Buffer.from(part.loopbackKey), port };
    case 'networkproxy':
      return { kind: 'far', key: Buffer.from(part.loopbackKey), onNews: (news) => outgoing.add(news) };
    default:
      return assertNever(part);
  }
}

function newDataPlane(
  config: Config,
  idPrefix: string,
  ticketKeys: Uint8Array,
  accessLog: AccessLog,
  loopbackEnd: LoopbackEnd | undefined,
): DataPlane {
  return new DataPlane({
    config,
    idPrefix,
    ticketKeys,
    loopbackEnd,
    onRedis: (state, detail) => send({ type: 'redis', state, detail }),
    onOverload: (change) => send({ type: 'overload', change }),
    onTapped: (tapped, sent) => send({ type: 'tapped', tapped }, sent),
    ...(workerCount(config) > 1 && {
      shareRates: (uses) => send({ type: 'rates', uses }),
      shareActive: (shares) => send({ type: 'active', shares }),
    }),
    accessLog,
  });
}

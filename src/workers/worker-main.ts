import type { Config } from '../config/config.ts';
import { assertNever, messageOf } from '../errors.ts';
import { ProcessProbe } from '../observability/process-probe.ts';
import type { Listener } from '../routes/route-table.ts';
import { runInTurns } from '../steps.ts';
import { DataPlane } from './data-plane.ts';
import { openAccessLog } from './open-access-log.ts';
import { unpackDelta } from './packed-delta.ts';
import type { FromWorker, InheritedSocket, ToWorker, WorkerVitals } from './protocol.ts';
import { SnapshotEncoder } from './wire-snapshot.ts';

/** A message that has to wait for those before it. */
interface Waiting {
  readonly message: ToWorker;
  readonly handle: unknown;
}

type Start = Extract<ToWorker, { readonly type: 'start' }>;

/** How long a dying worker may take to write its last log lines. */
const flushTimeoutMs = 1000;

/**
 * The worker process: a data plane driven by messages of the main process. It ends when told to or when the channel closes, because
 * a worker without a main process would serve an old table for ever.
 */
export function runWorker(): void {
  // The main process decides when workers go: a signal to the whole process group must not cut connections.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
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

class Worker {
  readonly #slot: number;
  readonly #dataPlane: DataPlane;
  readonly #encoder: SnapshotEncoder;
  readonly #probe = new ProcessProbe();
  readonly #accessLog: ReturnType<typeof openAccessLog>;
  #inherited: readonly InheritedSocket[];
  /** Every listener that was ever opened here: a port that closes may be handed back after the table forgot it. */
  readonly #listeners = new Map<string, Listener>();
  /** What came while a large table was being applied and builds on it. */
  readonly #waiting: Waiting[] = [];
  #applying = false;
  #heartbeatUnderWay = false;
  #started = false;

  constructor({ slot, idPrefix, config, ticketKeys, sockets, heartbeatMs }: Start) {
    this.#slot = slot;
    this.#inherited = sockets;
    this.#accessLog = openAccessLog(config);
    this.#dataPlane = newDataPlane(config, idPrefix, ticketKeys, this.#accessLog);
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
        this.#dataPlane.setTicketKeys(Buffer.from(message.ticketKeys));
        return;
      case 'listen':
        void this.#listen(message.listener, message.address, { handle });
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
      case 'stats':
        send({ type: 'statsReply', request: message.request, snapshot: this.#encoder.encode() });
        return;
      case 'connections':
        send({ type: 'connectionsReply', request: message.request, connections: this.#connections(message.limit) });
        return;
      case 'endpointHealth':
        send({ type: 'endpointHealthReply', request: message.request, ejected: this.#dataPlane.ejectedEndpoints() });
        return;
      case 'kill':
        send({ type: 'killReply', request: message.request, found: this.#dataPlane.kill(message.connectionId) });
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
    await Promise.all(sockets.map(({ listener, address, fd }) => this.#listen(listener, address, { fd })));
    send({ type: 'started' });
  }

  async #listen(listenerKey: string, address: string, from: { readonly fd: number } | { readonly handle: unknown }): Promise<void> {
    const listener = this.#dataPlane.listener(listenerKey) ?? this.#listeners.get(listenerKey);
    if (listener === undefined) return; // it was removed again; main asks us to stop listening next
    this.#listeners.set(listenerKey, listener);
    try {
      const port = await this.#dataPlane.openPort(listener, address, from);
      send({ type: 'listening', listener: listenerKey, address, port });
    } catch (error) {
      send({ type: 'failed', message: `Cannot listen for ${listenerKey} on ${address}: ${messageOf(error)}` }, () => process.exit(1));
    }
  }

  async #unlisten(listener: string, address: string): Promise<void> {
    await this.#dataPlane.closePort(listener, address);
    send({ type: 'unlistened', listener, address });
  }

  async #drain(timeoutMs: number): Promise<void> {
    await this.#dataPlane.drain(timeoutMs);
    await this.#accessLog?.close(flushTimeoutMs);
    // The last counters travel before the word that we are done.
    this.#heartbeat();
    send({ type: 'drained' });
  }

  #connections(limit: number): Extract<FromWorker, { readonly type: 'connectionsReply' }>['connections'] {
    return this.#dataPlane.connections(limit).map((connection) => ({ ...connection, worker: this.#slot }));
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

/** Whether the message means the table that was sent before it: such messages keep their order. */
function buildsOnTable({ type }: ToWorker): boolean {
  return type === 'delta' || type === 'listen' || type === 'unlisten' || type === 'drain';
}

function newDataPlane(config: Config, idPrefix: string, ticketKeys: Uint8Array, accessLog: ReturnType<typeof openAccessLog>): DataPlane {
  return new DataPlane({
    config,
    idPrefix,
    ticketKeys: Buffer.from(ticketKeys),
    onOverload: (change) => send({ type: 'overload', change }),
    ...(accessLog === undefined ? {} : { accessLog }),
  });
}

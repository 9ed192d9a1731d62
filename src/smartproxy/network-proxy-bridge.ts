import { connect, type Socket } from 'node:net';
import type { AcceptedConnection, NetworkProxyEntry } from '../networkproxy/accepted-connection.ts';
import { type ConnectionSide, reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { ReadBuffers } from '../read-buffers.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { encodeLoopbackHeader } from './loopback-header.ts';
import { Splice, splicedSocketOptions } from './splice.ts';
import type { TimeoutManager } from './timeout-manager.ts';
import { UpstreamReader } from './upstream-reader.ts';

/** How the bridge tells that a connection is over; the caller puts it to `initiateCleanupOnce`. */
export type CleanupCallback = (reason: TerminationReason, side: ConnectionSide) => void;

/** Gives connections to NetworkProxy: by handing over the socket, or through a second socket to NetworkProxy's own port. */
export interface NetworkProxyBridge {
  /**
   * @param socket the client's, paused; its bytes that were read are in `initialChunk`
   * @param networkProxyPort where NetworkProxy listens on 127.0.0.1; unused when the socket itself is handed over
   */
  forwardToNetworkProxy(
    connectionId: string,
    socket: Socket,
    record: ConnectionRecord,
    initialChunk: Buffer,
    networkProxyPort: number,
    cleanupCallback: CleanupCallback,
  ): void;
}

/**
 * The default: NetworkProxy lives in this process and gets the socket itself, with the bytes that were read put back. There is no second
 * hop, and the client's address stays what it is.
 */
export class HandoffBridge implements NetworkProxyBridge {
  readonly #networkProxy: NetworkProxyEntry;

  constructor(networkProxy: NetworkProxyEntry) {
    this.#networkProxy = networkProxy;
  }

  forwardToNetworkProxy(
    _connectionId: string,
    socket: Socket,
    record: ConnectionRecord,
    initialChunk: Buffer,
    _networkProxyPort: number,
    cleanupCallback: CleanupCallback,
  ): void {
    if (!canHandOver(socket)) {
      cleanupCallback('normal', 'client');
      return;
    }
    if (initialChunk.length > 0) socket.unshift(initialChunk);
    record.state = 'handed_over';
    enter(this.#networkProxy, record, cleanupCallback);
  }
}

/** A TLS socket around one that has ended or is destroyed would never get an event, and both would leak. */
function canHandOver(socket: Socket): boolean {
  return !socket.destroyed && socket.readable && !socket.readableEnded && socket.writable;
}

/** NetworkProxy promises not to throw; should it, that costs one connection and not the process. */
function enter(networkProxy: NetworkProxyEntry, connection: AcceptedConnection, cleanupCallback: CleanupCallback): void {
  try {
    networkProxy.handleConnection(connection);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { type: 'HandoffWarning' });
    cleanupCallback('error', 'proxy');
  }
}

/** How long NetworkProxy's port may take to accept: it is on this machine. */
const loopbackDialTimeoutMs = 5000;
/** Both ends of the loopback belong to us and NetworkProxy has the limits; this one is against a NetworkProxy that is gone. */
const loopbackIdleTimeoutMs = 24 * 3_600_000;

/**
 * Connects to NetworkProxy's own port on 127.0.0.1 and carries the bytes, so that NetworkProxy, with the private keys, may live in a
 * process apart. A PROXY v2 header ahead of them names client, connection and listener, and is authenticated.
 */
export class LoopbackBridge implements NetworkProxyBridge {
  readonly #key: Buffer;
  readonly #buffers: ReadBuffers;
  readonly #timeouts: TimeoutManager;

  /** @param key made at start, known to both ends */
  constructor(key: Buffer, buffers: ReadBuffers, timeouts: TimeoutManager) {
    this.#key = key;
    this.#buffers = buffers;
    this.#timeouts = timeouts;
  }

  forwardToNetworkProxy(
    connectionId: string,
    socket: Socket,
    record: ConnectionRecord,
    initialChunk: Buffer,
    networkProxyPort: number,
    cleanupCallback: CleanupCallback,
  ): void {
    if (!canHandOver(socket)) {
      cleanupCallback('normal', 'client');
      return;
    }
    if (initialChunk.length > 0) socket.unshift(initialChunk);
    const header = encodeLoopbackHeader(describe(connectionId, record), this.#key);
    const reader = new UpstreamReader(record, this.#buffers, this.#timeouts);
    new LoopbackLink(record, header, reader, this.#timeouts, cleanupCallback).dial(networkProxyPort);
  }
}

function describe(connectionId: string, record: ConnectionRecord) {
  const addresses = {
    sourceAddress: record.remoteAddress,
    sourcePort: record.remotePort,
    destinationAddress: record.localAddress,
    destinationPort: record.localPort,
  };
  return { addresses, connectionId, listenerKey: record.listener.key, service: record.direct?.service, proxied: record.proxied };
}

/** One client's second socket. */
class LoopbackLink {
  readonly #record: ConnectionRecord;
  readonly #header: Buffer;
  readonly #reader: UpstreamReader;
  readonly #timeouts: TimeoutManager;
  readonly #cleanupCallback: CleanupCallback;
  #socket: Socket | undefined;
  #splice: Splice | undefined;

  constructor(
    record: ConnectionRecord,
    header: Buffer,
    reader: UpstreamReader,
    timeouts: TimeoutManager,
    cleanupCallback: CleanupCallback,
  ) {
    this.#record = record;
    this.#header = header;
    this.#reader = reader;
    this.#timeouts = timeouts;
    this.#cleanupCallback = cleanupCallback;
  }

  dial(port: number): void {
    const record = this.#record;
    const socket = connect({ ...splicedSocketOptions, onread: this.#reader.onread, host: '127.0.0.1', port });
    this.#socket = socket;
    record.outgoing = socket;
    record.state = 'dialing';
    record.onCleanup = this.#onCleanup;
    record.onDialTimeout = this.#onDialTimeout;
    socket.on('connect', this.#onConnect);
    socket.on('error', this.#onDialError);
    this.#timeouts.start(record, 'dial_timeout', loopbackDialTimeoutMs);
  }

  readonly #onConnect = (): void => {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#endDial(socket);
    socket.write(this.#header);
    this.#record.hasFarEnd = true;
    this.#splice = new Splice(this.#record, this.#record.incoming, socket, this.#reader, this.#timeouts);
    this.#splice.start(loopbackIdleTimeoutMs);
  };

  readonly #onDialError = (error: NodeJS.ErrnoException): void => this.#cleanupCallback(reasonOfSocketError(error), 'upstream');

  readonly #onDialTimeout = (): void => this.#cleanupCallback('dial_timeout', 'upstream');

  readonly #onCleanup = (): void => {
    if (this.#splice !== undefined) this.#splice.stop();
    else if (this.#socket !== undefined) this.#endDial(this.#socket);
  };

  #endDial(socket: Socket): void {
    socket.removeListener('connect', this.#onConnect);
    socket.removeListener('error', this.#onDialError);
    this.#record.onDialTimeout = undefined;
    this.#timeouts.endPhase(this.#record);
  }
}

import type { Socket } from 'node:net';
import { type ConnectionSide, reasonOfSocketError } from '../observability/counters/termination-reason.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { TimeoutManager } from './timeout-manager.ts';

/** How much a socket of a splice buffers before its peer is held back: fewer stops and starts than with the default of 64 KiB. */
export const spliceBufferBytes = 262_144;

/** Options of every socket that a splice dials. */
export const splicedSocketOptions = { allowHalfOpen: true, noDelay: true, highWaterMark: spliceBufferBytes } as const;

/** When one side has finished both ways, how long the other may take to take our last bytes. */
const flushLimitMs = 60_000;

/** Carries what the upstream sends to the client, from when it is made. */
export interface SpliceReader {
  /** From now on what arrives is dropped; what waits in the client's socket is still written. */
  stop(): void;
}

/**
 * Carries bytes both ways between a client and a record's `outgoing`, each side held back by the other. An end of data on one side is
 * passed on as such and the other direction goes on; the record ends when both sockets have closed, or at an error of either.
 */
export class Splice {
  readonly #record: ConnectionRecord;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #reader: SpliceReader;
  readonly #timeouts: TimeoutManager;

  /**
   * @param client the record's outermost socket
   * @param upstream connected; must be `record.outgoing`
   * @param reader of `upstream`
   */
  constructor(record: ConnectionRecord, client: Socket, upstream: Socket, reader: SpliceReader, timeouts: TimeoutManager) {
    this.#record = record;
    this.#client = client;
    this.#upstream = upstream;
    this.#reader = reader;
    this.#timeouts = timeouts;
  }

  /**
   * @param idleTimeoutMs without a byte in either direction; 0 = no limit
   * @param firstDataMs until the client's first byte; 0 = no limit
   */
  start(idleTimeoutMs: number, firstDataMs = 0): void {
    const client = this.#client;
    const upstream = this.#upstream;
    this.#record.state = 'forwarding';
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    this.#record.onIncomingClosed = this.#onClientClose;
    this.#timeouts.startFirstData(this.#record, firstDataMs, idleTimeoutMs);
    client.on('data', this.#onClientData);
    client.on('end', this.#onClientEnd);
    upstream.on('end', this.#onUpstreamEnd);
    upstream.on('drain', this.#onUpstreamDrain);
    upstream.on('error', this.#onUpstreamError);
    upstream.on('close', this.#onUpstreamClose);
    client.resume();
  }

  /** Takes every listener away and drops what still arrives; what is buffered stays with the sockets. */
  stop(): void {
    const client = this.#client;
    const upstream = this.#upstream;
    this.#record.onIncomingClosed = undefined;
    this.#reader.stop();
    client.removeListener('data', this.#onClientData);
    client.removeListener('end', this.#onClientEnd);
    upstream.removeListener('end', this.#onUpstreamEnd);
    upstream.removeListener('drain', this.#onUpstreamDrain);
    upstream.removeListener('error', this.#onUpstreamError);
    upstream.removeListener('close', this.#onUpstreamClose);
  }

  readonly #onClientData = (chunk: Buffer): void => {
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    if (!this.#upstream.write(chunk)) this.#client.pause();
  };

  readonly #onUpstreamDrain = (): void => {
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    this.#client.resume();
  };

  readonly #onClientEnd = (): void => this.#carryEnd('client', this.#upstream);

  readonly #onUpstreamEnd = (): void => {
    // The far end of the loopback transport has ended it, and these were its last bytes: nobody is there for what the client still sends.
    if (this.#record.foretold !== undefined) this.#record.end('upstream', 'normal');
    else this.#carryEnd('upstream', this.#client);
  };

  readonly #onUpstreamError = (error: NodeJS.ErrnoException): void => {
    this.#record.end('upstream', reasonOfSocketError(error));
  };

  readonly #onClientClose = (): void => this.#sideClosed('client', this.#upstream);

  readonly #onUpstreamClose = (): void => this.#sideClosed('upstream', this.#client);

  /** A half-close is not a close: the other direction may have bytes for as long as it likes (lessons 19, 21, 22). */
  #carryEnd(side: ConnectionSide, other: Socket): void {
    this.#record.endedFirst ??= side;
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    other.end();
  }

  /** A side that closed without an error has finished both ways; the other may still have bytes to flush. */
  #sideClosed(side: ConnectionSide, other: Socket): void {
    this.#record.endedFirst ??= side;
    if (other.closed) {
      this.#record.end(this.#record.endedFirst, 'normal');
      return;
    }
    other.end();
    other.resume();
    this.#timeouts.start(this.#record, 'write_timeout', flushLimitMs);
  }
}

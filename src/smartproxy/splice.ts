import type { Socket } from 'node:net';
import { type ConnectionSide, reasonOfSocketError } from '../observability/counters/termination-reason.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { TimeoutManager } from './timeout-manager.ts';
import type { UpstreamReader } from './upstream-reader.ts';

/** How much a socket of a splice buffers before its peer is held back: fewer stops and starts than with the default of 64 KiB. */
export const spliceBufferBytes = 262_144;

/** Options of every socket that a splice dials. */
export const splicedSocketOptions = { allowHalfOpen: true, noDelay: true, highWaterMark: spliceBufferBytes } as const;

/** When one side has finished both ways, how long the other may take to take our last bytes. */
const flushLimitMs = 60_000;

/**
 * Carries bytes both ways between a record's `incoming` and `outgoing`, each side held back by the other. An end of data on one side is
 * passed on as such and the other direction goes on; the record ends when both sockets have closed, or at an error of either.
 */
export class Splice {
  readonly #record: ConnectionRecord;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #reader: UpstreamReader;
  readonly #timeouts: TimeoutManager;

  /**
   * @param upstream connected; must be `record.outgoing`
   * @param reader what `upstream` was dialled with
   */
  constructor(record: ConnectionRecord, upstream: Socket, reader: UpstreamReader, timeouts: TimeoutManager) {
    this.#record = record;
    this.#client = record.incoming;
    this.#upstream = upstream;
    this.#reader = reader;
    this.#timeouts = timeouts;
  }

  /** @param idleTimeoutMs without a byte in either direction; 0 = no limit */
  start(idleTimeoutMs: number): void {
    const client = this.#client;
    const upstream = this.#upstream;
    this.#record.state = 'forwarding';
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    this.#record.onIncomingClosed = this.#onClientClose;
    this.#timeouts.start(this.#record, 'inactivity', idleTimeoutMs);
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

  readonly #onUpstreamEnd = (): void => this.#carryEnd('upstream', this.#client);

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

import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { Http2ClientConnection, type Http2Owner } from '../http2/client/connection.ts';
import { maxStreamsPerConnection } from '../http2/client/limits.ts';
import { Http2ClientStream } from '../http2/client/stream.ts';
import type { Transport } from './transport.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamPool, UpstreamShared } from './upstream-pool.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/**
 * The HTTP/2 connections to one endpoint over one transport. Requests share the first connection that has room; another is made when none
 * has, as many requests at a time as the backend takes on each.
 */
export class Http2Pool implements UpstreamPool, Http2Owner {
  readonly shared: UpstreamShared;
  readonly endpoint: EndpointRuntime;
  readonly transport: Transport;
  /** All that live, those that take no new streams among them. */
  readonly #all = new Set<Http2ClientConnection>();
  /** Those that may take streams. */
  readonly #usable = new Set<Http2ClientConnection>();
  readonly #onEmpty: (pool: UpstreamPool) => void;
  connecting = 0;
  streamLimit: number = maxStreamsPerConnection;
  #connectMs = 0;
  #closed = false;

  /** @param onEmpty the last connection has gone */
  constructor(shared: UpstreamShared, endpoint: EndpointRuntime, transport: Transport, onEmpty: (pool: UpstreamPool) => void) {
    this.shared = shared;
    this.endpoint = endpoint;
    this.transport = transport;
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    let idle = 0;
    for (const connection of this.#all) if (connection.isIdle) idle++;
    return idle;
  }

  acquire(handler: UpstreamHandler, connectMs: number, fresh: boolean): UpstreamRequest | undefined {
    this.#connectMs = connectMs;
    const connection = this.#withRoom(fresh) ?? this.#dial();
    if (connection === undefined) return undefined;
    const stream = new Http2ClientStream(connection, handler);
    connection.attach(stream);
    return stream;
  }

  place(streams: readonly Http2ClientStream[]): void {
    for (const stream of streams) {
      if (stream.isClosed) continue;
      const connection = this.#withRoom(false) ?? this.#dial();
      if (connection === undefined) {
        stream.onUnplaced(this.#closed ? 'the endpoint is gone' : 'connections to one endpoint');
      } else if (!stream.moveTo(connection)) {
        stream.onUnplaced('the backend takes too few streams');
      } else {
        connection.attach(stream);
        if (stream.isReady) stream.announceReady();
      }
    }
  }

  retired(connection: Http2ClientConnection): void {
    this.#usable.delete(connection);
  }

  remove(connection: Http2ClientConnection): void {
    this.#usable.delete(connection);
    if (this.#all.delete(connection) && this.#all.size === 0) this.#onEmpty(this);
  }

  retire(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.retire();
  }

  destroy(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.destroy();
  }

  #withRoom(fresh: boolean): Http2ClientConnection | undefined {
    for (const connection of this.#usable) if (connection.room > 0 && !(fresh && connection.isUsed)) return connection;
    return undefined;
  }

  #dial(): Http2ClientConnection | undefined {
    const { maxConnectionsPerEndpoint } = this.shared;
    if (this.#closed) return undefined;
    if (maxConnectionsPerEndpoint !== 0 && this.size >= maxConnectionsPerEndpoint) return undefined;
    const made = new Http2ClientConnection(this, this.#connectMs);
    this.#all.add(made);
    this.#usable.add(made);
    return made;
  }
}

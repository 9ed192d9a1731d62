import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { Transport } from '../../balancing/transport.ts';
import { Http2ClientConnection, type Http2Owner } from '../http2/client/connection.ts';
import { maxStreamsPerConnection } from '../http2/client/limits.ts';
import { Http2ClientStream } from '../http2/client/stream.ts';
import type { ClientOpening } from './client-opening.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamPool, UpstreamShared } from './upstream-pool.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/**
 * The HTTP/2 connections to one endpoint over one transport. Requests share the first connection that has room; another is made when none
 * has, as many requests at a time as the backend takes on each. Where a PROXY header is wanted, those of one client's connection share theirs.
 */
export class Http2Pool implements UpstreamPool, Http2Owner {
  readonly shared: UpstreamShared;
  readonly endpoint: EndpointRuntime;
  readonly transport: Transport;
  /** All that live, those that take no new streams among them. */
  readonly #all = new Set<Http2ClientConnection>();
  /** Those that may take streams of any client. */
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

  acquire(handler: UpstreamHandler, connectMs: number, fresh: boolean, opening?: ClientOpening): UpstreamRequest | undefined {
    this.#connectMs = connectMs;
    const connection = this.#withRoom(fresh, opening) ?? this.#dial(opening);
    if (connection === undefined) return undefined;
    const stream = new Http2ClientStream(connection, handler);
    connection.attach(stream);
    return stream;
  }

  place(streams: readonly Http2ClientStream[], { opening }: Http2ClientConnection): void {
    for (const stream of streams) {
      if (stream.isClosed) continue;
      const connection = this.#withRoom(false, opening) ?? this.#dial(opening);
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
    if (!this.#all.delete(connection)) return;
    if (connection.opening !== undefined) this.shared.ofClients.remove(connection.opening.client, connection);
    this.endpoint.load.connections--;
    if (this.#all.size === 0) this.#onEmpty(this);
  }

  endIdle(): boolean {
    for (const connection of this.#all) {
      if (!connection.isIdle) continue;
      connection.destroy();
      return true;
    }
    return false;
  }

  retire(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.retire();
  }

  destroy(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.destroy();
  }

  #withRoom(fresh: boolean, opening: ClientOpening | undefined): Http2ClientConnection | undefined {
    if (opening !== undefined) return this.#ofClient(fresh, opening);
    for (const connection of this.#usable) if (connection.room > 0 && !(fresh && connection.isUsed)) return connection;
    return undefined;
  }

  /** The client may have connections to other endpoints too. */
  #ofClient(fresh: boolean, { client }: ClientOpening): Http2ClientConnection | undefined {
    for (const connection of this.shared.ofClients.of(client))
      if (this.#all.has(connection) && connection.room > 0 && !(fresh && connection.isUsed)) return connection;
    return undefined;
  }

  #dial(opening: ClientOpening | undefined): Http2ClientConnection | undefined {
    const { maxConnectionsPerEndpoint } = this.shared;
    if (this.#closed || this.endpoint.load.isFull) return undefined;
    if (maxConnectionsPerEndpoint !== 0 && this.size >= maxConnectionsPerEndpoint) return undefined;
    const made = new Http2ClientConnection(this, this.#connectMs, opening);
    this.#all.add(made);
    if (opening === undefined) this.#usable.add(made);
    else this.shared.ofClients.add(opening.client, made);
    this.endpoint.load.connections++;
    return made;
  }
}

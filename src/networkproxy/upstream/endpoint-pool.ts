import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { ClientConnection, type Http1Owner } from '../http1/client-connection.ts';
import type { Transport } from './transport.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamPool, UpstreamShared } from './upstream-pool.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/**
 * The HTTP/1.1 connections to one endpoint over one transport. Idle ones form a stack: the one that was used last is the least likely to
 * be closed by the backend at this moment, and the others may reach their idle time-out.
 */
export class EndpointPool implements UpstreamPool, Http1Owner {
  readonly shared: UpstreamShared;
  readonly endpoint: EndpointRuntime;
  readonly transport: Transport;
  readonly #idle: ClientConnection[] = [];
  readonly #all = new Set<ClientConnection>();
  readonly #onEmpty: (pool: UpstreamPool) => void;
  connecting = 0;
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
    return this.#idle.length;
  }

  acquire(handler: UpstreamHandler, connectMs: number, fresh: boolean): UpstreamRequest | undefined {
    const idle = fresh ? undefined : this.#take();
    if (idle !== undefined) {
      idle.assign(handler);
      return idle;
    }
    const { maxConnectionsPerEndpoint } = this.shared;
    if (maxConnectionsPerEndpoint !== 0 && this.size >= maxConnectionsPerEndpoint) return undefined;
    const made = new ClientConnection(this, handler, connectMs);
    this.#all.add(made);
    return made;
  }

  /** Takes a connection back after a whole answer. False: there is no room, and the caller destroys it. */
  release(connection: ClientConnection): boolean {
    if (this.#closed || this.#idle.length >= this.shared.idlePerEndpoint) return false;
    this.#idle.push(connection);
    return true;
  }

  /** The connection is gone, whatever it was doing. */
  remove(connection: ClientConnection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#all.size === 0) this.#onEmpty(this);
  }

  retire(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  destroy(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.destroy();
  }

  /** An idle connection that still lives. */
  #take(): ClientConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isAlive) return connection;
      connection.destroy();
    }
    return undefined;
  }
}

import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { Transport } from '../../balancing/transport.ts';
import { ClientConnection, type Http1Owner } from '../http1/client-connection.ts';
import type { ClientOpening } from './client-opening.ts';
import type { UpstreamHandler } from './upstream-handler.ts';
import type { UpstreamPool, UpstreamShared } from './upstream-pool.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** Idle connections above the limit that end in one turn of the event loop: closing a socket costs about as much as an answer on it. */
const endedPerTurn = 64;

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
  #trimming = false;

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

  acquire(handler: UpstreamHandler, connectMs: number, fresh: boolean, opening?: ClientOpening): UpstreamRequest | undefined {
    const idle = fresh || opening !== undefined ? undefined : this.#take();
    if (idle !== undefined) {
      idle.assign(handler);
      return idle;
    }
    const { maxConnectionsPerEndpoint } = this.shared;
    const { load } = this.endpoint;
    if (load.isFull) return undefined;
    if (maxConnectionsPerEndpoint !== 0 && this.size >= maxConnectionsPerEndpoint) return undefined;
    const made = new ClientConnection(this, handler, connectMs, opening?.encode());
    this.#all.add(made);
    load.connections++;
    return made;
  }

  /**
   * Takes a connection back after a whole answer. False: none are kept, and the caller destroys it. Those above the limit end in the turns
   * that follow, unless requests take them before.
   */
  release(connection: ClientConnection): boolean {
    const { idlePerEndpoint } = this.shared;
    if (this.#closed || idlePerEndpoint === 0 || connection.isClients) return false;
    if (this.#idle.push(connection) > idlePerEndpoint && !this.#trimming) {
      this.#trimming = true;
      setImmediate(this.#trim);
    }
    return true;
  }

  /** The connection is gone, whatever it was doing. */
  remove(connection: ClientConnection): void {
    if (!this.#all.delete(connection)) return;
    this.endpoint.load.connections--;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#all.size === 0) this.#onEmpty(this);
  }

  endIdle(): boolean {
    const idle = this.#idle.shift();
    idle?.destroy();
    return idle !== undefined;
  }

  retire(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  destroy(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.destroy();
  }

  readonly #trim = (): void => {
    const surplus = this.#idle.length - this.shared.idlePerEndpoint;
    if (surplus > 0) for (const connection of this.#idle.splice(0, Math.min(surplus, endedPerTurn))) connection.destroy();
    this.#trimming = surplus > endedPerTurn;
    if (this.#trimming) setImmediate(this.#trim);
  };

  /** An idle connection that still lives. */
  #take(): ClientConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isAlive) return connection;
      connection.destroy();
    }
    return undefined;
  }
}

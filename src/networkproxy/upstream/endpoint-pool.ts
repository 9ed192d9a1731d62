import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { ClientConnection } from '../http1/client-connection.ts';
import type { Transport } from './transport.ts';

/**
 * The connections to one endpoint over one transport. Idle ones form a stack: the one that was used last is the least likely to be
 * closed by the backend at this moment, and the others may reach their idle time-out.
 */
export class EndpointPool {
  readonly endpoint: EndpointRuntime;
  readonly transport: Transport;
  readonly #idle: ClientConnection[] = [];
  readonly #all = new Set<ClientConnection>();
  readonly #maxIdle: number;
  connecting = 0;
  #closed = false;

  constructor(endpoint: EndpointRuntime, transport: Transport, maxIdle: number) {
    this.endpoint = endpoint;
    this.transport = transport;
    this.#maxIdle = maxIdle;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** An idle connection that still lives, or undefined. */
  take(): ClientConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isAlive) return connection;
      connection.destroy();
    }
    return undefined;
  }

  /** Takes a connection back after a whole answer. False: there is no room, and the caller destroys it. */
  release(connection: ClientConnection): boolean {
    if (this.#closed || this.#idle.length >= this.#maxIdle) return false;
    this.#idle.push(connection);
    return true;
  }

  add(connection: ClientConnection): void {
    this.#all.add(connection);
  }

  /** The connection is gone, whatever it was doing. */
  remove(connection: ClientConnection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** Ends idle connections now and busy ones after their answer. */
  retire(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Ends every connection now. */
  destroy(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.destroy();
  }
}

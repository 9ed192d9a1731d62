import type { AcceptedConnection } from '../accepted-connection.ts';

/** A connection to a backend, as far as it hears of its client. */
interface Retirable {
  /** Nothing new; it ends with what is under way. */
  retire(): void;
}

/** What one client's connection has. */
interface Bound<T> {
  readonly connections: Set<T>;
  readonly onClose: () => void;
}

/**
 * The connections to backends that each serve one client's connection and share its requests among them. When it closes they take nothing
 * new: whoever comes from the same address later is somebody else.
 */
export class ClientsConnections<T extends Retirable> {
  readonly #bound = new Map<AcceptedConnection, Bound<T>>();

  /** In the order in which they were made. */
  of(client: AcceptedConnection): Iterable<T> {
    return this.#bound.get(client)?.connections ?? [];
  }

  add(client: AcceptedConnection, connection: T): void {
    const known = this.#bound.get(client);
    if (known !== undefined) {
      known.connections.add(connection);
      return;
    }
    const connections = new Set([connection]);
    const onClose = (): void => {
      for (const each of [...connections]) each.retire();
    };
    this.#bound.set(client, { connections, onClose });
    // One for all, however many endpoints there are.
    client.socket.once('close', onClose);
  }

  remove(client: AcceptedConnection, connection: T): void {
    const bound = this.#bound.get(client);
    if (bound?.connections.delete(connection) !== true || bound.connections.size > 0) return;
    this.#bound.delete(client);
    client.socket.removeListener('close', bound.onClose);
  }
}

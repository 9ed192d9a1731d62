import type { ClientConnectionPolicy } from '../routes/policy.ts';
import { maxTimeoutMs, type TimerWheel } from '../timer-wheel.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import { Lifetime, type Mortal } from './lifetime.ts';

/**
 * How long a client's connection is kept: as the route says of the last request that began on it, and where that says nothing, as the
 * installation does. Made for a connection when the first route has a say; most have none.
 */
export class KeptConnection {
  readonly #connection: AcceptedConnection;
  readonly #lifetime: Lifetime;
  #policy: ClientConnectionPolicy | undefined;

  /** @param mortal told when the connection is as old as the route lets it become */
  constructor(wheel: TimerWheel, connection: AcceptedConnection, mortal: Mortal) {
    this.#connection = connection;
    this.#lifetime = new Lifetime(wheel, mortal);
  }

  /** A request has begun. @param policy of its route; undefined: it says nothing */
  follow(policy: ClientConnectionPolicy | undefined): void {
    if (policy === this.#policy) return;
    this.#policy = policy;
    const { socket, acceptedAtMs } = this.#connection;
    if (policy !== undefined && policy.probeAfterMs > 0) socket.setKeepAlive(true, policy.probeAfterMs);
    this.#lifetime.limit(policy?.lifetimeMs ?? 0, performance.now() - acceptedAtMs);
  }

  /** How long the connection may be open without a request under way; 0: no limit. @param inheritedMs what the installation says */
  idleMs(inheritedMs: number): number {
    const policy = this.#policy;
    return policy === undefined ? inheritedMs : Math.min((policy.idleMs ?? inheritedMs) * policy.idleFactor, maxTimeoutMs);
  }

  /** The connection is over, or has become a tunnel. */
  close(): void {
    this.#lifetime.close();
  }
}

import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import type { ConnectionManager } from './connection-manager.ts';
import type { ConnectionRecord } from './connection-record.ts';

/**
 * Ends the direct connections whose route has gone from the table: at once, or, where the route said so, when they had the time of a drain
 * to finish. A route that comes back in the meantime keeps them.
 */
export class RemovedRoutes extends Deadline {
  readonly #connections: ConnectionManager;
  readonly #wheel: TimerWheel;
  readonly #graceMs: () => number;
  #isArmed = false;

  constructor(connections: ConnectionManager, wheel: TimerWheel, graceMs: () => number) {
    super();
    this.#connections = connections;
    this.#wheel = wheel;
    this.#graceMs = graceMs;
  }

  /** A table has been put into service. @param isRouted whether it still has the route of a direct connection */
  update(isRouted: (record: ConnectionRecord) => boolean): void {
    let waits = false;
    for (const record of this.#records()) {
      const { direct } = record;
      if (direct === undefined) continue;
      if (isRouted(record)) direct.unroutedAtMs = undefined;
      else if (!direct.drains) record.end('proxy', 'route_removed');
      else {
        direct.unroutedAtMs ??= this.#wheel.nowMs;
        waits = true;
      }
    }
    if (waits && !this.#isArmed) this.#arm(this.#graceMs());
  }

  /** Ends those whose time is over; the timer goes on for the others. */
  override onTimeout(): void {
    this.#isArmed = false;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const record of this.#records()) {
      const since = record.direct?.unroutedAtMs;
      if (since === undefined) continue;
      const leftMs = since + this.#graceMs() - this.#wheel.nowMs;
      if (leftMs <= 0) record.end('proxy', 'route_removed');
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#arm(nextMs);
  }

  close(): void {
    this.#wheel.disarm(this);
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    this.#wheel.arm(this, ms);
  }

  /** A copy: ending one changes the sets. */
  #records(): readonly ConnectionRecord[] {
    return [...this.#connections.services()].flatMap((service) => [...this.#connections.ofService(service)]);
  }
}

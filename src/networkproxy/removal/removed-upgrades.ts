import type { CompiledRoute, CompiledTable } from '../../routes/compiled-table.ts';
import type { Route } from '../../routes/route.ts';
import { Deadline, type TimerWheel } from '../../timer-wheel.ts';

/** An upgrade whose route says what becomes of it when the route is removed. */
export interface RoutedUpgrade {
  readonly route: CompiledRoute;
  /** Key of the listener that it came in at. */
  readonly listener: string;
  /** False: it ends at once. */
  readonly drains: boolean;
  /** On the wheel's clock: when its route was found to be gone; undefined: it is there. */
  goneSinceMs: number | undefined;
  /** Ends it as `route_removed`. */
  endRemoved(): void;
}

/**
 * Ends the upgrades whose route has gone from the table: at once, or, where the route said so, when they had the time of a drain to
 * finish. A route that comes back in the meantime keeps them. It is the same route as long as its key is.
 */
export class RemovedUpgrades extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #graceMs: () => number;
  readonly #upgrades = new Set<RoutedUpgrade>();
  #isArmed = false;

  /** @param graceMs the time of a drain, as it is when it is asked for */
  constructor(wheel: TimerWheel, graceMs: () => number) {
    super();
    this.#wheel = wheel;
    this.#graceMs = graceMs;
  }

  /** From now on it ends with its route. */
  add(upgrade: RoutedUpgrade): void {
    this.#upgrades.add(upgrade);
  }

  /** It has ended; harmless when it was never added. */
  delete(upgrade: RoutedUpgrade): void {
    this.#upgrades.delete(upgrade);
  }

  /** A table has been put into service. */
  tableChanged(previous: CompiledTable, next: CompiledTable): void {
    const { hosts, listeners } = previous.table;
    if (this.#upgrades.size === 0 || (hosts === next.table.hosts && listeners === next.table.listeners)) return;
    const routes = new RoutesNow(next);
    let waits = false;
    for (const upgrade of [...this.#upgrades]) {
      if (routes.has(upgrade)) upgrade.goneSinceMs = undefined;
      else if (!upgrade.drains) upgrade.endRemoved();
      else {
        upgrade.goneSinceMs ??= this.#wheel.nowMs;
        waits = true;
      }
    }
    if (waits && !this.#isArmed) this.#arm(this.#graceMs());
  }

  /** Ends those whose time is over; the timer goes on for the others. */
  override onTimeout(): void {
    this.#isArmed = false;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const upgrade of [...this.#upgrades]) {
      if (upgrade.goneSinceMs === undefined) continue;
      const leftMs = upgrade.goneSinceMs + this.#graceMs() - this.#wheel.nowMs;
      if (leftMs <= 0) upgrade.endRemoved();
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
}

/** What has become of routes in one table: each is looked for once, however many upgrades it has. */
class RoutesNow {
  readonly #table: CompiledTable;
  readonly #found = new Map<CompiledRoute, Route | undefined>();

  constructor(table: CompiledTable) {
    this.#table = table;
  }

  /** Whether its route is there, for its listener too. */
  has({ route, listener }: RoutedUpgrade): boolean {
    const now = this.#now(route);
    return now !== undefined && now.match.listeners?.includes(listener) !== false && this.#table.isServedOn(listener, now.source);
  }

  #now(compiled: CompiledRoute): Route | undefined {
    if (this.#found.has(compiled)) return this.#found.get(compiled);
    const { route, host } = compiled;
    const hostNow = this.#table.table.hosts.get(host.key);
    const now = hostNow === host ? route : hostNow?.routes.find(({ key }) => key === route.key);
    this.#found.set(compiled, now);
    return now;
  }
}

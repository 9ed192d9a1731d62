import { isDeepStrictEqual } from 'node:util';
import { type Removable, RemovalGrace } from '../../removal-grace.ts';
import type { CompiledRoute, CompiledTable } from '../../routes/compiled-table.ts';
import type { Route, RouteMatch } from '../../routes/route.ts';
import type { TimerWheel } from '../../timer-wheel.ts';

/** An upgrade whose route says what becomes of it when the route is removed. */
export interface RoutedUpgrade extends Removable {
  readonly route: CompiledRoute;
  /** Key of the listener that it came in at. */
  readonly listener: string;
  /** Ends it as `route_removed`. */
  endRemoved(): void;
}

/** Ends the upgrades whose route has gone from the table, see `RemovalGrace`. It is the same route as long as its object asks for the same. */
export class RemovedUpgrades {
  readonly #upgrades = new Set<RoutedUpgrade>();
  readonly #grace: RemovalGrace<RoutedUpgrade>;

  /** @param graceMs the time of a drain, as it is when it is asked for */
  constructor(wheel: TimerWheel, graceMs: () => number) {
    this.#grace = new RemovalGrace(wheel, {
      all: () => [...this.#upgrades],
      stateOf: (upgrade) => upgrade,
      end: (upgrade) => upgrade.endRemoved(),
      graceMs,
    });
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
    this.#grace.update((upgrade) => routes.has(upgrade));
  }

  close(): void {
    this.#grace.close();
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
    const now = hostNow === host ? route : hostNow?.routes.find((other) => isSame(route, other));
    this.#found.set(compiled, now);
    return now;
  }
}

/** Not by their keys: those of a rule with several matches count them, and one that is removed makes the next one's key its own. */
function isSame(a: Route, b: Route): boolean {
  return isDeepStrictEqual(a.source, b.source) && isDeepStrictEqual(requestsOf(a.match), requestsOf(b.match));
}

/** What a match asks of a request, wherever it comes in and whoever sends it: these may change while the route stays the same. */
function requestsOf({ path, methods, headers, query }: RouteMatch): Omit<RouteMatch, 'listeners' | 'clients'> {
  return { path, methods, headers, query };
}

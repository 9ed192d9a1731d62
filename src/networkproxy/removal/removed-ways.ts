import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import { runInTurns, type Steps } from '../../steps.ts';
import { Deadline, type TimerWheel } from '../../timer-wheel.ts';
import { removalOf } from './removal-of.ts';
import type { UnderWay, UnderWayHolder } from './under-way.ts';

/** What RemovedWays needs from outside. */
export interface RemovedWaysOptions {
  readonly wheel: TimerWheel;
  readonly table: () => CompiledTable;
  /** How long what is under way may go on, in milliseconds. */
  readonly graceMs: () => number;
  /** Every connection; they may come and go while they are looked through. */
  readonly connections: () => Iterable<UnderWayHolder>;
}

/** Connections, and what is under way on them, that are looked at in one turn of the event loop. */
const perTurn = 256;
const never = Number.POSITIVE_INFINITY;

/**
 * Ends requests and tunnels whose route or endpoint has gone, when they had the time of a drain to finish; what comes back in the meantime
 * keeps them. Nothing is noted down of a request that begins or ends: a change of the table is followed by a look through all connections,
 * and so is the end of the time of what was found.
 */
export class RemovedWays extends Deadline {
  readonly #options: RemovedWaysOptions;
  #isLooking = false;
  /** The table has changed since the look began. */
  #isStale = false;
  #isArmed = false;
  #closed = false;

  constructor(options: RemovedWaysOptions) {
    super();
    this.#options = options;
  }

  /** A table has been put into service. @param removedEndpoints those that it no longer has */
  tableChanged({ table: previous }: CompiledTable, { table: next }: CompiledTable, removedEndpoints: readonly EndpointRuntime[]): void {
    const mayRemove = previous.hosts !== next.hosts || removedEndpoints.length > 0;
    // What waits for its end may have its way back, or less time.
    if (mayRemove || this.#isArmed || this.#isLooking) this.#look();
  }

  override onTimeout(): void {
    this.#isArmed = false;
    this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#options.wheel.disarm(this);
  }

  #look(): void {
    this.#isStale = this.#isLooking;
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => runInTurns(this.#steps(), (nextMs) => this.#onLooked(nextMs)));
  }

  /** @param nextMs until somebody's time is over */
  #onLooked(nextMs: number): void {
    this.#isLooking = false;
    if (this.#closed) return;
    this.#isArmed = nextMs !== never;
    if (this.#isStale) this.#look();
    else if (this.#isArmed) this.#options.wheel.arm(this, nextMs);
    else this.#options.wheel.disarm(this);
  }

  *#steps(): Steps<number> {
    let nextMs = never;
    let count = 0;
    const visit = (underWay: UnderWay): void => {
      nextMs = Math.min(nextMs, this.#judge(underWay));
      count++;
    };
    for (const connection of this.#options.connections()) {
      if (this.#closed) break;
      connection.eachUnderWay(visit);
      if (++count < perTurn) continue;
      count = 0;
      yield;
    }
    return nextMs;
  }

  /** Ends it when its time is over; returns how much is left of that otherwise. */
  #judge(underWay: UnderWay): number {
    const { wheel, table, graceMs } = this.#options;
    const removal = removalOf(underWay, table().table);
    if (removal === undefined) {
      underWay.goneSinceMs = undefined;
      return never;
    }
    underWay.goneSinceMs ??= wheel.nowMs;
    const leftMs = underWay.goneSinceMs + graceMs() - wheel.nowMs;
    if (leftMs > 0) return leftMs;
    underWay.endRemoved(removal);
    return never;
  }
}

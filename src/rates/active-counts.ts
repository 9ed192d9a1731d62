import type { ActiveLimit } from '../routes/policy.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';

/** How many places a worker has taken in one count: for the sums of the others. */
export interface ActiveShare {
  readonly key: string;
  /** All of them, no difference: what gets lost is corrected by the next. */
  readonly active: number;
}

export interface ActiveCountsOptions {
  readonly wheel: TimerWheel;
  /** Tells the other workers what is under way here; undefined: there are none. */
  readonly share?: ((shares: readonly ActiveShare[]) => void) | undefined;
}

/** As rates are shared: what workers admit within it without knowing of each other. */
const intervalMs = 100;
/** Counts that are told of in one interval; those beyond follow in the next. */
const maxShares = 2000;

/** The places of one client of one scope. Whoever has taken one holds this, and gives it back once. */
export class ActiveCount {
  readonly key: string;
  /** In this worker. */
  own = 0;
  /** In all others, as they last said. */
  others = 0;
  /** What the others were told last; -1: not all of them know it. */
  told = 0;

  constructor(key: string) {
    this.key = key;
  }
}

/** What one request or connection has taken, a place for each of its limits. */
export type ActivePlaces = readonly ActiveCount[];

/**
 * Counts what is under way, by the scope of a limit and by client: requests that are being answered, and connections that go to a backend
 * as a whole. Kept apart from the table, so that a change of it forgets nothing. Each worker tells the others what it has, so a limit is one
 * of the pod. As many entries as there are places taken anywhere in the pod at most.
 */
export class ActiveCounts extends Deadline {
  readonly #options: ActiveCountsOptions;
  readonly #counts = new Map<string, ActiveCount>();
  readonly #changed = new Set<ActiveCount>();
  /** What each other worker has. */
  readonly #others = new Map<string, Map<string, number>>();

  constructor(options: ActiveCountsOptions) {
    super();
    this.#options = options;
  }

  /** How many counts are known; 0 when nothing is under way in any worker. */
  get size(): number {
    return this.#counts.size;
  }

  /** The first limit that has no place left for `client`; nothing is taken. @param client see `clientOfAddress` */
  refusal(limits: readonly ActiveLimit[], client: string): ActiveLimit | undefined {
    for (const limit of limits) {
      const count = this.#counts.get(keyOf(limit, client));
      if (count !== undefined && count.own + count.others >= limit.most) return limit;
    }
    return undefined;
  }

  /** Takes a place of each limit, whatever is left. They are given back together, once, by `release`. */
  take(limits: readonly ActiveLimit[], client: string): ActivePlaces {
    const places: ActiveCount[] = [];
    for (const limit of limits) {
      const count = this.#count(keyOf(limit, client));
      count.own++;
      this.#note(count);
      places.push(count);
    }
    return places;
  }

  release(places: ActivePlaces): void {
    for (const count of places) {
      count.own--;
      this.#note(count);
      this.#forgetIdle(count);
    }
  }

  /** What is under way here of a count that its owner keeps. */
  state(key: string, own: number): void {
    if (this.#options.share === undefined) return;
    const count = this.#count(key);
    count.own = own;
    this.#note(count);
  }

  /** What all other workers have of a count, as they last said. */
  othersOf(key: string): number {
    return this.#counts.get(key)?.others ?? 0;
  }

  /** Another worker has these now. @param from names it, over restarts */
  hear(from: string, shares: readonly ActiveShare[]): void {
    let theirs = this.#others.get(from);
    if (theirs === undefined) this.#others.set(from, (theirs = new Map()));
    for (const { key, active } of shares) this.#hearOne(theirs, key, active);
    if (theirs.size === 0) this.#others.delete(from);
  }

  /** Another worker has ended, and all that was under way in it. */
  forget(from: string): void {
    const theirs = this.#others.get(from);
    if (theirs === undefined) return;
    this.#others.delete(from);
    for (const key of [...theirs.keys()]) this.#hearOne(theirs, key, 0);
  }

  /** Another worker has begun, which knows of nothing. */
  shareAgain(): void {
    if (this.#options.share === undefined) return;
    for (const count of this.#counts.values()) {
      if (count.own === 0 && count.told === 0) continue;
      count.told = -1;
      this.#note(count);
    }
  }

  override onTimeout(): void {
    const shares: ActiveShare[] = [];
    for (const count of this.#changed) {
      if (shares.length === maxShares) break;
      this.#changed.delete(count);
      if (count.own !== count.told) shares.push({ key: count.key, active: count.own });
      count.told = count.own;
      this.#forgetIdle(count);
    }
    if (this.#changed.size > 0) this.#options.wheel.arm(this, intervalMs);
    if (shares.length > 0) this.#options.share?.(shares);
  }

  close(): void {
    this.#options.wheel.disarm(this);
    this.#changed.clear();
    this.#counts.clear();
    this.#others.clear();
  }

  #count(key: string): ActiveCount {
    let count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, (count = new ActiveCount(key)));
    return count;
  }

  #hearOne(theirs: Map<string, number>, key: string, active: number): void {
    const count = this.#count(key);
    count.others += active - (theirs.get(key) ?? 0);
    if (active === 0) theirs.delete(key);
    else theirs.set(key, active);
    this.#forgetIdle(count);
  }

  #note(count: ActiveCount): void {
    if (this.#options.share === undefined) return;
    if (this.#changed.size === 0) this.#options.wheel.arm(this, intervalMs);
    this.#changed.add(count);
  }

  #forgetIdle(count: ActiveCount): void {
    if (count.own === 0 && count.others === 0 && !this.#changed.has(count)) this.#counts.delete(count.key);
  }
}

function keyOf({ scope, per }: ActiveLimit, client: string): string {
  return per === 'route' ? scope : `${scope}\n${client}`;
}

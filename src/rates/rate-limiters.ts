import type { WorkerCounters } from '../observability/counters/worker-counters.ts';
import type { RateLimit } from '../routes/policy.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import { ActiveCounts, type ActiveShare } from './active-counts.ts';
import { RateBuckets } from './rate-buckets.ts';
import { RateSharing, type RateUse } from './rate-sharing.ts';
import type { SharedRates } from './shared-rates.ts';

export interface RateLimitersOptions {
  readonly wheel: TimerWheel;
  readonly counters: WorkerCounters;
  /** Monotonic milliseconds, to the fraction. */
  readonly now: () => number;
  /** Tells the other workers what was admitted here; undefined: there are none. */
  readonly share?: ((uses: readonly RateUse[]) => void) | undefined;
  /** Tells the other workers what is under way here; undefined: there are none. */
  readonly shareActive?: ((shares: readonly ActiveShare[]) => void) | undefined;
  /** Replicas share their rates through it; undefined: they do not. */
  readonly shared?: SharedRates | undefined;
  /** The scopes that limits have now: buckets of others are given up; undefined: all of them are kept. */
  readonly scopesInUse?: () => ReadonlySet<string>;
  /** Buckets in all, default 100,000: about 15 MB. */
  readonly maxBuckets?: number;
}

const defaultMaxBuckets = 100_000;
const expiryIntervalMs = 30_000;

/**
 * The rate limits of one worker: token buckets by the scope of the limit and by client. They are not in the route table, so a change of it
 * forgets nothing that is still limited. Bounded: full buckets expire, those of a limit that nothing has any more go within a minute, and when
 * there are too many the limit that has more than its share of them gives up those that were not used for longest, so that a flood on one
 * route does not open another.
 */
export class RateLimiters extends Deadline {
  readonly shared: SharedRates | undefined;
  /** What is under way at once. */
  readonly active: ActiveCounts;
  readonly #options: RateLimitersOptions;
  readonly #maxBuckets: number;
  readonly #scopes = new Map<string, RateBuckets>();
  readonly #sharing: RateSharing | undefined;
  #size = 0;
  #victims = this.#scopes.values();

  constructor(options: RateLimitersOptions) {
    super();
    const { wheel, share, shareActive, counters } = options;
    this.#options = options;
    this.active = new ActiveCounts({ wheel, share: shareActive });
    this.shared = options.shared;
    this.#maxBuckets = options.maxBuckets ?? defaultMaxBuckets;
    this.#sharing = share && new RateSharing(wheel, share);
    counters.gauges.rateLimitBuckets = () => this.#size;
  }

  /** How long `client` has to wait before it is admitted; 0: not at all. Takes nothing. */
  waitMs(limit: RateLimit, client: string): number {
    const buckets = this.#scopes.get(limit.scope);
    const fullAtMs = buckets?.fullAtMs(client) ?? 0;
    if (buckets === undefined || fullAtMs === 0) return 0;
    const waitMs = fullAtMs - this.#options.now() - (limit.burst - 1) * intervalMs(limit);
    if (waitMs <= 0) return 0;
    // Who is refused is here now: its bucket is not the one to give up.
    buckets.set(client, fullAtMs);
    return waitMs;
  }

  /** Takes one token of `client`, whatever is there. */
  take(limit: RateLimit, client: string): void {
    const costMs = intervalMs(limit);
    this.#charge(limit.scope, client, costMs);
    this.#sharing?.note(limit.scope, client, costMs);
  }

  /** Other workers have admitted these. */
  apply(uses: readonly RateUse[]): void {
    for (const { scope, client, costMs } of uses) this.#charge(scope, client, costMs);
  }

  override onTimeout(): void {
    const nowMs = this.#options.now();
    const inUse = this.#options.scopesInUse?.();
    this.#size = 0;
    for (const [scope, buckets] of this.#scopes) {
      buckets.expire(nowMs);
      const isUsed = inUse === undefined || inUse.has(scope);
      // The second time: another worker may have a table that is not here yet, and a route that is made anew at once comes back to its own.
      if (buckets.size === 0 || (!isUsed && buckets.wasUnused)) this.#scopes.delete(scope);
      else this.#size += buckets.size;
      buckets.wasUnused = !isUsed;
    }
    this.#victims = this.#scopes.values();
    if (this.#size > 0) this.#options.wheel.arm(this, expiryIntervalMs);
  }

  close(): void {
    this.#options.wheel.disarm(this);
    this.#sharing?.close();
    this.active.close();
    this.#scopes.clear();
    this.#size = 0;
  }

  #charge(scope: string, client: string, costMs: number): void {
    let buckets = this.#scopes.get(scope);
    if (buckets === undefined) this.#scopes.set(scope, (buckets = new RateBuckets()));
    const fullAtMs = Math.max(this.#options.now(), buckets.fullAtMs(client)) + costMs;
    if (!buckets.set(client, fullAtMs)) return;
    if (this.#size === 0) this.#options.wheel.arm(this, expiryIntervalMs);
    this.#size++;
    if (this.#size > this.#maxBuckets) this.#makeRoom(buckets);
  }

  #makeRoom(buckets: RateBuckets): void {
    const victim = buckets.size * this.#scopes.size >= this.#size ? buckets : this.#largeOne();
    const before = victim.size;
    this.#options.counters.rateLimitBucketsLost += victim.forgetOldest(this.#options.now());
    this.#size -= before - victim.size;
  }

  /** Some limit with no less than its share: there is always one. */
  #largeOne(): RateBuckets {
    for (;;) {
      const next = this.#victims.next();
      if (next.done === true) this.#victims = this.#scopes.values();
      else if (next.value.size * this.#scopes.size >= this.#size) return next.value;
    }
  }
}

/** What one token takes to come back, in milliseconds. */
function intervalMs({ requests, windowMs }: RateLimit): number {
  return windowMs / requests;
}

import { Deadline, type TimerWheel } from '../timer-wheel.ts';

/** What a worker admitted of one client, for the buckets of the others. */
export interface RateUse {
  readonly scope: string;
  readonly client: string;
  /** By how much the bucket is fuller later, in milliseconds: needs no knowledge of the limit. */
  readonly costMs: number;
}

/** A tenth of a second: what workers admit at the same time without knowing of each other. */
const intervalMs = 100;
/** Clients that are told of in one interval; those beyond count in this worker alone. */
const maxUses = 2000;

/**
 * Tells the other workers what was admitted here. Connections are spread over workers by the kernel, so a client's requests may all come to
 * one worker or to all of them. A rate divided by the number of workers would refuse the first kind long before its limit, and a rate for
 * each worker would let the second kind have it several times. So every worker has the whole rate and is charged for what the others
 * admitted: over time that is exact, and in one interval a burst may be admitted by each worker that it comes to.
 */
export class RateSharing extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #send: (uses: readonly RateUse[]) => void;
  readonly #noted = new Map<string, { readonly scope: string; readonly client: string; costMs: number }>();

  constructor(wheel: TimerWheel, send: (uses: readonly RateUse[]) => void) {
    super();
    this.#wheel = wheel;
    this.#send = send;
  }

  note(scope: string, client: string, costMs: number): void {
    const key = `${scope}\n${client}`;
    const known = this.#noted.get(key);
    if (known !== undefined) known.costMs += costMs;
    else if (this.#noted.size < maxUses) {
      if (this.#noted.size === 0) this.#wheel.arm(this, intervalMs);
      this.#noted.set(key, { scope, client, costMs });
    }
  }

  override onTimeout(): void {
    const uses = [...this.#noted.values()];
    this.#noted.clear();
    this.#send(uses);
  }

  close(): void {
    this.#wheel.disarm(this);
    this.#noted.clear();
  }
}

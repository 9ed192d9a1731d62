import type { Service } from '../../routes/service.ts';

/** How many retries a burst may use before the ratio counts. */
const burst = 10;
/** Retries per request where the route says nothing: 20 %. */
const usualPercent = 20;

/**
 * Keeps retries below a part of the requests of one service, so that a failing backend is not hit harder for failing: with 20 % each request
 * adds a fifth of a retry to the account, and each retry takes a whole one.
 */
export class RetryBudget {
  readonly #ratio: number;
  #account = burst;

  /** @param percent of requests, 0-100; 0: not even a burst */
  constructor(percent = usualPercent) {
    this.#ratio = percent / 100;
    if (percent === 0) this.#account = 0;
  }

  /** Once for each request. */
  deposit(): void {
    this.#account = Math.min(this.#account + this.#ratio, burst);
  }

  /** True when a retry is allowed; it is then paid for. */
  withdraw(): boolean {
    if (this.#account < 1) return false;
    this.#account--;
    return true;
  }
}

/** The budgets by service key. */
export class RetryBudgets {
  readonly #budgets = new Map<string, RetryBudget>();

  get({ key, limits }: Pick<Service, 'key' | 'limits'>): RetryBudget {
    const known = this.#budgets.get(key);
    if (known !== undefined) return known;
    const made = new RetryBudget(limits?.retryPercent);
    this.#budgets.set(key, made);
    return made;
  }

  /** Forgets services that are gone. */
  retain(services: ReadonlyMap<string, unknown>): void {
    for (const key of this.#budgets.keys()) if (!services.has(key)) this.#budgets.delete(key);
  }
}

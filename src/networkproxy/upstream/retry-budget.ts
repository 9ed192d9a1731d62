/** How many retries a burst may use before the ratio counts. */
const burst = 10;
/** Retries per request: 20 %. */
const ratio = 0.2;

/**
 * Keeps retries below 20 % of the requests of one service, so that a failing backend is not hit harder for failing: each request adds a
 * fifth of a retry to the account, each retry takes a whole one.
 */
export class RetryBudget {
  #account = burst;

  /** Once for each request. */
  deposit(): void {
    this.#account = Math.min(this.#account + ratio, burst);
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

  get(service: string): RetryBudget {
    const known = this.#budgets.get(service);
    if (known !== undefined) return known;
    const made = new RetryBudget();
    this.#budgets.set(service, made);
    return made;
  }

  /** Forgets services that are gone. */
  retain(services: ReadonlyMap<string, unknown>): void {
    for (const key of this.#budgets.keys()) if (!services.has(key)) this.#budgets.delete(key);
  }
}

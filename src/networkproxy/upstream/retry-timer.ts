import { Deadline } from '../../timer-wheel.ts';

/** The pause before a retry, and then the time that it has: never both at once. */
export class RetryTimer extends Deadline {
  readonly #call: { onRetryTimer(): void };

  constructor(call: { onRetryTimer(): void }) {
    super();
    this.#call = call;
  }

  override onTimeout(): void {
    this.#call.onRetryTimer();
  }
}

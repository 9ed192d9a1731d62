import { Deadline } from '../timer-wheel.ts';

/** The time that a gRPC call gives itself. It runs from the request on: over dialing, every attempt and the answer alike. */
export class CallDeadline extends Deadline {
  readonly #call: { onCallTimeout(): void };

  constructor(call: { onCallTimeout(): void }) {
    super();
    this.#call = call;
  }

  override onTimeout(): void {
    this.#call.onCallTimeout();
  }
}

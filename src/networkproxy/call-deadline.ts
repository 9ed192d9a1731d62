import { Deadline } from '../timer-wheel.ts';

/** The time that a gRPC call gives itself, or a route every request. It runs from the request on: over dialing, every attempt and the answer alike. */
export class CallDeadline extends Deadline {
  /** Who gave the time, for the log. */
  cause: 'grpc-timeout' | 'timeouts.request' = 'grpc-timeout';
  readonly #call: { onCallTimeout(cause: string): void };

  constructor(call: { onCallTimeout(cause: string): void }) {
    super();
    this.#call = call;
  }

  override onTimeout(): void {
    this.#call.onCallTimeout(this.cause);
  }
}

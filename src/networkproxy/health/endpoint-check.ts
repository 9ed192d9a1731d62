import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { Deadline } from '../../timer-wheel.ts';
import type { CancelProbe } from './probe.ts';

/** Who runs the probes of an endpoint. */
export interface CheckRunner {
  /** It is time for a probe. */
  due(check: EndpointCheck): void;
  /** The probe in hand takes too long. */
  late(check: EndpointCheck): void;
}

/** The health of one endpoint as its probes see it. One deadline serves the time between probes and the time of a probe. */
export class EndpointCheck extends Deadline {
  readonly endpoint: EndpointRuntime;
  readonly #runner: CheckRunner;
  /** Results in a row that differ from what is known. */
  #contrary = 0;
  /** What ends the probe in hand. */
  #cancel: CancelProbe | undefined;

  constructor(endpoint: EndpointRuntime, runner: CheckRunner) {
    super();
    this.endpoint = endpoint;
    this.#runner = runner;
  }

  override onTimeout(): void {
    if (this.#cancel === undefined) this.#runner.due(this);
    else this.#runner.late(this);
  }

  /** @param start begins the probe */
  begin(start: () => CancelProbe): void {
    this.#cancel = start();
  }

  /** Takes a result. True: it changes what is known of the endpoint. */
  take(isWell: boolean, thresholds: { readonly healthyThreshold: number; readonly unhealthyThreshold: number }): boolean {
    this.#cancel = undefined;
    if (isWell === this.endpoint.isHealthy) {
      this.#contrary = 0;
      return false;
    }
    this.#contrary++;
    if (this.#contrary < (isWell ? thresholds.healthyThreshold : thresholds.unhealthyThreshold)) return false;
    this.#contrary = 0;
    return true;
  }

  /** Gives up the probe in hand. True: there was one. */
  cancel(): boolean {
    const cancel = this.#cancel;
    this.#cancel = undefined;
    cancel?.();
    return cancel !== undefined;
  }
}

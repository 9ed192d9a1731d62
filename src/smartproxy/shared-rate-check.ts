import type { RateAttempt } from '../rates/admit.ts';
import type { SharedRates } from '../rates/shared-rates.ts';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';
import type { ConnectionRecord } from './connection-record.ts';

/**
 * What the other replicas say of the rates of a connection that this pod has admitted. It may be sniffed meanwhile, but goes nowhere before
 * they have spoken: refused, it is ended; without an answer in time the word of this pod holds. It may end by itself at any moment.
 */
export class SharedRateCheck extends Deadline {
  readonly #record: ConnectionRecord;
  readonly #shared: SharedRates;
  readonly #wheel: TimerWheel;
  #isPending = true;
  #goOn: (() => void) | undefined;

  constructor(record: ConnectionRecord, shared: SharedRates, wheel: TimerWheel) {
    super();
    this.#record = record;
    this.#shared = shared;
    this.#wheel = wheel;
  }

  /** Asks: a token of each limit, or none. */
  begin({ limits, clients }: RateAttempt): void {
    this.#wheel.arm(this, this.#shared.timeoutMs);
    this.#shared.take(limits, clients).then(
      (refusal) => this.#settle(refusal !== undefined),
      () => this.#settle(false),
    );
  }

  /** Calls back once when the connection may go on, at once when that is known. Of one that has ended nothing is heard. */
  whenAdmitted(goOn: () => void): void {
    if (this.#isPending) this.#goOn = goOn;
    else if (!this.#record.ended) goOn();
  }

  override onTimeout(): void {
    if (!this.#isPending) return;
    this.#shared.onLate();
    this.#settle(false);
  }

  #settle(isRefused: boolean): void {
    if (!this.#isPending) return; // too late
    this.#isPending = false;
    this.#wheel.disarm(this);
    const goOn = this.#goOn;
    this.#goOn = undefined;
    if (this.#record.ended) return;
    if (isRefused) this.#record.end('proxy', 'rate_limited');
    else goOn?.();
  }
}

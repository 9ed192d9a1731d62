import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import { Deadline, type TimerWheel } from '../../timer-wheel.ts';

/**
 * Handshakes that are begun in one turn of the event loop: each costs half a millisecond to several of signing, and the connections that
 * are served already get their turn in between.
 */
const startsPerTurn = 4;
/** Handshakes that may wait for each place: as many as one worker gets through in about the time that a handshake has. */
const waitingPerPlace = 8;
/** A handshake has its place for so long; then it keeps it only while nobody waits. Honest clients need two or three round trips. */
const stalledAfterMs = 1000;

/** A handshake as the gate sees it. */
export interface GatedHandshake {
  /** @internal owned by the gate: when it began, on the timer wheel's clock */
  beganAtMs: number;
  /** It is its turn. Not called again. */
  begin(): void;
  /** It is over the limit and ends now; `leave` follows. */
  overLimit(): void;
}

/**
 * Decides when TLS handshakes begin, so that a flood of them costs those who are served already little: a few in a turn of the event
 * loop, and at most `maxActive` under way. Others wait unread, in order, under their own handshake time limit. Clients that begin and
 * then stall cannot keep the places: the oldest gives way.
 */
export class HandshakeGate extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #counters: WorkerCounters;
  #maxActive: number;
  /** Both in the order in which they came. */
  readonly #active = new Set<GatedHandshake>();
  readonly #waiting = new Set<GatedHandshake>();
  #startsLeft = startsPerTurn;
  #turnIsDue = false;

  /** @param maxActive 0: no limit, and no bound for those that wait for the next turn */
  constructor(wheel: TimerWheel, counters: WorkerCounters, maxActive: number) {
    super();
    this.#wheel = wheel;
    this.#counters = counters;
    this.#maxActive = maxActive;
    counters.gauges.tlsHandshakesActive = () => this.#active.size;
    counters.gauges.tlsHandshakesWaiting = () => this.#waiting.size;
  }

  /** Another number; those under way go on. 0: no limit. */
  limit(maxActive: number): void {
    this.#maxActive = maxActive;
    if (this.#waiting.size > 0) this.#scheduleTurn();
  }

  /** Begins a handshake now or later, or tells it that it is over the limit. */
  enter(handshake: GatedHandshake): void {
    if (this.#waiting.size === 0 && this.#startsLeft > 0 && this.#hasPlace()) {
      this.#begin(handshake);
      return;
    }
    if (this.#maxActive > 0 && this.#waiting.size >= this.#maxActive * waitingPerPlace) {
      this.#counters.countHandshakeLimit('refused');
      handshake.overLimit();
      return;
    }
    if (this.#maxActive > 0 && this.#active.size >= this.#maxActive) this.#counters.countHandshakeLimit('waited');
    this.#waiting.add(handshake);
    if (!this.#turnIsDue) this.#awaitPlace();
  }

  /** The handshake is over, or its connection is. */
  leave(handshake: GatedHandshake): void {
    if (this.#active.delete(handshake)) {
      // Not at once: whoever leaves is in the middle of its end.
      if (this.#waiting.size > 0) this.#scheduleTurn();
    } else this.#waiting.delete(handshake);
    if (this.#waiting.size === 0) this.#wheel.disarm(this);
  }

  /** @internal the oldest handshake has had its time */
  override onTimeout(): void {
    this.#letIn();
  }

  readonly #turn = (): void => {
    this.#turnIsDue = false;
    this.#startsLeft = startsPerTurn;
    this.#letIn();
  };

  #letIn(): void {
    for (const handshake of this.#waiting) {
      if (this.#startsLeft === 0) return; // the next turn is due
      if (!this.#hasPlace()) {
        this.#awaitPlace();
        return;
      }
      this.#waiting.delete(handshake);
      this.#begin(handshake);
    }
    this.#wheel.disarm(this);
  }

  #begin(handshake: GatedHandshake): void {
    this.#startsLeft--;
    this.#scheduleTurn();
    this.#active.add(handshake);
    handshake.beganAtMs = this.#wheel.nowMs;
    handshake.begin();
  }

  /** There is a place, or one that was held for too long is taken back. */
  #hasPlace(): boolean {
    if (this.#maxActive === 0 || this.#active.size < this.#maxActive) return true;
    const oldest = this.#oldest();
    if (oldest === undefined || this.#wheel.nowMs - oldest.beganAtMs < stalledAfterMs) return false;
    this.#counters.countHandshakeLimit('gave_way');
    oldest.overLimit();
    return this.#active.size < this.#maxActive;
  }

  #awaitPlace(): void {
    const oldest = this.#oldest();
    if (oldest !== undefined) this.#wheel.arm(this, oldest.beganAtMs + stalledAfterMs - this.#wheel.nowMs);
  }

  #oldest(): GatedHandshake | undefined {
    return this.#active.values().next().value;
  }

  #scheduleTurn(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(this.#turn);
  }
}

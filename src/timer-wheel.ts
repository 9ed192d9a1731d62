import { performance } from 'node:perf_hooks';

/** The largest delay that a timer takes, in milliseconds: Node fires anything longer at once. */
export const maxTimeoutMs = 2 ** 31 - 1;

/**
 * Something with one deadline. Subclass it (or hold one) and override `onTimeout`. Moving a deadline further away costs a look at the
 * clock and one field write; the wheel looks again when the old slot comes up, so re-arming on every chunk is cheap.
 */
export abstract class Deadline {
  /** @internal owned by the wheel */
  previous: Deadline | undefined = undefined;
  /** @internal owned by the wheel */
  next: Deadline | undefined = undefined;
  /** @internal the tick at which the deadline is due; 0 when it is not armed */
  dueTick = 0;
  /** @internal the slot that it is linked in; -1 when it is not linked */
  slot = -1;

  /** The time is over; the deadline is no longer armed. What it throws is an uncaught exception, and the other deadlines still fire. */
  abstract onTimeout(): void;
}

/** Where the wheel takes its time from; tests pass a fake. */
export interface WheelClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `tick` about every `ms` until the returned function is called; must not keep the process alive. */
  every(ms: number, tick: () => void): () => void;
}

const realClock: WheelClock = {
  now: () => performance.now(),
  every: (ms, tick) => {
    // After what waits in sockets is read: a process that stood still must not take its peers for silent.
    const timer = setInterval(() => setImmediate(tick), ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/**
 * One coarse timer for any number of deadlines: a ring of slots of intrusive lists, so arming and disarming are O(1) and allocate
 * nothing. A deadline fires at the first tick after its time: never early, also when the event loop stood still before it was armed.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots: (Deadline | undefined)[];
  readonly #mask: number;
  readonly #clock: WheelClock;
  readonly #stop: () => void;
  readonly #origin: number;
  readonly #batch: Deadline[] = [];
  /** The last tick whose deadlines were run; the clock may be further. */
  #tick = 1;
  #size = 0;
  #closed = false;

  /**
   * @param tickMs resolution, default 100 ms
   * @param slots ring size, a power of two, default 1024
   */
  constructor(clock: WheelClock = realClock, tickMs = 100, slots = 1024) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#slots = new Array<Deadline | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
    this.#origin = clock.now() - tickMs;
    this.#stop = clock.every(tickMs, () => this.advance());
  }

  /** How many deadlines are linked; 0 when nothing leaks. */
  get size(): number {
    return this.#size;
  }

  /** The wheel's clock at its last tick, in milliseconds: good enough for activity stamps, and free to read. */
  get nowMs(): number {
    return this.#origin + this.#tick * this.#tickMs;
  }

  /** Arms `deadline` to fire in `ms` (capped at 2^31-1). Replaces an earlier deadline of the same object. Nothing after `close`. */
  arm(deadline: Deadline, ms: number): void {
    if (this.#closed) return;
    // From the clock, not from the last tick: after a stall that tick is long past, and the deadline would come too early.
    const dueMs = this.#clock.now() - this.#origin + Math.min(Math.max(ms, 0), maxTimeoutMs);
    const due = Math.max(Math.ceil(dueMs / this.#tickMs), this.#tick + 1);
    const later = deadline.slot !== -1 && due >= deadline.dueTick;
    deadline.dueTick = due;
    if (later) return; // still linked under an earlier slot, which moves it on when it comes up
    if (deadline.slot !== -1) this.#unlink(deadline);
    this.#link(deadline, due);
  }

  /** Disarms `deadline`; harmless when it is not armed. */
  disarm(deadline: Deadline): void {
    deadline.dueTick = 0;
    if (deadline.slot !== -1) this.#unlink(deadline);
  }

  /** Runs everything that is due. The clock calls it; tests with a fake clock may too. */
  advance(): void {
    const target = Math.floor((this.#clock.now() - this.#origin) / this.#tickMs);
    // After a long stall one turn of the ring visits every slot, so more steps would visit them twice.
    if (target - this.#tick > this.#slots.length) this.#tick = target - this.#slots.length;
    while (this.#tick < target) {
      this.#tick++;
      this.#runSlot(this.#tick & this.#mask);
    }
  }

  /** Disarms everything; nothing fires any more. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (let slot = 0; slot < this.#slots.length; slot++) {
      for (let deadline = this.#slots[slot]; deadline !== undefined; deadline = this.#slots[slot]) this.disarm(deadline);
    }
  }

  #runSlot(slot: number): void {
    const batch = this.#batch;
    for (let deadline = this.#slots[slot]; deadline !== undefined; ) {
      const next = deadline.next;
      deadline.previous = undefined;
      deadline.next = undefined;
      deadline.slot = -1;
      batch.push(deadline);
      deadline = next;
    }
    this.#slots[slot] = undefined;
    this.#size -= batch.length;
    for (const deadline of batch) this.#settle(deadline);
    batch.length = 0;
  }

  /** A handler that ran before in the same batch may have disarmed this deadline (dueTick 0), armed it again (linked), or closed the wheel. */
  #settle(deadline: Deadline): void {
    if (deadline.dueTick === 0 || deadline.slot !== -1 || this.#closed) return;
    if (deadline.dueTick > this.#tick) {
      this.#link(deadline, deadline.dueTick);
      return;
    }
    deadline.dueTick = 0;
    try {
      deadline.onTimeout();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #link(deadline: Deadline, due: number): void {
    const slot = due & this.#mask;
    const head = this.#slots[slot];
    deadline.slot = slot;
    deadline.previous = undefined;
    deadline.next = head;
    if (head !== undefined) head.previous = deadline;
    this.#slots[slot] = deadline;
    this.#size++;
  }

  #unlink(deadline: Deadline): void {
    const { previous, next, slot } = deadline;
    if (previous !== undefined) previous.next = next;
    else this.#slots[slot] = next;
    if (next !== undefined) next.previous = previous;
    deadline.previous = undefined;
    deadline.next = undefined;
    deadline.slot = -1;
    this.#size--;
  }
}

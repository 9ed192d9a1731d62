import type { TimerWheel } from '../../timer-wheel.ts';

/** A connection with bytes that wait for its peers. Its two figures are the budget's. */
export interface BufferHolder {
  /** 0 at first. */
  heldBytes: number;
  /** Since when they wait, on the wheel's clock; bytes that leave take their share of the waiting time with them. */
  heldSinceMs: number;
  /** Lets go of what waits, by ending what does not move. */
  giveUp(): void;
}

/** What one connection's answers may hold while the worker has room. */
export const roomyBytes = 262_144;
/** The same once half of the worker's room is taken. */
export const tightBytes = 65_536;
/** Down to this share of the limit when it was passed, so that it is not passed again at once. */
const relievedShare = 0.9;

/**
 * The bytes that all connections of a worker hold for peers that do not take them. Over half of the limit each connection may hold less
 * before its backends are not read; over the limit the connections that hold most for longest give up what waits, which costs those whose
 * clients read nothing and spares those that are merely slow.
 */
export class BufferBudget {
  readonly #wheel: TimerWheel;
  readonly #holders = new Set<BufferHolder>();
  #bytes = 0;
  #relieving = false;
  /** 0: no limit. */
  limitBytes: number;

  constructor(wheel: TimerWheel, limitBytes: number) {
    this.#wheel = wheel;
    this.limitBytes = limitBytes;
  }

  /** All that waits now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What one connection's answers may hold before its backends are not read. */
  get perConnectionBytes(): number {
    return this.limitBytes > 0 && this.#bytes > this.limitBytes / 2 ? tightBytes : roomyBytes;
  }

  /** So many bytes more, or fewer, wait in `holder`. */
  change(holder: BufferHolder, bytes: number): void {
    const before = holder.heldBytes;
    const after = before + bytes;
    holder.heldBytes = after;
    this.#bytes += bytes;
    if (after === 0) {
      this.#holders.delete(holder);
    } else if (before === 0) {
      holder.heldSinceMs = this.#wheel.nowMs;
      this.#holders.add(holder);
    } else if (bytes < 0) {
      holder.heldSinceMs += ((this.#wheel.nowMs - holder.heldSinceMs) * -bytes) / before;
    }
    if (this.limitBytes > 0 && this.#bytes > this.limitBytes && !this.#relieving) this.#scheduleRelief();
  }

  /** The connection is over. */
  release(holder: BufferHolder): void {
    if (holder.heldBytes > 0) this.change(holder, -holder.heldBytes);
  }

  /** At the end of the turn: connections may be in the middle of something now. */
  #scheduleRelief(): void {
    this.#relieving = true;
    setImmediate(() => {
      this.#relieving = false;
      this.#relieve();
    });
  }

  #relieve(): void {
    if (this.#bytes <= this.limitBytes) return;
    const nowMs = this.#wheel.nowMs;
    // One second for all: of those that came just now, the largest go first.
    const cost = (holder: BufferHolder): number => holder.heldBytes * (nowMs - holder.heldSinceMs + 1000);
    for (const holder of [...this.#holders].sort((a, b) => cost(b) - cost(a))) {
      if (this.#bytes <= this.limitBytes * relievedShare) return;
      holder.giveUp();
    }
  }
}

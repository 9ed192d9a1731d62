import { Socket } from 'node:net';
import { jittered } from '../jittered.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { ConnectionRecord, TimeoutPhase } from './connection-record.ts';

/** What came up when a record's timer fired: the phase that took too long, the end of its life, or nothing yet. */
export type Expiry = TimeoutPhase | 'connection_timeout' | undefined;

/**
 * Every time limit of a connection, on one entry of the timer wheel: a phase (first byte, handshake, dial, idle ...) and the lifetime.
 * Nothing is re-armed per chunk; when the entry comes up, the stamps decide whether the limit is reached.
 */
export class TimeoutManager {
  readonly #wheel: TimerWheel;
  readonly #random: () => number;

  /** @param random in [0, 1); spreads deadlines, see `jittered` */
  constructor(wheel: TimerWheel, random: () => number = Math.random) {
    this.#wheel = wheel;
    this.#random = random;
  }

  get nowMs(): number {
    return this.#wheel.nowMs;
  }

  /** Starts `phase`, in place of the one before. `limitMs` 0: the phase has no limit. */
  start(record: ConnectionRecord, phase: TimeoutPhase, limitMs: number): void {
    record.phase = limitMs > 0 ? phase : undefined;
    record.phaseLimitMs = this.#jittered(limitMs);
    record.phaseSinceMs = this.#wheel.nowMs;
    record.idleAfterFirstMs = 0;
    this.#arm(record);
  }

  /** Gives a client time for its first byte, and from then on `idleMs` of silence; 0: no limit of that kind. */
  startFirstData(record: ConnectionRecord, limitMs: number, idleMs: number): void {
    if (limitMs > 0 && !hasSpoken(record)) {
      this.start(record, 'initial_timeout', limitMs);
      record.idleAfterFirstMs = idleMs;
    } else this.start(record, 'inactivity', idleMs);
  }

  /** Ends the phase; the lifetime goes on. */
  endPhase(record: ConnectionRecord): void {
    record.phase = undefined;
    this.#arm(record);
  }

  /** Limits the whole life of a connection from now; 0: no limit. */
  limitLifetime(record: ConnectionRecord, limitMs: number): void {
    record.lifetimeEndsMs = limitMs > 0 ? this.#wheel.nowMs + this.#jittered(limitMs) : 0;
    this.#arm(record);
  }

  /** Drops every limit; called by clean-up. */
  clear(record: ConnectionRecord): void {
    record.phase = undefined;
    record.lifetimeEndsMs = 0;
    this.#wheel.disarm(record);
  }

  /** Called when the record's timer fired: says what has expired, or arms it again when it was early. */
  expired(record: ConnectionRecord): Expiry {
    const now = this.#wheel.nowMs;
    if (record.lifetimeEndsMs !== 0 && now >= record.lifetimeEndsMs) return 'connection_timeout';
    if (record.phase !== undefined && now >= this.#phaseEndsMs(record)) {
      if (record.phase !== 'initial_timeout' || !hasSpoken(record)) return record.phase;
      // Silence counts from the last byte, which was long ago perhaps: the new phase may be over already, and is looked at next.
      if (record.idleAfterFirstMs > 0) this.start(record, 'inactivity', record.idleAfterFirstMs);
      else record.phase = undefined;
    }
    this.#arm(record);
    return undefined;
  }

  #arm(record: ConnectionRecord): void {
    const phaseEnd = record.phase === undefined ? Number.POSITIVE_INFINITY : this.#phaseEndsMs(record);
    const lifeEnd = record.lifetimeEndsMs === 0 ? Number.POSITIVE_INFINITY : record.lifetimeEndsMs;
    const end = Math.min(phaseEnd, lifeEnd);
    if (end === Number.POSITIVE_INFINITY) this.#wheel.disarm(record);
    else this.#wheel.arm(record, end - this.#wheel.nowMs);
  }

  /** Idle time counts from the last byte in either direction; every other phase from its start. */
  #phaseEndsMs(record: ConnectionRecord): number {
    const since = record.phase === 'inactivity' ? Math.max(record.lastActivityMs, record.phaseSinceMs) : record.phaseSinceMs;
    return since + record.phaseLimitMs;
  }

  #jittered(ms: number): number {
    return jittered(ms, this.#random());
  }
}

/**
 * While nobody of ours reads the socket, its own byte count tells whether the first byte has come, after a PROXY header. A TLS socket around
 * it counts what is in the TLS.
 */
function hasSpoken({ incoming, outermost, headerBytes }: ConnectionRecord): boolean {
  return outermost instanceof Socket ? outermost.bytesRead > 0 : incoming.bytesRead > headerBytes;
}

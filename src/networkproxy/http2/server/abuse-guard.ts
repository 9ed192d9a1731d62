import type { WorkerCounters } from '../../../observability/counters/worker-counters.ts';
import type { TimerWheel } from '../../../timer-wheel.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import type { FrameGuard } from '../frame-judge.ts';
import {
  idleFrameAllowance,
  pingAllowance,
  priorityAllowance,
  resetAllowance,
  settingsAllowance,
  windowUpdateAllowance,
} from '../limits.ts';
import { TokenBucket } from '../token-bucket.ts';

/** Counts what one client may do only so often, and names the rule when it was too often. */
export class AbuseGuard implements FrameGuard {
  readonly #wheel: TimerWheel;
  readonly #counters: WorkerCounters;
  readonly #resets: TokenBucket;
  readonly #settings: TokenBucket;
  readonly #pings: TokenBucket;
  readonly #priorities: TokenBucket;
  readonly #windowUpdates: TokenBucket;
  readonly #idleFrames: TokenBucket;

  constructor(wheel: TimerWheel, counters: WorkerCounters) {
    const { nowMs } = wheel;
    this.#wheel = wheel;
    this.#counters = counters;
    this.#resets = new TokenBucket(resetAllowance.capacity, resetAllowance.perSecond, nowMs);
    this.#settings = new TokenBucket(settingsAllowance.capacity, settingsAllowance.perSecond, nowMs);
    this.#pings = new TokenBucket(pingAllowance.capacity, pingAllowance.perSecond, nowMs);
    this.#priorities = new TokenBucket(priorityAllowance.capacity, priorityAllowance.perSecond, nowMs);
    this.#windowUpdates = new TokenBucket(windowUpdateAllowance.capacity, windowUpdateAllowance.perSecond, nowMs);
    this.#idleFrames = new TokenBucket(idleFrameAllowance.capacity, idleFrameAllowance.perSecond, nowMs);
  }

  onRequest(): void {
    this.#windowUpdates.earn(2);
    this.#priorities.earn(2);
  }

  onAnswered(): void {
    this.#resets.give(1);
  }

  onDataSent(frames: number): void {
    this.#windowUpdates.earn(10 * frames);
    // Clients of gRPC measure the way with a PING for what they receive.
    this.#pings.earn(frames);
  }

  /** A stream ended by RST_STREAM, from the client or earned by it. */
  onReset(): ConnectionRule | undefined {
    if (this.#resets.take(this.#wheel.nowMs)) return undefined;
    this.#counters.countHttp2Limit('resets');
    return 'too-many-resets';
  }

  onSettings(): ConnectionRule | undefined {
    if (this.#settings.take(this.#wheel.nowMs)) return undefined;
    this.#counters.countHttp2Limit('settings');
    return 'too-many-settings';
  }

  onPing(): ConnectionRule | undefined {
    if (this.#pings.take(this.#wheel.nowMs)) return undefined;
    this.#counters.countHttp2Limit('pings');
    return 'too-many-pings';
  }

  onPriority(): ConnectionRule | undefined {
    if (this.#priorities.take(this.#wheel.nowMs)) return undefined;
    this.#counters.countHttp2Limit('priorities');
    return 'too-many-priorities';
  }

  onWindowUpdate(): ConnectionRule | undefined {
    if (this.#windowUpdates.take(this.#wheel.nowMs)) return undefined;
    this.#counters.countHttp2Limit('window_updates');
    return 'too-many-window-updates';
  }

  /** A frame that has no use. */
  onIdleFrame(): ConnectionRule | undefined {
    if (this.#idleFrames.take(this.#wheel.nowMs)) return undefined;
    this.#counters.countHttp2Limit('idle_frames');
    return 'too-many-idle-frames';
  }
}

import type { TimerWheel } from '../../../timer-wheel.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import type { FrameGuard } from '../frame-judge.ts';
import { TokenBucket } from '../token-bucket.ts';
import { idleFrameAllowance, windowUpdateAllowance } from './limits.ts';

/** Counts what one backend may do only so often on a connection, and names the rule when it was too often. */
export class AnswerGuard implements FrameGuard {
  readonly #wheel: TimerWheel;
  readonly #idleFrames: TokenBucket;
  readonly #windowUpdates: TokenBucket;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
    this.#idleFrames = new TokenBucket(idleFrameAllowance.capacity, idleFrameAllowance.perSecond, wheel.nowMs);
    this.#windowUpdates = new TokenBucket(windowUpdateAllowance.capacity, windowUpdateAllowance.perSecond, wheel.nowMs);
  }

  /** A stream has ended: some frames for it may still come. */
  onStreamOver(): void {
    this.#idleFrames.earn(4);
    this.#windowUpdates.earn(2);
  }

  /** Servers of gRPC measure the way with a PING for what they receive. */
  onDataSent(frames: number): void {
    this.#idleFrames.earn(2 * frames);
    this.#windowUpdates.earn(10 * frames);
  }

  onSettings(): ConnectionRule | undefined {
    return this.onIdleFrame();
  }

  onPing(): ConnectionRule | undefined {
    return this.onIdleFrame();
  }

  onPriority(): ConnectionRule | undefined {
    return this.onIdleFrame();
  }

  onWindowUpdate(): ConnectionRule | undefined {
    return this.#windowUpdates.take(this.#wheel.nowMs) ? undefined : 'too-many-window-updates';
  }

  onIdleFrame(): ConnectionRule | undefined {
    return this.#idleFrames.take(this.#wheel.nowMs) ? undefined : 'too-many-idle-frames';
  }
}

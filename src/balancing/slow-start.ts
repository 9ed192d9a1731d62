import type { EndpointRuntime } from './endpoint-runtime.ts';

/** What an endpoint gets at first, of the share that it has in the end: enough to warm up by. */
const firstShare = 0.1;

/** Which endpoints of a service are young, so that they get less: their share grows with their age, in a straight line, to a whole one. */
export class SlowStart {
  #windowMs = 0;
  /** When the last of them is young no more; 0: none is. */
  #endsAtMs = 0;

  /** @param windowMs undefined: nobody starts slowly, who has begun to neither */
  configure(windowMs: number | undefined): void {
    this.#windowMs = windowMs ?? 0;
    if (this.#windowMs === 0) this.#endsAtMs = 0;
  }

  /** An endpoint has become ready. */
  begin(endpoint: EndpointRuntime, nowMs: number): void {
    endpoint.readySinceMs = nowMs;
    if (this.#windowMs > 0) this.#endsAtMs = nowMs + this.#windowMs;
  }

  /** Whether some endpoint may be young; to be asked before `takes`. */
  get isOn(): boolean {
    return this.#endsAtMs !== 0;
  }

  /** Whether an endpoint that was chosen takes the request. @param chance from 0 up to, not including, 1 */
  takes(endpoint: EndpointRuntime, nowMs: number, chance: number): boolean {
    if (nowMs >= this.#endsAtMs) {
      this.#endsAtMs = 0;
      return true;
    }
    return chance < Math.max(firstShare, (nowMs - endpoint.readySinceMs) / this.#windowMs);
  }
}

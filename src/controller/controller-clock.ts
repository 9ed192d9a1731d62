import { maxTimeoutMs } from '../timer-wheel.ts';

/** Where the controller takes its time from; tests pass a fake. */
export interface ControllerClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `run` once in `ms` (capped at 2^31-1) unless the returned function is called before; must not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: ControllerClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, maxTimeoutMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

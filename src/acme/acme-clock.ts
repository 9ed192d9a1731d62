/** Where orders take their time from. */
export interface AcmeClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `run` once in `ms` unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/** Waits; rejects with the reason of `signal` when that aborts. */
export function sleepOn(clock: AcmeClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

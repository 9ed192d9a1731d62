import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that pauses now and then: each `next()` does a few milliseconds of it at most, and the last one returns the result. */
export type Steps<T> = Generator<undefined, T>;

/** Does all of the work at once. */
export function runToEnd<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Does one step in a turn of the event loop, the first one now, and tells the result at the end. Work of one step is over when this
 * returns. What a step throws is thrown to the event loop, like any error of a callback.
 */
export function runInTurns<T>(steps: Steps<T>, done: (result: T) => void): void {
  const step = steps.next();
  if (step.done === true) done(step.value);
  else setImmediate(runInTurns, steps, done);
}

/** As `runInTurns`; what a step throws is that of the promise. */
export async function resolveInTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

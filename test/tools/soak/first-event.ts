import type { EventEmitter } from 'node:events';

/**
 * Waits for an event, or for `close` or `error`, and leaves no listener behind. Gives the arguments of the event; undefined
 * when it was one of the others.
 */
export function firstEvent(
  emitter: EventEmitter & { readonly destroyed?: boolean },
  name: string,
): Promise<readonly unknown[] | undefined> {
  if (emitter.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const came = (...args: readonly unknown[]): void => done(args);
    const ended = (): void => done(undefined);
    const done = (result: readonly unknown[] | undefined): void => {
      emitter.off(name, came);
      emitter.off('close', ended);
      emitter.off('error', ended);
      resolve(result);
    };
    emitter.once(name, came);
    emitter.once('close', ended);
    emitter.once('error', ended);
  });
}

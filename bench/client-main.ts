import type { ClientOptions } from './load-client.ts';

/** What the bench told this client. */
export const clientOptions: ClientOptions = JSON.parse(process.argv[2] ?? '{}') as ClientOptions;

const startedMs = performance.now();

/** The time for load is over: what is under way still counts when it is done, nothing new begins. */
export function isOver(): boolean {
  return performance.now() - startedMs >= clientOptions.seconds * 1000;
}

/** Hands the count to the bench and ends this process. */
export function finish(units: number): void {
  process.send?.(units, () => process.exit(0));
}

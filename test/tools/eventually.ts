import { setTimeout as delay } from 'node:timers/promises';

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/**
 * Polls until `condition` answers something truthy and gives that back; throws with `what` and the last error when `timeoutMs` is
 * over. Generous by default: it is a deadline for a broken test, not a measure of speed.
 */
export async function eventually<T>(what: string, condition: () => T | Promise<T>, timeoutMs = 30_000): Promise<Truthy<T>> {
  const endMs = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < endMs) {
    try {
      const value = await condition();
      if (value) return value as Truthy<T>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await delay(25);
  }
  throw new Error(`Did not happen within ${timeoutMs} ms: ${what}`, { cause: last });
}

import { setTimeout as delay } from 'node:timers/promises';

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/** Nobody waits for a machine of continuous integration, and it may be many times slower than the one a deadline was chosen on. */
const patience = process.env.CI === 'true' ? 4 : 1;

/**
 * Polls until `condition` answers something truthy and gives that back; throws with `what` and the last error when `timeoutMs` (with CI=true
 * four times that) is over. Generous by default: it is a deadline for a broken test, not a measure of speed.
 */
export async function eventually<T>(what: string, condition: () => T | Promise<T>, timeoutMs = 30_000): Promise<Truthy<T>> {
  const deadlineMs = patience * timeoutMs;
  const endMs = Date.now() + deadlineMs;
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
  throw new Error(`Did not happen within ${deadlineMs} ms: ${what}`, { cause: last });
}

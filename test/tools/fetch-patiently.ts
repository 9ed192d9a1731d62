import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../src/errors.ts';

const pausesMs = [5000, 20_000, 60_000, 120_000];

/**
 * Fetches what is pinned, again and again when that fails: a registry that is away for a minute shall not fail a run of an hour. Rejects as the
 * last attempt did.
 */
export async function fetchPatiently<Result>(note: (text: string) => void, fetch: () => Promise<Result>): Promise<Result> {
  for (const pauseMs of pausesMs) {
    try {
      return await fetch();
    } catch (error) {
      note(`failed, again in ${pauseMs / 1000} s: ${messageOf(error)}`);
      await delay(pauseMs);
    }
  }
  return fetch();
}

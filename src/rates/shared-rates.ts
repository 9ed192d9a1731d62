import type { RateLimit } from '../routes/policy.ts';

/** Buckets that several replicas share. */
export interface SharedRates {
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** False: it is no use to ask now, which is counted; the buckets of this pod decide alone. */
  mayAsk(): boolean;
  /**
   * Takes a token of each limit, or none when one of them is used up. Rejects when there is no answer.
   *
   * @param clients one for each limit; undefined: exempt
   * @returns the limit that is used up by its index, with what is to be waited; undefined: none is
   */
  take(
    limits: readonly RateLimit[],
    clients: readonly (string | undefined)[],
  ): Promise<{ readonly index: number; readonly waitMs: number } | undefined>;
  /** There was no answer in time. */
  onLate(): void;
}

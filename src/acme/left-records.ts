import type { AcmeOrder, LeftRecord, LeftRecords } from '../translate/acme-state.ts';

const firstMs = 15_000;
const mostMs = 3_600_000;
/** More than half a day. What is left after that proves nothing, and somebody was told. */
const maxTries = 20;
/** Of one certificate; those that came last are kept. */
const maxRecords = 200;

/** The records that an order may have written, as far as it came. Pure. */
export function recordsOf(order: AcmeOrder | undefined): readonly LeftRecord[] {
  if (order === undefined) return [];
  const { issuer, challenges } = order;
  return challenges.flatMap(({ type, name, keyAuthorization }) =>
    type === 'dns-01' ? [{ issuer, name, value: keyAuthorization, tries: 0 }] : [],
  );
}

/** The records of `left` that an order needs no more, or not yet. Pure. */
export function withoutOrder(left: readonly LeftRecord[], order: AcmeOrder | undefined): readonly LeftRecord[] {
  const needed = new Set(recordsOf(order).map(({ name, value }) => `${name} ${value}`));
  return left.filter(({ name, value }) => !needed.has(`${name} ${value}`));
}

export interface AfterRemoval {
  /** What is tried again, and when; undefined: nothing. */
  readonly left: LeftRecords | undefined;
  /** What is not tried any more. */
  readonly givenUp: readonly LeftRecord[];
}

/**
 * What becomes of records that could not be taken away: longer pauses after each try, and an end. Pure.
 * @param failed those that came last at the end
 * @param random 0 up to 1
 */
export function afterRemoval(failed: readonly LeftRecord[], nowMs: number, random: number): AfterRemoval {
  const tried = failed.map((record) => ({ ...record, tries: record.tries + 1 }));
  const again = tried.filter(({ tries }) => tries < maxTries);
  const records = again.slice(-maxRecords);
  const givenUp = [...tried.filter(({ tries }) => tries >= maxTries), ...again.slice(0, -maxRecords)];
  if (records.length === 0) return { left: undefined, givenUp };
  const fewest = Math.min(...records.map(({ tries }) => tries));
  const pauseMs = Math.min(mostMs, firstMs * 2 ** (fewest - 1)) * (1 - random / 5);
  return { left: { records, nextAttemptMs: Math.round(nowMs + pauseMs) }, givenUp };
}

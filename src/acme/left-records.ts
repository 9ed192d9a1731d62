import type { AcmeChallenge, AcmeOrder, LeftRecord, LeftRecords, RecordPlace } from '../translate/acme-state.ts';

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
  return challenges.flatMap(({ type, name, keyAuthorization, place }) =>
    type === 'dns-01' ? [{ issuer, name, value: keyAuthorization, place, tries: 0 }] : [],
  );
}

/** The order with where records of its challenges are; the same one when nothing of that is new. Pure. */
export function withPlaces(order: AcmeOrder, places: ReadonlyMap<AcmeChallenge, RecordPlace>): AcmeOrder {
  const challenges = order.challenges.map((challenge) => {
    const place = places.get(challenge);
    return place === undefined || (challenge.place && isSamePlace(challenge.place, place)) ? challenge : { ...challenge, place };
  });
  return challenges.every((challenge, index) => challenge === order.challenges[index]) ? order : { ...order, challenges };
}

/** What is left when the records of an order go elsewhere than before: those that it wrote where they were. Pure. */
export function leftBehind(left: LeftRecords | undefined, before: AcmeOrder, after: AcmeOrder, nowMs: number): LeftRecords | undefined {
  const moved = withoutOrder(
    recordsOf(before).filter(({ place }) => place !== undefined),
    after,
  );
  return moved.length === 0 ? left : { records: [...(left?.records ?? []), ...moved], nextAttemptMs: nowMs };
}

/** The records of `left` that an order needs no more, or not yet. Pure. */
export function withoutOrder(left: readonly LeftRecord[], order: AcmeOrder | undefined): readonly LeftRecord[] {
  const needed = recordsOf(order);
  return left.filter((record) => !needed.some((other) => isSameRecord(record, other)));
}

/** One that is not known to be elsewhere is the same. */
function isSameRecord(a: LeftRecord, b: LeftRecord): boolean {
  if (a.name !== b.name || a.value !== b.value) return false;
  return a.place === undefined || b.place === undefined || isSamePlace(a.place, b.place);
}

function isSamePlace(a: RecordPlace, b: RecordPlace): boolean {
  return a.name === b.name && a.zone === b.zone;
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesOfKeySet,
  dataOfKeySet,
  dueKeySet,
  isStale,
  readKeySet,
  type TicketKeySet,
} from '../../../src/sources/kubernetes/ticket-key-set.ts';

const hour = 3_600_000;

/** Bytes that tell which call made them. */
function counting(): (count: number) => Buffer {
  let made = 0;
  return (count) => Buffer.alloc(count, ++made);
}

function marks({ previous, current, next }: TicketKeySet): readonly (number | undefined)[] {
  return [previous, current, next].map(([first]) => first);
}

test('ticket keys: the next becomes the current and the current the previous, when it is time and not before', () => {
  const random = counting();
  const first = dueKeySet(undefined, hour, 0, random);
  assert.deepEqual(marks(first), [1, 2, 3]);
  assert.equal(dueKeySet(first, hour, hour - 1, random), first);
  const second = dueKeySet(first, hour, hour, random);
  assert.deepEqual(marks(second), [2, 3, 4]);
  assert.equal(second.rotatedAtMs, hour);
  assert.equal(dueKeySet(second, 0, 100 * hour, random), second, 'never');
});

test('ticket keys: a set that nobody rotated for two rotations is stale and replaced as a whole, as is one from the future', () => {
  const random = counting();
  const first = dueKeySet(undefined, hour, 0, random);
  assert.equal(isStale(first, hour, 2 * hour - 1), false);
  assert.equal(isStale(first, hour, 2 * hour), true);
  assert.equal(isStale(first, 0, 100 * hour), false);
  assert.deepEqual(marks(dueKeySet(first, hour, 2 * hour, random)), [4, 5, 6]);
  assert.deepEqual(marks(dueKeySet(first, hour, -2 * hour, random)), [7, 8, 9]);
});

test('ticket keys: a replica before a rotation and one after it read what the other makes', () => {
  const random = counting();
  const before = dueKeySet(undefined, hour, 0, random);
  const after = dueKeySet(before, hour, hour, random);
  const keysOf = (set: TicketKeySet) =>
    Array.from({ length: 3 }, (_, i) =>
      bytesOfKeySet(set)
        .subarray(48 * i, 48 * (i + 1))
        .toString('hex'),
    );
  assert.ok(keysOf(before).includes(keysOf(after)[0] as string));
  assert.ok(keysOf(after).includes(keysOf(before)[0] as string));
});

test('ticket keys: data of a Secret that is missing, cut or without a time is no set', () => {
  const set = dueKeySet(undefined, hour, 1000);
  const data = dataOfKeySet(set);
  assert.deepEqual(readKeySet({ data }), set);
  assert.equal(readKeySet({}), undefined);
  for (const name of Object.keys(data)) {
    const { [name]: value = '', ...rest } = data;
    assert.equal(readKeySet({ data: rest }), undefined, name);
    assert.equal(readKeySet({ data: { ...rest, [name]: value.slice(0, 8) } }), undefined, name);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterRemoval, leftBehind, recordsOf, withoutOrder, withPlaces } from '../../../src/acme/left-records.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { AcmeOrder, LeftRecord, RecordPlace } from '../../../src/translate/acme-state.ts';

const nowMs = Date.UTC(2026, 5, 1);
const record = (value: string, tries = 0, place?: RecordPlace): LeftRecord => ({ issuer: 'test', name: 'a.test', value, place, tries });
const [here, there] = ['here', 'there'].map((name) => ({ name: `${name}.test`, zone: 'test' })) as [RecordPlace, RecordPlace];
const order: AcmeOrder = {
  url: 'https://ca.test/order/1',
  issuer: 'test',
  directory: 'https://ca.test/dir',
  names: ['*.a.test', 'b.test'],
  privateKey: new Redacted('key'),
  challenges: [
    { type: 'dns-01', name: 'a.test', token: 't', keyAuthorization: 'digest' },
    { type: 'http-01', name: 'b.test', token: 'u', keyAuthorization: 'u.thumb' },
  ],
};

test('an order leaves what it wrote to DNS, and nothing else is taken away that it still needs', () => {
  assert.deepEqual(recordsOf(order), [record('digest')]);
  assert.deepEqual(recordsOf(undefined), []);
  assert.deepEqual(withoutOrder([record('digest', 3), record('old')], order), [record('old')]);
});

test('an order knows where its records are, and leaves those behind that go elsewhere', () => {
  const placed = (at: AcmeOrder, place: RecordPlace) => withPlaces(at, new Map(at.challenges.slice(0, 1).map((each) => [each, place])));
  const first = placed(order, here);
  assert.deepEqual(recordsOf(first), [record('digest', 0, here)]);
  assert.equal(placed(first, { ...here }), first, 'nothing is new');
  assert.equal(leftBehind(undefined, order, first, nowMs), undefined, 'nothing was written before');
  const moved = placed(first, there);
  const left = leftBehind({ records: [record('old', 3)], nextAttemptMs: nowMs + 1000 }, first, moved, nowMs);
  assert.deepEqual(left, { records: [record('old', 3), record('digest', 0, here)], nextAttemptMs: nowMs });
  assert.deepEqual(withoutOrder(left?.records ?? [], moved), left?.records);
  assert.deepEqual(withoutOrder(left?.records ?? [], placed(moved, here)), [record('old', 3)], 'it has come back');
  assert.deepEqual(withoutOrder([record('digest', 2)], moved), [], 'nobody knows that it is elsewhere');
});

test('records that can not be removed are tried again after pauses that grow to an hour, half a day long, and then given up', () => {
  const pauses: number[] = [];
  let records: readonly LeftRecord[] = [record('one')];
  for (;;) {
    const { left, givenUp } = afterRemoval(records, nowMs, 0);
    if (left === undefined) {
      assert.deepEqual(givenUp, [record('one', 20)]);
      break;
    }
    assert.deepEqual(givenUp, []);
    pauses.push(left.nextAttemptMs - nowMs);
    records = left.records;
  }
  assert.deepEqual(pauses.slice(0, 3), [15_000, 30_000, 60_000]);
  assert.equal(Math.max(...pauses), 3_600_000);
  const allMs = pauses.reduce((sum, pause) => sum + pause, 0);
  assert.ok(allMs > 12 * 3_600_000 && allMs < 24 * 3_600_000);
});

test('pauses are shortened by chance, a record that is new does not wait for an old one, and no more than 200 are kept', () => {
  assert.equal(afterRemoval([record('one')], nowMs, 0.5).left?.nextAttemptMs, nowMs + 13_500);
  assert.equal(afterRemoval([record('old', 9), record('new')], nowMs, 0).left?.nextAttemptMs, nowMs + 15_000);
  const many = Array.from({ length: 205 }, (_, index) => record(String(index)));
  const { left, givenUp } = afterRemoval(many, nowMs, 0);
  assert.equal(left?.records.length, 200);
  assert.deepEqual(
    givenUp.map(({ value }) => value),
    ['0', '1', '2', '3', '4'],
  );
});

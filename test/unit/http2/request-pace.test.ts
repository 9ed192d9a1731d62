import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RequestPace, requestsPerTurn } from '../../../src/networkproxy/http2/server/request-pace.ts';

function begunBy(pace: RequestPace, count: number): number[] {
  const begun: number[] = [];
  for (let index = 0; index < count; index++) pace.begin({ begin: () => begun.push(index) });
  return begun;
}

test('RequestPace begins so many requests at once, and the others in turns of as many, in their order', async () => {
  const pace = new RequestPace();
  const total = requestsPerTurn * 2 + 10;
  const begun = begunBy(pace, total);
  const counts = [begun.length];
  while (pace.waiting > 0) {
    await nextTurn();
    counts.push(begun.length);
  }
  assert.deepEqual(counts, [requestsPerTurn, requestsPerTurn * 2, total]);
  assert.deepEqual(begun, [...begun.keys()]);
});

test('RequestPace lets no request that comes later begin before those that wait', async () => {
  const pace = new RequestPace();
  const order: string[] = [];
  begunBy(pace, requestsPerTurn);
  pace.begin({
    begin: () => {
      order.push('first');
      pace.begin({ begin: () => order.push('from within') });
    },
  });
  pace.begin({ begin: () => order.push('second') });
  assert.deepEqual(order, []);
  while (pace.waiting > 0) await nextTurn();
  assert.deepEqual(order, ['first', 'second', 'from within']);
  assert.equal(begunBy(pace, requestsPerTurn).length, requestsPerTurn, 'afterwards they begin at once again');
});

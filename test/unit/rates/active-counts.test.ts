import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActiveCounts, type ActiveShare } from '../../../src/rates/active-counts.ts';
import type { ActiveLimit } from '../../../src/routes/policy.ts';
import { TimerWheel, type WheelClock } from '../../../src/timer-wheel.ts';

class ManualClock implements WheelClock {
  ms = 1000;
  tick: () => void = () => {};
  now(): number {
    return this.ms;
  }
  every(_ms: number, tick: () => void): () => void {
    this.tick = tick;
    return () => {};
  }
}

const inAll: ActiveLimit = { scope: 'a', most: 3, per: 'route', exempt: [] };
const ofAddress: ActiveLimit = { scope: 'a', most: 2, per: 'address', exempt: [] };
const both = [inAll, ofAddress];

function alone(): ActiveCounts {
  return new ActiveCounts({ wheel: new TimerWheel(new ManualClock()) });
}

/** Workers that hear of each other, as the main process hands on what they say. */
function workers(count: number): { readonly all: readonly ActiveCounts[]; readonly pass: () => void; readonly said: ActiveShare[][] } {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const said: ActiveShare[][] = [];
  const all: ActiveCounts[] = Array.from({ length: count }, (_, own) => {
    const share = (shares: readonly ActiveShare[]): void => {
      said.push([...shares]);
      for (const [other, counts] of all.entries()) if (other !== own) counts.hear(`worker ${own}`, shares);
    };
    return new ActiveCounts({ wheel, share });
  });
  const pass = (): void => {
    clock.ms += 300;
    clock.tick();
  };
  return { all, pass, said };
}

test('ActiveCounts: in all and by client, each scope by itself; a place that is given back can be taken again', () => {
  const counts = alone();
  const first = counts.take(both, '192.0.2.1');
  const second = counts.take(both, '192.0.2.1');
  assert.equal(counts.refusal(both, '192.0.2.1'), ofAddress);
  assert.equal(counts.refusal(both, '192.0.2.2'), undefined);
  const third = counts.take(both, '192.0.2.2');
  assert.equal(counts.refusal(both, '192.0.2.3'), inAll);
  assert.equal(counts.refusal([{ ...inAll, scope: 'b' }], '192.0.2.1'), undefined);
  counts.release(first);
  assert.equal(counts.refusal(both, '192.0.2.1'), undefined);
  for (const places of [second, third]) counts.release(places);
  assert.equal(counts.size, 0);
});

test('ActiveCounts: a limit that changes counts what is under way already', () => {
  const counts = alone();
  const places = [counts.take([inAll], 'x'), counts.take([inAll], 'x')];
  assert.ok(counts.refusal([{ ...inAll, most: 2 }], 'x'));
  assert.equal(counts.refusal([{ ...inAll, most: 4 }], 'x'), undefined);
  for (const place of places) counts.release(place);
  assert.equal(counts.size, 0);
});

test('ActiveCounts: workers know of each other what is under way, and forget it with its end', () => {
  const { all, pass } = workers(3);
  const [one, two, three] = all as [ActiveCounts, ActiveCounts, ActiveCounts];
  const places = [one.take(both, 'x'), two.take(both, 'x')];
  assert.equal(three.refusal(both, 'x'), undefined, 'not yet');
  pass();
  for (const counts of all) assert.equal(counts.refusal(both, 'x'), ofAddress);
  const third = three.take(both, 'y');
  pass();
  for (const counts of all) assert.equal(counts.refusal(both, 'z'), inAll);
  one.release(places[0] ?? []);
  two.release(places[1] ?? []);
  three.release(third);
  pass();
  for (const counts of all) assert.equal(counts.size, 0);
});

test('ActiveCounts: what begins and ends within one interval is told to nobody', () => {
  const { all, pass, said } = workers(2);
  for (let n = 0; n < 10; n++) all[0]?.release(all[0].take([inAll], 'x'));
  pass();
  assert.deepEqual(said, []);
  for (const counts of all) assert.equal(counts.size, 0);
});

test('ActiveCounts: a worker that ends takes what it had with it, and one that begins hears everything', () => {
  const { all, pass } = workers(3);
  const [one, two, three] = all as [ActiveCounts, ActiveCounts, ActiveCounts];
  const places = one.take([inAll], 'x');
  two.take([inAll], 'x');
  two.take([inAll], 'x');
  pass();
  assert.ok(three.refusal([inAll], 'x'));
  for (const counts of [one, three]) counts.forget('worker 1');
  assert.equal(three.refusal([inAll], 'x'), undefined);
  three.forget('worker 0');
  assert.equal(three.size, 0, 'it is as one that has begun just now');
  one.shareAgain();
  pass();
  assert.ok(three.refusal([{ ...inAll, most: 1 }], 'x'));
  one.release(places);
  pass();
  assert.equal(one.size + three.size, 0);
});

test('ActiveCounts: an end that was not told yet is told to one that begins, and what is more than a message holds follows', () => {
  const { all, pass, said } = workers(2);
  const [one, two] = all as [ActiveCounts, ActiveCounts];
  const many = Array.from({ length: 2500 }, (_, n) => one.take([ofAddress], String(n)));
  pass();
  one.release(many[0] ?? []);
  one.shareAgain();
  pass();
  pass();
  pass();
  assert.ok(said.every((shares) => shares.length <= 2000));
  assert.equal(two.size, 2499);
  for (const places of many.slice(1)) one.release(places);
  pass();
  pass();
  pass();
  assert.equal(one.size + two.size, 0);
});

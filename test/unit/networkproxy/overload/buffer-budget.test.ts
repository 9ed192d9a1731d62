import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BufferBudget, type BufferHolder, roomyBytes, tightBytes } from '../../../../src/networkproxy/overload/buffer-budget.ts';
import { TimerWheel } from '../../../../src/timer-wheel.ts';

class Clock {
  nowMs = 0;
  readonly wheel = new TimerWheel({ now: () => this.nowMs, every: () => () => {} });

  pass(ms: number): void {
    this.nowMs += ms;
    this.wheel.advance();
  }
}

/** Gives up all that it holds. */
class Holder implements BufferHolder {
  heldBytes = 0;
  heldSinceMs = 0;
  gaveUp = false;
  readonly #budget: BufferBudget;

  constructor(budget: BufferBudget) {
    this.#budget = budget;
  }

  giveUp(): void {
    this.gaveUp = true;
    this.#budget.release(this);
  }
}

function holders(budget: BufferBudget, ...bytes: readonly number[]): readonly Holder[] {
  return bytes.map((each) => {
    const holder = new Holder(budget);
    budget.change(holder, each);
    return holder;
  });
}

const gaveUp = (all: readonly Holder[]): readonly boolean[] => all.map((holder) => holder.gaveUp);

describe("a worker's room for waiting bytes", () => {
  test('is the sum of what its connections hold', () => {
    const budget = new BufferBudget(new Clock().wheel, 1000);
    const [a, b] = holders(budget, 100, 200) as [Holder, Holder];
    budget.change(a, 50);
    budget.change(b, -200);
    assert.equal(budget.bytes, 150);
    budget.release(a);
    budget.release(b);
    assert.equal(budget.bytes, 0);
  });

  test('is wide for each connection until half of it is taken', () => {
    const budget = new BufferBudget(new Clock().wheel, 1000);
    const [holder] = holders(budget, 500) as [Holder];
    assert.equal(budget.perConnectionBytes, roomyBytes);
    budget.change(holder, 1);
    assert.equal(budget.perConnectionBytes, tightBytes);
    budget.change(holder, -1);
    assert.equal(budget.perConnectionBytes, roomyBytes);
  });

  test('is won back from those that hold most, at the end of the turn and down to 90 %', async () => {
    const budget = new BufferBudget(new Clock().wheel, 1000);
    const all = holders(budget, 100, 400, 100, 450);
    assert.deepEqual(gaveUp(all), [false, false, false, false], 'not in the middle of the turn');
    await setImmediate();
    assert.deepEqual(gaveUp(all), [false, false, false, true]);
    assert.equal(budget.bytes, 600);
  });

  test('is won back from those that have waited longest when they hold as much', async () => {
    const clock = new Clock();
    const budget = new BufferBudget(clock.wheel, 1000);
    const [old] = holders(budget, 300) as [Holder];
    clock.pass(10_000);
    const young = holders(budget, 400, 400);
    await setImmediate();
    assert.ok(old.gaveUp);
    assert.deepEqual(gaveUp(young).filter(Boolean).length, 0);
  });

  test('spares a connection that moves, and not one that moves a byte at a time', async () => {
    const clock = new Clock();
    const budget = new BufferBudget(clock.wheel, 1000);
    const [moving, dripping] = holders(budget, 400, 400) as [Holder, Holder];
    for (let i = 0; i < 60; i++) {
      clock.pass(1000);
      budget.change(moving, -200);
      budget.change(moving, 200);
      budget.change(dripping, -1);
      budget.change(dripping, 1);
    }
    holders(budget, 300);
    await setImmediate();
    assert.deepEqual([moving.gaveUp, dripping.gaveUp], [false, true]);
  });

  test('without a limit is never won back', async () => {
    const budget = new BufferBudget(new Clock().wheel, 0);
    const all = holders(budget, 1e12);
    await setImmediate();
    assert.deepEqual(gaveUp(all), [false]);
    assert.equal(budget.perConnectionBytes, roomyBytes);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OverloadMonitor, type OverloadReadings } from '../../../../src/networkproxy/overload/overload-monitor.ts';

const calm: OverloadReadings = { memory: 0.1, heap: 0.1, loopDelayMs: 0 };

/** The level after each look at readings that differ from calm ones in what is given. */
function levels(monitor: OverloadMonitor, looks: readonly Partial<OverloadReadings>[]): readonly string[] {
  return looks.map((readings) => {
    monitor.look({ ...calm, ...readings });
    const { level, cause } = monitor.state;
    return cause === undefined ? level : `${level} ${cause}`;
  });
}

const times = (count: number, readings: Partial<OverloadReadings>): readonly Partial<OverloadReadings>[] =>
  Array.from({ length: count }, () => readings);

const defaults = { memoryPercent: 95, loopDelayMs: 1000 };

describe('overload', () => {
  test('by memory sheds connections from 85 % and refuses requests from 95 %, at the first look', () => {
    const monitor = new OverloadMonitor(defaults);
    assert.deepEqual(levels(monitor, [{ memory: 0.849 }, { memory: 0.851 }, { memory: 0.949 }, { memory: 0.95 }]), [
      ...['normal', 'shedding memory', 'shedding memory', 'refusing memory'],
    ]);
  });

  test('goes down after five calm looks in a row, by as much as all of them allow', () => {
    const monitor = new OverloadMonitor(defaults);
    levels(monitor, [{ memory: 0.99 }]);
    assert.deepEqual(levels(monitor, times(20, { memory: 0.91 })).at(-1), 'refusing memory', 'within 5 % of the limit it stays');
    assert.deepEqual(levels(monitor, times(4, { memory: 0.5 })).at(-1), 'refusing memory');
    assert.deepEqual(levels(monitor, [{ memory: 0.96 }, ...times(4, { memory: 0.5 })]).at(-1), 'refusing memory', 'it began anew');
    assert.deepEqual(levels(monitor, [{ memory: 0.85 }]), ['shedding memory'], 'the least calm of the five decides');
    assert.deepEqual(levels(monitor, times(5, { memory: 0.5 })).at(-1), 'normal');
  });

  test('by event-loop delay takes three looks in a row, so that one pause is none', () => {
    const monitor = new OverloadMonitor(defaults);
    const slow = { loopDelayMs: 3000 };
    assert.deepEqual(levels(monitor, [slow, slow, {}, slow, slow, {}]).at(-1), 'normal');
    assert.deepEqual(levels(monitor, times(3, slow)).at(-1), 'refusing event_loop');
    assert.deepEqual(levels(monitor, times(10, { loopDelayMs: 600 })).at(-1), 'refusing event_loop', 'half of it is the way back');
    assert.deepEqual(levels(monitor, times(5, { loopDelayMs: 300 })).at(-1), 'shedding event_loop');
    assert.deepEqual(levels(monitor, times(5, { loopDelayMs: 100 })).at(-1), 'normal');
  });

  test('rises to what the least of the three looks asks for', () => {
    const monitor = new OverloadMonitor(defaults);
    assert.deepEqual(levels(monitor, [{ loopDelayMs: 3000 }, { loopDelayMs: 300 }, { loopDelayMs: 3000 }]).at(-1), 'shedding event_loop');
  });

  test('names the worse of two causes, and the other once that is over', () => {
    const monitor = new OverloadMonitor(defaults);
    assert.deepEqual(levels(monitor, [{ memory: 0.9, heap: 0.97 }]), ['refusing heap']);
    assert.deepEqual(levels(monitor, times(5, { memory: 0.9 })).at(-1), 'shedding memory');
  });

  test('tells of changes alone', () => {
    const monitor = new OverloadMonitor(defaults);
    assert.equal(monitor.look(calm), undefined);
    assert.deepEqual(monitor.look({ ...calm, memory: 0.96 }), { level: 'refusing', cause: 'memory' });
    assert.equal(monitor.look({ ...calm, memory: 0.97 }), undefined);
  });

  test('around a limit does not switch to and fro', () => {
    const monitor = new OverloadMonitor(defaults);
    let changes = 0;
    for (let i = 0; i < 1000; i++) if (monitor.look({ ...calm, memory: i % 2 === 0 ? 0.949 : 0.951 }) !== undefined) changes++;
    assert.equal(changes, 2, 'up to shedding, up to refusing');
  });

  test('with both limits off never comes; a low limit has two steps too', () => {
    const off = new OverloadMonitor({ memoryPercent: 0, loopDelayMs: 0 });
    assert.deepEqual(levels(off, times(5, { memory: 2, heap: 2, loopDelayMs: 1e6 })).at(-1), 'normal');
    const low = new OverloadMonitor({ memoryPercent: 10, loopDelayMs: 0 });
    assert.deepEqual(levels(low, [{ memory: 0.04, heap: 0 }, { memory: 0.06, heap: 0 }, { memory: 0.1 }]), [
      ...['normal', 'shedding memory', 'refusing memory'],
    ]);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { Deadline, maxTimeoutMs, TimerWheel, type WheelClock } from '../../src/timer-wheel.ts';

/** A clock that stands still until the test moves it. */
class FakeClock implements WheelClock {
  time = 5000.3;
  running = 0;
  #tick: (() => void) | undefined;

  now(): number {
    return this.time;
  }

  every(_ms: number, tick: () => void): () => void {
    this.#tick = tick;
    this.running++;
    return () => {
      this.#tick = undefined;
      this.running--;
    };
  }

  /** Moves on with a tick every 100 ms, as a loop without load would. */
  pass(ms: number): void {
    for (const end = this.time + ms; this.time < end; ) {
      this.time = Math.min(this.time + 100, end);
      this.#tick?.();
    }
  }

  /** Moves on with the event loop standing still: no tick before the end. */
  stall(ms: number): void {
    this.time += ms;
    this.#tick?.();
  }
}

class Recorder extends Deadline {
  fired: number[] = [];
  readonly #clock: FakeClock;
  readonly #then: () => void;

  constructor(clock: FakeClock, then: () => void = () => undefined) {
    super();
    this.#clock = clock;
    this.#then = then;
  }

  override onTimeout(): void {
    this.fired.push(this.#clock.time);
    this.#then();
  }
}

function setUp(slots = 8) {
  const clock = new FakeClock();
  return { clock, wheel: new TimerWheel(clock, 100, slots) };
}

describe('TimerWheel', () => {
  test('fires once, not before its time and at most a tick after', () => {
    for (const ms of [0, 1, 99, 100, 101, 250, 799, 800, 801, 5000]) {
      const { clock, wheel } = setUp();
      const deadline = new Recorder(clock);
      const start = clock.time;
      wheel.arm(deadline, ms);
      clock.pass(ms + 2000);
      assert.equal(deadline.fired.length, 1, `${ms} ms`);
      const late = deadline.fired[0]! - start - ms;
      assert.ok(late >= 0 && late <= 100.001, `${ms} ms fired ${late} ms late`);
      assert.equal(wheel.size, 0);
    }
  });

  test('does not fire early when it is armed after the event loop stood still', () => {
    const { clock, wheel } = setUp();
    clock.time += 3000; // no tick has run since
    const deadline = new Recorder(clock);
    wheel.arm(deadline, 1000);
    clock.stall(0);
    clock.pass(900);
    assert.deepEqual(deadline.fired, []);
    clock.pass(200);
    assert.equal(deadline.fired.length, 1);
  });

  test('a stall of many turns of the ring fires everything that came due, once', () => {
    const { clock, wheel } = setUp();
    const deadlines = [50, 500, 900, 5000, 20_000].map((ms) => {
      const deadline = new Recorder(clock);
      wheel.arm(deadline, ms);
      return deadline;
    });
    clock.stall(10_000);
    assert.deepEqual(
      deadlines.map((deadline) => deadline.fired.length),
      [1, 1, 1, 1, 0],
    );
    clock.pass(11_000);
    assert.equal(deadlines.at(-1)?.fired.length, 1);
  });

  test('arming again further away moves the deadline without linking it twice', () => {
    const { clock, wheel } = setUp();
    const deadline = new Recorder(clock);
    wheel.arm(deadline, 300);
    for (let step = 0; step < 50; step++) {
      clock.pass(100);
      wheel.arm(deadline, 300);
      assert.equal(wheel.size, 1);
    }
    assert.deepEqual(deadline.fired, []);
    clock.pass(500);
    assert.equal(deadline.fired.length, 1);
  });

  test('arming again sooner brings the deadline forward', () => {
    const { clock, wheel } = setUp();
    const deadline = new Recorder(clock);
    wheel.arm(deadline, 60_000);
    wheel.arm(deadline, 200);
    clock.pass(400);
    assert.equal(deadline.fired.length, 1);
    clock.pass(70_000);
    assert.equal(deadline.fired.length, 1);
  });

  test('a disarmed deadline does not fire, and disarming twice is harmless', () => {
    const { clock, wheel } = setUp();
    const deadline = new Recorder(clock);
    wheel.arm(deadline, 200);
    wheel.disarm(deadline);
    wheel.disarm(deadline);
    assert.equal(wheel.size, 0);
    clock.pass(1000);
    assert.deepEqual(deadline.fired, []);
  });

  test('a handler may arm itself again', () => {
    const { clock, wheel } = setUp();
    const deadline: Recorder = new Recorder(clock, () => wheel.arm(deadline, 0));
    wheel.arm(deadline, 0);
    clock.pass(1000);
    assert.ok(deadline.fired.length >= 9 && deadline.fired.length <= 10, `${deadline.fired.length}`);
    assert.equal(wheel.size, 1);
  });

  test('a handler may disarm or delay a deadline of the same tick', () => {
    const { clock, wheel } = setUp();
    const disarmed = new Recorder(clock);
    const delayed = new Recorder(clock);
    const first = new Recorder(clock, () => {
      wheel.disarm(disarmed);
      wheel.arm(delayed, 1000);
    });
    for (const deadline of [disarmed, delayed, first]) wheel.arm(deadline, 200); // the last one armed runs first
    clock.pass(500);
    assert.equal(first.fired.length, 1);
    assert.deepEqual([...disarmed.fired, ...delayed.fired], []);
    clock.pass(1000);
    assert.equal(delayed.fired.length, 1);
    assert.equal(wheel.size, 0);
  });

  test('after close nothing fires, not even in the same tick, and nothing can be armed', () => {
    const { clock, wheel } = setUp();
    const sibling = new Recorder(clock);
    const closer = new Recorder(clock, () => wheel.close());
    const other = new Recorder(clock);
    wheel.arm(sibling, 200);
    wheel.arm(closer, 200);
    wheel.arm(other, 5000);
    clock.pass(500);
    assert.equal(closer.fired.length, 1);
    assert.equal(clock.running, 0);
    wheel.arm(other, 100);
    clock.time += 60_000;
    wheel.advance();
    assert.deepEqual([...sibling.fired, ...other.fired], []);
    assert.equal(wheel.size, 0);
  });

  test('a handler that throws is an uncaught exception and keeps no other deadline from firing', async () => {
    const { clock, wheel } = setUp();
    const error = new Error('thrown by a handler');
    const before = new Recorder(clock);
    const thrower = new Recorder(clock, () => {
      throw error;
    });
    const after = new Recorder(clock);
    for (const deadline of [before, thrower, after]) wheel.arm(deadline, 200);
    const uncaught = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
    try {
      clock.pass(300);
      assert.equal(await uncaught, error);
    } finally {
      process.setUncaughtExceptionCaptureCallback(null);
    }
    assert.deepEqual([before.fired.length, after.fired.length, wheel.size], [1, 1, 0]);
  });

  test('takes delays up to 2^31-1 ms and caps longer ones, down to negative ones', () => {
    const { clock, wheel } = setUp();
    const [longest, infinite, negative] = [new Recorder(clock), new Recorder(clock), new Recorder(clock)];
    wheel.arm(longest, maxTimeoutMs);
    wheel.arm(infinite, Number.POSITIVE_INFINITY);
    wheel.arm(negative, -5);
    clock.pass(200);
    assert.equal(negative.fired.length, 1);
    clock.stall(maxTimeoutMs - 300);
    assert.deepEqual([...longest.fired, ...infinite.fired], []);
    clock.pass(300);
    assert.deepEqual([longest.fired.length, infinite.fired.length], [1, 1]);
  });

  test('nowMs is the clock at the last tick', () => {
    const { clock, wheel } = setUp();
    assert.ok(Math.abs(wheel.nowMs - clock.time) < 0.001);
    clock.time += 250;
    assert.ok(clock.time - wheel.nowMs >= 250);
    wheel.advance();
    assert.ok(clock.time - wheel.nowMs < 100);
  });

  test('with the real clock a deadline fires and the wheel does not keep the process alive', async () => {
    const wheel = new TimerWheel(undefined, 5);
    const start = performance.now();
    const keepAlive = setTimeout(() => undefined, 60_000);
    try {
      await new Promise<void>((resolve) => {
        const deadline = new (class extends Deadline {
          override onTimeout(): void {
            resolve();
          }
        })();
        wheel.arm(deadline, 20);
      });
      assert.ok(performance.now() - start >= 20);
    } finally {
      clearTimeout(keepAlive);
      wheel.close();
    }
  });

  test('behaves as one exact timer a deadline would, for any sequence of calls, rounded up to a tick', () => {
    const delay = fc.nat({ max: 3000 });
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('arm' as const), who: fc.nat({ max: 4 }), ms: delay }),
      fc.record({ kind: fc.constantFrom('disarm' as const), who: fc.nat({ max: 4 }), ms: delay }),
      fc.record({ kind: fc.constantFrom('pass' as const, 'stall' as const), who: fc.constant(0), ms: delay }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, wheel } = setUp();
        const deadlines = [0, 1, 2, 3, 4].map(() => new Recorder(clock));
        const dueAt = deadlines.map(() => Number.POSITIVE_INFINITY);
        for (const { kind, who, ms } of steps) {
          const deadline = deadlines[who]!;
          if (kind === 'arm') {
            wheel.arm(deadline, ms);
            dueAt[who] = clock.time + ms;
          } else if (kind === 'disarm') {
            wheel.disarm(deadline);
            dueAt[who] = Number.POSITIVE_INFINITY;
          } else clock[kind](ms);
          for (const [index, { fired }] of deadlines.entries()) {
            const due = dueAt[index]!;
            for (const at of fired.splice(0)) {
              assert.ok(at >= due - 0.001, `fired at ${at}, due at ${due}`);
              dueAt[index] = Number.POSITIVE_INFINITY;
            }
            assert.ok(dueAt[index]! > clock.time - 200, `due at ${due}, not fired at ${clock.time}`);
          }
          assert.equal(wheel.size, dueAt.filter(Number.isFinite).length);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('a process that stood still reads what came in the meantime before deadlines fire', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const wheel = new TimerWheel();
  t.after(() => {
    wheel.close();
    client.destroy();
    accepted.destroy();
    server.close();
  });
  let fired = false;
  const deadline = new (class extends Deadline {
    override onTimeout(): void {
      fired = true;
    }
  })();
  client.on('data', () => wheel.disarm(deadline));
  await once(client, 'ready');
  wheel.arm(deadline, 200);
  accepted.write('a byte in time');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  await once(client, 'data');
  await setImmediate();
  assert.equal(fired, false);
});

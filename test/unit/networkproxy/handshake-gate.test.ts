import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type GatedHandshake, HandshakeGate } from '../../../src/networkproxy/tls/handshake-gate.ts';
import { type HandshakeLimitOutcome, handshakeLimitOutcomes } from '../../../src/observability/counters/handshake-result.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';

/** A gate, the handshakes that came to it, and a clock that stands still until it is told to go on. */
class Gate {
  readonly counters = new WorkerCounters();
  readonly gate: HandshakeGate;
  readonly wheel: TimerWheel;
  /** Numbers of handshakes, in the order in which it happened to them. */
  readonly begun: number[] = [];
  readonly over: number[] = [];
  #nowMs = 1000;
  #tick: () => void = () => {};

  constructor(maxActive: number) {
    const every = (_ms: number, tick: () => void) => {
      this.#tick = tick;
      return () => {};
    };
    this.wheel = new TimerWheel({ now: () => this.#nowMs, every }, 10);
    this.gate = new HandshakeGate(this.wheel, this.counters, maxActive);
  }

  /** @param hold false: it is over in the moment in which it begins */
  enter(number: number, hold = true): GatedHandshake {
    const handshake: GatedHandshake = {
      beganAtMs: 0,
      begin: () => {
        this.begun.push(number);
        if (!hold) this.gate.leave(handshake);
      },
      overLimit: () => {
        this.over.push(number);
        this.gate.leave(handshake);
      },
    };
    this.gate.enter(handshake);
    return handshake;
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 10) {
      this.#nowMs += 10;
      this.#tick();
    }
  }

  counted(outcome: HandshakeLimitOutcome): number {
    return this.counters.tlsHandshakeLimit[handshakeLimitOutcomes.indexOf(outcome)] as number;
  }

  get sizes(): readonly [active: number, waiting: number] {
    return [this.counters.gauges.tlsHandshakesActive(), this.counters.gauges.tlsHandshakesWaiting()];
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('HandshakeGate', () => {
  test('begins four handshakes in a turn of the event loop, the others in the next turns and in order', async () => {
    const gate = new Gate(100);
    for (let n = 0; n < 10; n++) gate.enter(n, false);
    assert.deepEqual(gate.begun, [0, 1, 2, 3]);
    await turn();
    assert.deepEqual(gate.begun, [0, 1, 2, 3, 4, 5, 6, 7]);
    gate.enter(10, false);
    await turn();
    assert.deepEqual(gate.begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await turn();
    assert.deepEqual(gate.sizes, [0, 0]);
    assert.deepEqual(gate.counters.tlsHandshakeLimit, [0, 0, 0], 'no limit was hit');
    assert.equal(gate.wheel.size, 0);
  });

  test('lets one in for each that leaves, and counts those that had to wait', async () => {
    const gate = new Gate(2);
    const [first] = [gate.enter(0), gate.enter(1), gate.enter(2), gate.enter(3)];
    await turn();
    assert.deepEqual([gate.begun, gate.sizes, gate.counted('waited')], [[0, 1], [2, 2], 2]);
    gate.gate.leave(first as GatedHandshake);
    assert.deepEqual(gate.begun, [0, 1], 'not in the middle of another one’s end');
    await turn();
    assert.deepEqual(
      [gate.begun, gate.sizes],
      [
        [0, 1, 2],
        [2, 1],
      ],
    );
  });

  test('forgets those that leave while they wait', async () => {
    const gate = new Gate(1);
    const first = gate.enter(0);
    const waiting = [gate.enter(1), gate.enter(2)];
    await turn();
    assert.equal(gate.wheel.size, 1);
    for (const handshake of waiting) gate.gate.leave(handshake);
    assert.deepEqual([gate.sizes, gate.wheel.size], [[1, 0], 0]);
    gate.gate.leave(first);
    await turn();
    assert.deepEqual([gate.begun, gate.sizes], [[0], [0, 0]]);
  });

  test('takes the place of the oldest that has had it for a second, when others wait and only then', async () => {
    const gate = new Gate(2);
    gate.enter(0);
    gate.pass(500);
    gate.enter(1);
    gate.pass(5000);
    assert.deepEqual(gate.over, [], 'nobody waits');
    await turn();
    gate.enter(2);
    assert.deepEqual([gate.over, gate.begun], [[0], [0, 1, 2]]);
    gate.enter(3);
    assert.deepEqual(
      [gate.over, gate.begun],
      [
        [0, 1],
        [0, 1, 2, 3],
      ],
    );
    gate.enter(4);
    gate.pass(900);
    assert.deepEqual([gate.over.length, gate.sizes], [2, [2, 1]], 'both have had it for less than a second');
    gate.pass(200);
    await turn();
    assert.deepEqual(
      [gate.over, gate.begun],
      [
        [0, 1, 2],
        [0, 1, 2, 3, 4],
      ],
    );
    assert.equal(gate.counted('gave_way'), 3);
    assert.equal(gate.wheel.size, 0);
  });

  test('refuses what has neither a place nor room to wait', async () => {
    const gate = new Gate(2);
    for (let n = 0; n < 2 + 16 + 3; n++) gate.enter(n);
    await turn();
    assert.deepEqual(gate.over, [18, 19, 20]);
    assert.deepEqual([gate.sizes, gate.counted('refused')], [[2, 16], 3]);
  });

  test('without a limit refuses nobody', async () => {
    const gate = new Gate(0);
    for (let n = 0; n < 1000; n++) gate.enter(n);
    while (gate.sizes[1] > 0) await turn();
    assert.deepEqual([gate.begun.length, gate.over.length, gate.sizes[0]], [1000, 0, 1000]);
    gate.pass(5000);
    gate.enter(1000);
    assert.deepEqual(gate.over, []);
  });
});

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { StopSignals } from '../../../src/cli/stop-signals.ts';

function watched(hasTerminal = false) {
  const clock = { nowMs: 0 };
  const process = new EventEmitter();
  let impatient = 0;
  const signals = new StopSignals(process, { onImpatience: () => impatient++, hasTerminal, now: () => clock.nowMs });
  return { process, signals, clock, impatience: () => impatient };
}

test('stop signals: the first one is reported', async () => {
  const { process, signals } = watched();
  process.emit('SIGTERM', 'SIGTERM');
  process.emit('SIGINT', 'SIGINT');
  assert.equal(await signals.received, 'SIGTERM');
});

test('stop signals: one key press that arrives twice is not impatience, a second key press is', () => {
  const { process, clock, impatience } = watched();
  process.emit('SIGINT', 'SIGINT');
  clock.nowMs = 20;
  process.emit('SIGINT', 'SIGINT');
  assert.equal(impatience(), 0);
  clock.nowMs = 600;
  process.emit('SIGINT', 'SIGINT');
  assert.equal(impatience(), 1);
});

test('stop signals: a second SIGTERM changes nothing', () => {
  const { process, clock, impatience } = watched();
  process.emit('SIGTERM', 'SIGTERM');
  clock.nowMs = 10_000;
  process.emit('SIGTERM', 'SIGTERM');
  assert.equal(impatience(), 0);
});

test('stop signals: a terminal that hangs up is a stop; without one SIGHUP asks for a reload, and nothing needs one', async () => {
  const { process, signals } = watched(true);
  process.emit('SIGHUP', 'SIGHUP');
  assert.equal(await signals.received, 'SIGHUP');

  const daemon = watched();
  daemon.process.emit('SIGHUP', 'SIGHUP');
  daemon.process.emit('SIGTERM', 'SIGTERM');
  assert.equal(await daemon.signals.received, 'SIGTERM');
});

test('stop signals: closing leaves no listener behind', () => {
  const { process, signals } = watched();
  signals.close();
  assert.deepEqual(process.eventNames(), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure } from '../../../bench/measure.ts';

const effort = { warmUpSeconds: 2, rounds: 2, secondsPerRound: 1 };

test('peers are warmed up in turn, then measured in turn round after round', async () => {
  const calls: string[] = [];
  const subject = (peer: string) => ({
    peer,
    pid: process.pid,
    load: async (seconds: number) => calls.push(`${peer} ${seconds}`),
  });
  const { measurements, failures } = await measure([subject('a'), subject('b')], effort);
  assert.deepEqual(calls, ['a 2', 'b 2', 'a 1', 'b 1', 'a 1', 'b 1']);
  assert.deepEqual(failures, []);
  assert.deepEqual(
    measurements.map(({ peer, cpuPerUnit }) => [peer, cpuPerUnit.length]),
    [
      ['a', 2],
      ['b', 2],
    ],
  );
  assert.ok(measurements.every(({ peakRssBytes }) => peakRssBytes > 2 ** 20));
});

test('a peer that fails in a round is left out from there on and does not stop the others', async () => {
  let attempts = 0;
  const failing = {
    peer: 'failing',
    pid: process.pid,
    load: async () => {
      if (++attempts === 2) throw new Error('it is down');
      return 1;
    },
  };
  const steady = { peer: 'steady', pid: process.pid, load: async () => 1 };
  const { measurements, failures } = await measure([failing, steady], effort);
  assert.equal(attempts, 2);
  assert.deepEqual(failures, [{ peer: 'failing', reason: 'it is down', failed: true }]);
  assert.deepEqual(
    measurements.map(({ peer }) => peer),
    ['steady'],
  );
});

test('a round without a unit of work is a failure', async () => {
  const idle = { peer: 'idle', pid: process.pid, load: async () => 0 };
  const { failures } = await measure([idle], effort);
  assert.match(failures[0]?.reason ?? '', /no unit of work/);
});

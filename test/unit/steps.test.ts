import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runInTurns, runToEnd, type Steps } from '../../src/steps.ts';

function* counted(steps: number, done: number[]): Steps<string> {
  for (let step = 1; step < steps; step++) {
    done.push(step);
    yield;
  }
  done.push(steps);
  return 'result';
}

test('runToEnd does every step and returns the result', () => {
  const done: number[] = [];
  assert.equal(runToEnd(counted(3, done)), 'result');
  assert.deepEqual(done, [1, 2, 3]);
});

test('runInTurns does one step a turn, the first one now', async () => {
  const done: number[] = [];
  const results: string[] = [];
  runInTurns(counted(3, done), (result) => results.push(result));
  for (const turn of [1, 2, 3]) {
    assert.equal(done.length, turn);
    assert.equal(results.length, turn === 3 ? 1 : 0);
    await nextTurn();
  }
  assert.deepEqual([done, results], [[1, 2, 3], ['result']]);
});

test('runInTurns tells the result of a single step before it returns', () => {
  const results: string[] = [];
  runInTurns(counted(1, []), (result) => results.push(result));
  assert.deepEqual(results, ['result']);
});

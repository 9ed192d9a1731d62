import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetQuestions } from '../../../src/workers/fleet-questions.ts';
import type { FleetWorker } from '../../../src/workers/fleet-worker.ts';

/** A worker that has connections of these ages, the oldest first. */
function workerWith(...ages: readonly number[]): FleetWorker {
  const connections = async (limit: number) => ages.slice(0, limit).map((ageMs) => ({ ageMs }));
  return { connections } as unknown as FleetWorker;
}

test('FleetQuestions: a limit leaves the oldest connections of all workers, not those of the first', async () => {
  const questions = new FleetQuestions(() => [workerWith(40, 30, 10), workerWith(50, 20)]);
  const ages = async (limit: number) => (await questions.connections(limit)).map(({ ageMs }) => ageMs);
  assert.deepEqual(await ages(3), [50, 40, 30]);
  assert.deepEqual(await ages(9), [50, 40, 30, 20, 10]);
});

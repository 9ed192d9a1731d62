import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLevels, growth } from '../tools/soak/memory-level.ts';
import { Soak } from '../tools/soak/soak.ts';

/**
 * Wall time under load; the soak ends by itself a little later. On two idle cores a minute sees what a busy half hour would: 150,000
 * requests (80 a second), 12,000 connections (7 a second), 300 changes (one in 6 seconds).
 */
const seconds = Number(process.env.SOAK_SECONDS ?? 60);
/** Every run names its seed. */
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);

/** Over when this share of the time is. */
function share(part: number): () => boolean {
  const endMs = performance.now() + seconds * part * 1000;
  return () => performance.now() >= endMs;
}

test('a soak: whatever changes, nothing is answered wrongly, counted wrongly or kept', {
  timeout: (seconds * 5 + 240) * 1000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const soak = await Soak.start(t, { seed, workers: 2, heldOfEachKind: 6 });
  await soak.underLoad(share(0.2));
  await soak.loseWorker(0);

  await soak.underLoad(share(0.4));
  let middle = await soak.program.states();
  const enough = share(0.4);
  const tooLong = share(3);
  await soak.underLoad(() => (enough() && soak.missing().length === 0) || tooLong());
  let end = await soak.program.states();
  // The worker that is new may have been growing up: what leaks goes on.
  for (let more = 0; more < 2 && growth(middle, end, []) !== undefined; more++) {
    await soak.underLoad(share(0.5));
    [middle, end] = [end, await soak.program.states()];
  }
  assert.deepEqual(soak.missing(), [], 'all kinds of clients and changes had their turn');

  await soak.leave();
  const summary = await soak.summary();
  for (const line of summary.split('\n')) t.diagnostic(line);
  for (const line of describeLevels({ base: soak.base, middle, end }).split('\n')) t.diagnostic(line);
  await soak.untilAtRest();
  assert.equal(growth(middle, end, soak.program.samples), undefined);

  const { command } = soak.program;
  assert.deepEqual(
    command.log.filter(({ level }) => level === 'error').map(({ msg }) => msg),
    ['worker ended unasked'],
    'the worker that was killed, and nothing else',
  );
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

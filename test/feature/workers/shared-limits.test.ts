import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { get, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { tinyTable } from '../../tools/tiny-table.ts';

/** The table with one request at a time. */
function limited(table: RouteTable): RouteTable {
  const limit = { scope: 'shop', most: 1, per: 'route', exempt: [] } as const;
  return { ...table, policies: new Map([...table.policies].map(([key, policy]) => [key, { ...policy, requestLimits: [limit] }])) };
}

test('WorkerSupervisor: a request that one worker answers takes its place in the others, until its end or that of the worker', async (context) => {
  const backend = await testBackend(context, 'hello');
  const backOff = { firstMs: 10, maxMs: 50, healthyAfterMs: 60_000 };
  const { supervisor, port } = await supervisedWorkers(context, { backOff });
  supervisor.publish(limited(tinyTable({ backends: [backend.port] })));
  await supervisor.applied();
  /** The kernel spreads these over both workers. They may meet each other, which is no harm: some get through as long as there is a place. */
  const statuses = async (): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let n = 0; n < 12; n++) found.push((await get(port)).status);
    return found;
  };
  const untilNobody = (what: string) => eventually(what, async () => (await statuses()).every((status) => status === 503));
  const untilAll = (what: string) => eventually(what, async () => (await statuses()).every((status) => status === 200));
  const hold = async (): Promise<{ readonly asked: Promise<unknown> }> => {
    const asked = get(port, '/hold').catch(() => undefined);
    await eventually('it is held', () => backend.held() > 0);
    return { asked };
  };
  /** Ends the process of a worker, which is a child of this one. */
  const kill = async (isOwner: boolean): Promise<void> => {
    const [oldest] = [...(await supervisor.questions.connections(100))].sort((a, b) => b.ageMs - a.ageMs);
    const owner = oldest?.worker;
    const worker = supervisor.workers.find(({ slot }) => (slot === owner) === isOwner);
    assert.ok(owner !== undefined && worker?.pid !== undefined);
    process.kill(worker.pid, 'SIGKILL');
    await eventually('another is there', () => {
      const now = supervisor.workers[worker.slot];
      return now?.serving === true && now.pid !== worker.pid;
    });
  };

  await untilAll('there is a place');
  const { asked } = await hold();
  await untilNobody('both workers know');
  backend.release();
  await asked;
  await untilAll('the place is free');

  await hold();
  await untilNobody('both workers know again');
  await kill(false);
  await untilNobody('the new one knows too');
  await kill(true);
  backend.release();
  await untilAll('the place is free though nobody gave it back');
});

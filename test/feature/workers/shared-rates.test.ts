import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateLimit } from '../../../src/routes/policy.ts';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { tinyTable } from '../../tools/tiny-table.ts';

/** Nothing comes back while the test runs. */
const limit: RateLimit = { scope: 'test', requests: 5, windowMs: 3_600_000, burst: 5, key: { kind: 'address' }, exempt: [] };

function limited(table: RouteTable): RouteTable {
  return { ...table, policies: new Map([...table.policies].map(([key, policy]) => [key, { ...policy, rateLimits: [limit] }])) };
}

test('WorkerSupervisor: what one worker admits of a client is charged in the others', async (context) => {
  const backend = await testBackend(context, 'hello');
  const { supervisor, port } = await supervisedWorkers(context);
  supervisor.publish(limited(tinyTable({ backends: [backend.port] })));
  await supervisor.applied();
  assert.equal((await get(port, 'shop.example', '/')).status, 200);
  let admitted = 1;
  await eventually('both workers know the client', async () => (await supervisor.totals()).totals.rateLimitBuckets === 2);
  // A connection for each request, so that the kernel spreads them. Alone, each worker would admit five.
  await eventually('nobody admits any more', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => get(port, 'shop.example', '/')));
    const now = answers.filter(({ status }) => status === 200).length;
    admitted += now;
    return now === 0;
  });
  assert.ok(admitted >= 5 && admitted < 10, String(admitted));
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandMetrics } from '../../tools/command-metrics.ts';
import { get } from '../../tools/get.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';

const host = 'shop.example.com';

test('with every worker at the worst level requests get 503, and health and metrics answer', async (t) => {
  const backend = await HeldBackend.start(t);
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'all.yaml'),
    ingressClass + service('s', backend.port) + ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } }),
  );
  // The heap of a worker at rest is more than 5 % of so small a limit.
  const command = await startRun(t, ['--manifests', folder, '--overload-memory=5'], 2, { NODE_OPTIONS: '--max-old-space-size=128' });
  const [http, status] = [await command.port('http'), await command.port('status')];
  const level = async (worker: string): Promise<number> =>
    (await CommandMetrics.scrape(status)).sum('networkproxy_overload_level', { worker });
  await command.until(async () => (await level('0')) === 2 && (await level('1')) === 2);

  const load = Array.from({ length: 200 }, () => get(http, host, '/'));
  for (let i = 0; i < 20; i++) {
    assert.deepEqual([(await get(status, 'localhost', '/healthz')).status, (await get(status, 'localhost', '/readyz')).status], [200, 200]);
  }
  for (const answer of await Promise.all(load)) {
    assert.deepEqual([answer.status, answer.headers['retry-after'], answer.headers.connection], [503, '5', 'close']);
  }
  const metrics = await CommandMetrics.scrape(status);
  assert.equal(metrics.sum('networkproxy_overload_actions_total', { action: 'refused' }), 200);
  assert.equal(metrics.sum('networkproxy_responses_total', { flag: 'overload' }), 200);
  const lines = command.log.filter(({ msg }) => msg === 'worker overload');
  assert.deepEqual(lines.map(({ worker }) => worker).sort(), [0, 1], 'one line for each worker');
  assert.ok(lines.every(({ level, cause }) => level === 'refusing' && (cause === 'heap' || cause === 'memory')));
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandMetrics } from '../../tools/command-metrics.ts';
import { eventually } from '../../tools/eventually.ts';
import { ingressClass } from '../../tools/manifests.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { dial } from '../../tools/smartproxy/backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';

const limitTotal = 'networkproxy_tls_handshake_limit_total';

test('a flood of handshakes over the limit is in /metrics: how many waited, gave way and were refused, and which connections ended for it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'class.yaml'), ingressClass);
  const command = await startRun(t, ['--manifests', folder, '--max-handshakes=2', '--handshake-timeout=60s']);
  const [https, status] = [await command.port('https'), await command.port('status')];
  assert.deepEqual((await CommandMetrics.scrape(status)).nonZero(limitTotal, ['outcome']), {});

  // Two are begun and stall, eight a place wait, and there is no room for the rest.
  const hello = await genuineHello('shop.example.com');
  const flood = Array.from({ length: 60 }, async () => {
    const socket = await dial(https);
    t.after(() => socket.destroy());
    socket.on('error', () => {}).resume();
    socket.write(hello);
  });
  await Promise.all(flood);
  await eventually('one has given way, and each is counted where it ended or waits', async () => {
    const metrics = await CommandMetrics.scrape(status);
    const limit = (outcome: string) => metrics.sum(limitTotal, { outcome });
    const ended = limit('refused') + limit('gave_way');
    const open = metrics.sum('networkproxy_tls_handshakes_active') + metrics.sum('networkproxy_tls_handshakes_waiting');
    assert.ok(limit('refused') > 0 && limit('waited') > 0, `${limit('refused')} were refused, ${limit('waited')} waited`);
    assert.equal(open + ended, flood.length);
    assert.equal(metrics.sum('networkproxy_tls_handshakes_total', { result: 'limit' }), ended);
    assert.equal(metrics.sum('smartproxy_connections_closed_total', { reason: 'handshake_limit' }), ended);
    return limit('gave_way') > 0;
  });
});

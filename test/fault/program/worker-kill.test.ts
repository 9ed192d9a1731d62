import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CommandMetrics } from '../../tools/command-metrics.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { HeldBackend } from '../../tools/held-backend.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { dial } from '../../tools/smartproxy/backend.ts';

const host = 'shop.example.com';

interface Serving {
  readonly command: RunningCommand;
  readonly http: number;
  readonly status: number;
  readonly admin: number;
}

/** The command with two workers, both serving. */
async function serving(t: TestContext): Promise<Serving> {
  const backend = await HeldBackend.start(t);
  const folder = await temporaryFolder(t);
  const objects = ingressClass + service('s', backend.port) + ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } });
  await writeFile(join(folder, 'all.yaml'), objects);
  const command = await startRun(t, ['--manifests', folder], 2);
  await command.until(() => workerPids(command).size === 2);
  const [http, status, admin] = [await command.port('http'), await command.port('status'), await command.port('admin')];
  await command.until(async () => (await get(http, host, '/')).status === 200);
  return { command, http, status, admin };
}

/** The process that serves in each slot now. */
function workerPids(command: RunningCommand): ReadonlyMap<number, number> {
  const serves = command.log.filter(({ msg }) => msg === 'worker serves');
  return new Map(serves.map(({ worker, pid }) => [Number(worker), Number(pid)]));
}

async function owners(admin: number): Promise<ReadonlyMap<number, number>> {
  const { body } = await get(admin, 'localhost', '/debug/connections');
  const connections = JSON.parse(body) as readonly { readonly remotePort: number; readonly worker: number }[];
  return new Map(connections.map(({ remotePort, worker }) => [remotePort, worker]));
}

/** The status line of one GET on `socket`, or how the connection ended. */
async function askOn(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''));
  socket.once('close', () => resolve('closed'));
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return promise;
}

test('run: kill -9 of one of two workers costs its established connections, none that waits, and the metrics stay exact', async (t) => {
  const { command, http, status, admin } = await serving(t);
  const idle = await Promise.all(Array.from({ length: 24 }, () => dial(http)));
  for (const socket of idle) assert.equal(await askOn(socket), 'HTTP/1.1 200 OK');
  const ownerOf = await owners(admin);
  const [mine, others] = [0, 1].map((slot) => idle.filter(({ localPort }) => ownerOf.get(localPort ?? 0) === slot)) as [Socket[], Socket[]];
  assert.equal(mine.length + others.length, 24);
  const before = await CommandMetrics.scrape(status);
  assert.equal(before.sum('smartproxy_connections_active'), 24);

  let running = true;
  const outcomes = { answered: 0, lost: 0 };
  const load = Array.from({ length: 8 }, async () => {
    while (running) {
      await get(http, host, '/').then(
        () => outcomes.answered++,
        () => outcomes.lost++,
      );
    }
  });
  await eventually('load is on', () => outcomes.answered > 100);
  const first = workerPids(command).get(0) ?? 0;
  // Stopped first, so that connections wait in its queue when it is killed.
  process.kill(first, 'SIGSTOP');
  const waiting = await Promise.all(Array.from({ length: 30 }, () => dial(http)));
  const waitingAnswers = waiting.map((socket) => askOn(socket));
  process.kill(first, 'SIGKILL');
  await command.until(() => workerPids(command).get(0) !== first);
  const answered = outcomes.answered;
  await eventually('load goes on', () => outcomes.answered > answered + 100);
  running = false;
  await Promise.all(load);

  assert.ok(outcomes.lost <= 8, `${outcomes.lost} requests were lost, more than were in flight`);
  assert.deepEqual(new Set(await Promise.all(waitingAnswers)), new Set(['HTTP/1.1 200 OK']), 'none that waited is lost');
  for (const socket of mine) await eventually('its connections are gone', () => socket.destroyed || socket.readableEnded);
  for (const socket of others) assert.equal(await askOn(socket), 'HTTP/1.1 200 OK', "the other worker's live");
  for (const socket of [...idle, ...waiting]) socket.destroy();
  const after = await eventually('all is over', async () => {
    const metrics = await CommandMetrics.scrape(status);
    return metrics.sum('smartproxy_connections_active') === 0 ? metrics : undefined;
  });
  const lost = after.sum('smartproxy_connections_closed_total', { reason: 'worker_lost' });
  assert.ok(lost >= mine.length && lost <= mine.length + 8, `${lost} are worker_lost, ${mine.length} were open`);
  assert.ok(after.sum('smartproxy_connections_accepted_total') >= before.sum('smartproxy_connections_accepted_total'));
  assert.equal((await get(status, 'localhost', '/readyz')).status, 200);
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

test('run: a worker that is stopped is replaced, and the other serves meanwhile', async (t) => {
  const { command, http, status } = await serving(t);
  const stopped = workerPids(command).get(1) ?? 0;
  process.kill(stopped, 'SIGSTOP');
  await command.until(() => command.log.some(({ msg, pid }) => String(msg).includes('wedged') && pid === stopped));
  await command.until(() => workerPids(command).get(1) !== stopped);
  for (let request = 0; request < 20; request++) assert.equal((await get(http, host, '/')).status, 200);
  assert.throws(() => process.kill(stopped, 0), { code: 'ESRCH' });
  await CommandMetrics.scrape(status);
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

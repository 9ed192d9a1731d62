import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { get, type Supervised, supervisedWorkers, testBackend } from '../../tools/supervised-workers.ts';
import { tinyTable } from '../../tools/tiny-table.ts';

/** Two workers that answer whoever is let in. */
async function serving(context: TestContext, config: Partial<Config>): Promise<Supervised> {
  const backend = await testBackend(context, 'hello');
  const supervised = await supervisedWorkers(context, { config });
  supervised.supervisor.publish(tinyTable({ backends: [backend.port] }));
  await supervised.supervisor.applied();
  return supervised;
}

/** Opens a connection and asks something; false: it is reset. */
async function isLetIn(port: number, keep: (socket: Socket) => void): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nhost: a.example\r\n\r\n');
  const answered = await Promise.race([answer(socket, 'data'), answer(socket, 'close')]);
  if (answered) keep(socket);
  return answered;
}

async function answer(socket: Socket, event: 'data' | 'close'): Promise<boolean> {
  return await once(socket, event).then(
    () => event === 'data',
    () => false,
  );
}

const end = (socket: Socket): void => void socket.destroy();

for (const limit of ['maxConnections', 'maxConnectionsPerIp'] as const) {
  for (const networkProxyTransport of ['handoff', 'loopback'] as const) {
    test(`WorkerSupervisor: ${limit} is one of all workers together (${networkProxyTransport})`, async (context) => {
      const { port } = await serving(context, { [limit]: 4, networkProxyTransport });
      const kept: Socket[] = [];
      context.after(() => kept.forEach(end));
      for (let opened = 0; opened < 4; opened++) assert.ok(await isLetIn(port, (socket) => kept.push(socket)));
      const tries = async (): Promise<readonly boolean[]> => {
        const found: boolean[] = [];
        for (let n = 0; n < 12; n++) found.push(await isLetIn(port, end));
        return found;
      };
      await eventually('both workers are full', async () => !(await tries()).includes(true));
      for (const socket of kept.splice(0)) end(socket);
      await eventually('both workers have places', async () => !(await tries()).includes(false));
    });
  }
}

test('WorkerSupervisor: a rate of connections is one of all workers together', async (context) => {
  const { supervisor, port } = await serving(context, { connectionRatePerMinute: 4 });
  let admitted = 0;
  const count = (socket: Socket): void => {
    admitted++;
    end(socket);
  };
  assert.ok(await isLetIn(port, count));
  await eventually('both workers know the client', async () => (await supervisor.totals()).totals.rateLimitBuckets === 2);
  // Alone, each worker would admit four.
  await eventually('nobody is let in any more', async () => {
    const before = admitted;
    for (let n = 0; n < 12; n++) await isLetIn(port, count);
    return admitted === before;
  });
  assert.ok(admitted >= 4 && admitted < 8, String(admitted));
});

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

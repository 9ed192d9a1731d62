import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { UdpPeer } from '../../tools/smartproxy/udp-peer.ts';
import { udpListener, udpTable } from '../../tools/smartproxy/udp-under-test.ts';
import { supervisedWorkers } from '../../tools/supervised-workers.ts';

test('two workers share a UDP port; when one is killed its clients keep their endpoints, and the counters stay exact', async (context) => {
  using one = await UdpPeer.server('a');
  using two = await UdpPeer.server('b');
  const { supervisor, port } = await supervisedWorkers(context, { listeners: [udpListener] });
  supervisor.publish(udpTable({ services: { dns: [{ port: one.port }, { port: two.port }] } }));
  await supervisor.applied();

  const clients = await Promise.all(Array.from({ length: 24 }, () => UdpPeer.open()));
  context.after(() => {
    for (const client of clients) client.close();
  });
  const ask = (): Promise<readonly string[]> => Promise.all(clients.map((client) => client.ask('x', port)));
  const answers = await ask();
  assert.deepEqual(new Set(answers), new Set(['a x', 'b x']));

  const restarts = (): number => supervisor.workers.reduce((sum, worker) => sum + worker.restarts, 0);
  process.kill(Number(supervisor.workers[0]?.pid), 'SIGKILL');
  await eventually('the worker is replaced', () => restarts() === 1 && supervisor.workers.every(({ serving }) => serving));
  assert.deepEqual(await ask(), answers);

  const { totals } = await supervisor.totals();
  assert.equal(totals.udpSessionsOpened, totals.udpSessionsActive + totals.udpSessionsClosed.reduce((sum, count) => sum + count, 0));
  assert.ok(totals.udpSessionsOpened >= clients.length);
});

test('a UDP port opens, moves and closes while workers run, and one that is taken is tried until it is free', async (context) => {
  using server = await UdpPeer.server('a');
  using client = await UdpPeer.open();
  const holder = await UdpPeer.open();
  const { supervisor } = await supervisedWorkers(context, { listeners: [] });
  const table = (port: number) => udpTable({ services: { dns: [{ port: server.port }] }, listener: { ...udpListener, port } });
  supervisor.publish(table(0));
  await supervisor.applied();
  const first = Number(supervisor.addresses[0]?.port);
  assert.equal(await client.ask('x', first), 'a x');

  supervisor.publish(table(holder.port));
  await eventually('it is said that the port is taken', () => supervisor.listenerTroubles.get('dns')?.code === 'ADDRESS_IN_USE');
  const wanted = holder.port;
  holder.close();
  await eventually('it opened at last', () => supervisor.addresses.some(({ port }) => port === wanted));
  assert.equal(await client.ask('y', wanted), 'a y');

  const opened = supervisor.addresses.length;
  supervisor.publish({ ...table(wanted), listeners: new Map(), l4: new Map() });
  await eventually('it closed', () => supervisor.addresses.length < opened);
});

import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { test } from 'node:test';
import { Balancers } from '../../../src/balancing/balancers.ts';
import { closedIndex } from '../../../src/observability/counters/termination-reason.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { ReadBuffers } from '../../../src/read-buffers.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import { encodeLoopbackHeader } from '../../../src/smartproxy/loopback-header.ts';
import { LoopbackListener } from '../../../src/smartproxy/loopback-listener.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';
import { tableOf } from '../../tools/smartproxy/proxy-under-test.ts';

const addresses = { sourceAddress: '10.1.2.3', sourcePort: 4, destinationAddress: '10.0.0.1', destinationPort: 443 };
const key = Buffer.alloc(32, 1);

async function knock(bytes: Buffer): Promise<{ entered: number; strangers: number }> {
  const counters = new WorkerCounters();
  const wheel = new TimerWheel();
  let entered = 0;
  const networkProxy = {
    handleConnection: (connection: { end(side: 'proxy', reason: 'normal'): void }) => {
      entered++;
      connection.end('proxy', 'normal');
    },
  };
  const config = { firstByteTimeoutMs: 30_000, handshakeTimeoutMs: 30_000 };
  const compiled = CompiledTable.compile(tableOf({}));
  const listener = new LoopbackListener({
    config,
    wheel,
    networkProxy,
    key,
    counters,
    table: () => compiled,
    balancers: new Balancers({ counters, now: () => performance.now(), random: () => 0 }),
    direct: { counters, buffers: new ReadBuffers(), lookup },
    onNews: () => {},
  });
  const client = await dial(await listener.open());
  client.write(bytes);
  client.resume().on('end', () => client.end());
  await closed(client);
  listener.close();
  assert.equal(wheel.size, 0);
  wheel.close();
  return { entered, strangers: counters.connectionsClosed[closedIndex('proxy', 'unauthenticated_loopback')] as number };
}

test('the loopback port lets in who signs with the key', async () => {
  assert.deepEqual(await knock(encodeLoopbackHeader({ addresses, connectionId: 'x', listenerKey: 'http' }, key)), {
    entered: 1,
    strangers: 0,
  });
});

test('the loopback port resets and counts who signs with another key', async () => {
  const forged = encodeLoopbackHeader({ addresses, connectionId: 'x', listenerKey: 'http' }, Buffer.alloc(32, 2));
  assert.deepEqual(await knock(forged), { entered: 0, strangers: 1 });
});

test('the loopback port resets and counts a plain PROXY header, which anybody on this machine could write', async () => {
  assert.deepEqual(await knock(Buffer.from('PROXY TCP4 10.1.2.3 10.0.0.1 4 443\r\nGET / HTTP/1.1\r\n\r\n')), { entered: 0, strangers: 1 });
});

test('the loopback port ends a connection that begins with something else', async () => {
  assert.equal((await knock(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).entered, 0);
});

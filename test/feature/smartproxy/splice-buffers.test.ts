import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { closed } from '../../tools/smartproxy/backend.ts';
import { check, send } from '../../tools/smartproxy/byte-stream.ts';
import { DirectProxy, type Pair } from '../../tools/smartproxy/direct-proxy.ts';

/** More than both kernels' socket buffers take. */
const bulkBytes = 48 * 1024 * 1024;
const chunkBytes = [262_144];

interface Stalled extends Pair {
  /** Lets the client read on, to the end; resolves to the bytes that it got, all of them checked. */
  readonly finish: () => Promise<number>;
}

/** A client that has stopped reading, with a leased buffer of its bytes waiting in the proxy. */
async function stalled(proxy: DirectProxy, seed: number): Promise<Stalled> {
  const leasedBefore = proxy.buffers.leased;
  const pair = await proxy.connect();
  const { client, backend, record } = pair;
  const received = check(client, seed);
  const standsStill = sameAsBefore();
  client.pause();
  send(backend, seed, bulkBytes, chunkBytes);
  for (;;) {
    await eventually('bytes wait for the client', () => record.incoming.writableLength > 0 && standsStill(record.incoming.bytesWritten));
    if (proxy.buffers.leased > leasedBefore) break;
    await takeSome(client);
  }
  const finish = () => {
    client.resume();
    return received;
  };
  return { ...pair, finish };
}

/** Tells whether a value is what it was at the last call. */
function sameAsBefore(): (value: number) => boolean {
  let before: number | undefined;
  return (value) => {
    const same = value === before;
    before = value;
    return same;
  };
}

/** The bytes that wait may be copied ones, as those of the first read after a stop are: then the next stop may be another. */
async function takeSome(client: Socket): Promise<void> {
  const enough = client.bytesRead + 1_000_000;
  client.resume();
  while (client.bytesRead < enough) await once(client, 'data');
  client.pause();
}

test('a splice whose client takes nothing holds one buffer, and what is in it is not overwritten by others', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const slow = await stalled(proxy, 1);
  for (let seed = 2; seed < 6; seed++) {
    const { client, backend } = await proxy.connect();
    send(backend, seed, bulkBytes / 8, chunkBytes);
    assert.equal(await check(client, seed), bulkBytes / 8);
    client.end();
    await closed(client);
  }
  await eventually('the others have ended', () => proxy.manager.size === 1);
  assert.ok(proxy.buffers.leased <= 1, 'one buffer waits at most');
  assert.ok(slow.record.incoming.writableLength <= 262_144, 'no more than one buffer of bytes waits');
  assert.equal(await slow.finish(), bulkBytes);
  slow.client.end();
  await proxy.idle();
});

test('a client that finishes sending while a buffer waits for it still gets all its bytes', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const { client, backend, finish } = await stalled(proxy, 7);
  const got = check(backend, 8);
  send(client, 8, 100_000, [1000]);
  assert.equal(await got, 100_000, 'the other direction goes on, and ends');
  assert.equal(await finish(), bulkBytes);
  await proxy.idle();
});

test('a connection that is ended in order while a buffer waits flushes it unharmed, though its backend goes on sending', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const { client, record, finish } = await stalled(proxy, 9);
  const carried = record.incoming.bytesWritten;
  record.end('proxy', 'drain');
  const readOn = record.outgoing?.bytesRead ?? 0;
  await eventually('the backend is read on', () => (record.outgoing?.bytesRead ?? 0) > readOn + 1_000_000);
  assert.equal(await finish(), carried);
  client.end();
  await proxy.idle();
});

test('a buffer comes back when the client that it waits for resets', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const { client } = await stalled(proxy, 10);
  client.resetAndDestroy();
  await proxy.idle();
});

test('a buffer comes back when the backend of bulk in flight resets, and when the connection is killed', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const [reset, killed] = [await stalled(proxy, 11), await stalled(proxy, 12)];
  reset.backend.resetAndDestroy();
  killed.record.end('proxy', 'killed');
  reset.client.destroy();
  await proxy.idle();
});

test('200 splices at once on the same buffers carry every byte, those whose clients read late as well', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const pairs: Pair[] = [];
  for (let seed = 0; seed < 200; seed++) pairs.push(await proxy.connect());
  const late = pairs.slice(0, 20);
  const prompt = pairs.slice(20);
  for (const [seed, { backend, record }] of late.entries()) {
    send(backend, seed, bulkBytes / 4, [(seed + 1) * 7919]);
    await eventually('bytes wait for the client', () => record.incoming.writableLength > 0);
  }
  const receivedPrompt = prompt.map(({ client, backend }, index) => {
    send(backend, index + 20, 1_500_000, [(index + 1) * 1777, 65_536]);
    send(client, index + 1000, 150_000, [10_000]);
    return Promise.all([check(client, index + 20, index % 3 === 0 ? 'slow' : 'fast'), check(backend, index + 1000)]);
  });
  for (const counts of await Promise.all(receivedPrompt)) assert.deepEqual(counts, [1_500_000, 150_000]);
  for (const counts of await Promise.all(late.map(({ client }, seed) => check(client, seed)))) assert.equal(counts, bulkBytes / 4);
  for (const { client } of late) client.end();
  await proxy.idle();
});

test('splices beyond the buffers that are lent go on, and nothing more is lent', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  const lent = [];
  for (let buffer = proxy.buffers.lease(); buffer !== undefined; buffer = proxy.buffers.lease()) lent.push(buffer);
  assert.equal(new Set(lent).size, 64);
  const { client, backend } = await proxy.connect();
  send(backend, 13, bulkBytes, chunkBytes);
  assert.equal(await check(client, 13, 'alternating'), bulkBytes);
  client.end();
  await once(client, 'close');
  assert.equal(proxy.buffers.leased, lent.length);
  for (const buffer of lent) proxy.buffers.release(buffer);
  assert.equal(proxy.buffers.free, 8, 'a few are kept, the rest is let go');
  await proxy.idle();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { check, type Pace, send } from '../../tools/smartproxy/byte-stream.ts';
import { DirectProxy, type Pair } from '../../tools/smartproxy/direct-proxy.ts';

const pace = fc.constantFrom<Pace>('fast', 'slow', 'alternating');
const flow = fc.record({
  total: fc.integer({ min: 0, max: 12_000_000 }),
  chunkBytes: fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 3000, max: 700_000 })), {
    minLength: 1,
    maxLength: 6,
  }),
  pace,
});
const splices = fc.array(fc.record({ down: flow, up: flow }), { minLength: 1, maxLength: 4 });

/** Chunks that are all tiny would make many of a long flow. */
const bounded = ({ total, chunkBytes }: { total: number; chunkBytes: readonly number[] }): number =>
  Math.min(total, 2000 * Math.max(...chunkBytes));

test('splices that share buffers carry every byte both ways, whatever the chunks and however their readers take them', async (t) => {
  const proxy = await DirectProxy.listen();
  t.after(() => proxy.close());
  await fc.assert(
    fc.asyncProperty(splices, async (flows) => {
      const pairs: Pair[] = [];
      for (const _ of flows) pairs.push(await proxy.connect());
      const received = flows.map(({ down, up }, index) => {
        const { client, backend } = pairs[index] as Pair;
        const both = Promise.all([check(client, 2 * index, down.pace), check(backend, 2 * index + 1, up.pace)]);
        send(backend, 2 * index, bounded(down), down.chunkBytes);
        send(client, 2 * index + 1, bounded(up), up.chunkBytes);
        return both;
      });
      assert.deepEqual(
        await Promise.all(received),
        flows.map(({ down, up }) => [bounded(down), bounded(up)]),
      );
      await proxy.idle();
    }),
    { numRuns: 25 },
  );
});

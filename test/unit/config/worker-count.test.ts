import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { workerCount } from '../../../src/config/worker-count.ts';

const gib = 1024 ** 3;
const auto = { workers: undefined, networkProxyTransport: 'handoff' } as const;
const loopback = { ...auto, networkProxyTransport: 'loopback' } as const;

/** As the chart ships it: a memory limit of 1 GiB and none of CPU, so that every CPU of a large node is ours. */
test('workerCount: one for each CPU, and no more than the memory limit has room for', () => {
  assert.equal(workerCount(auto, { cpus: 4, memoryLimitBytes: gib }), 4);
  assert.equal(workerCount(auto, { cpus: 64, memoryLimitBytes: gib }), 8);
  assert.equal(workerCount(loopback, { cpus: 64, memoryLimitBytes: gib }), 4);
  assert.equal(workerCount(auto, { cpus: 64, memoryLimitBytes: 16 * gib }), 64);
  assert.equal(workerCount(auto, { cpus: 64, memoryLimitBytes: 64 * 1024 * 1024 }), 1, 'never none');
});

test('workerCount: without a limit one for each CPU, whatever the kernel calls none', () => {
  for (const memoryLimitBytes of [0, 2 ** 63, 2 ** 64]) assert.equal(workerCount(auto, { cpus: 64, memoryLimitBytes }), 64);
});

test('workerCount: as many as --workers says', () => {
  assert.equal(workerCount({ ...auto, workers: 32 }, { cpus: 2, memoryLimitBytes: gib }), 32);
  assert.ok(workerCount(auto) <= availableParallelism());
});

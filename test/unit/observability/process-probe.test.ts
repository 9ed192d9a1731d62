import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { ProcessProbe } from '../../../src/observability/process-probe.ts';
import { eventually } from '../../tools/eventually.ts';

test('ProcessProbe: tells what this process uses', async () => {
  const probe = new ProcessProbe();
  const facts = probe.read();
  assert.ok(Math.abs(Date.now() - process.uptime() * 1000 - facts.startedAtMs) < 1000);
  assert.ok(facts.cpuSeconds > 0 && facts.residentBytes > 1_000_000 && facts.heapBytes > 100_000);
  assert.ok(facts.heapLimitBytes > facts.heapBytes);
});

test('ProcessProbe: file descriptors that are opened and closed are counted', {
  skip: process.platform === 'linux' ? false : 'only Linux tells',
}, async () => {
  const probe = new ProcessProbe();
  const counted = () => eventually('descriptors are counted', () => probe.read().openFiles);
  assert.ok((await counted()) < (probe.read().maxFiles ?? 0));
  const opened = Array.from({ length: 100 }, () => openSync('/dev/null', 'r'));
  await eventually('they are counted', () => (probe.read().openFiles ?? 0) >= 100);
  for (const fd of opened) closeSync(fd);
  await eventually('they are not counted any more', () => (probe.read().openFiles ?? 1000) < 100);
});

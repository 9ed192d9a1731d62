// Preloaded into every process of a program under soak. At SIGUSR2 it collects garbage and writes down what the process holds on to.
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ProcessState } from './process-probe.ts';

const folder = process.env.SOAK_PROBE_FOLDER ?? '';
const isWorker = process.argv[2] === 'worker';
const deadlinesOf: (() => number)[] = [];
const counted: (new (...args: never) => unknown)[] = [];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

if (isWorker) {
  const { DataPlane } = await import('../../../src/workers/data-plane.ts');
  const { ConnectionRecord } = await import('../../../src/smartproxy/connection-record.ts');
  const { Exchange } = await import('../../../src/networkproxy/exchange.ts');
  const { Tunnel } = await import('../../../src/networkproxy/tunnel.ts');
  const { Socket } = await import('node:net');
  counted.push(ConnectionRecord, Exchange, Tunnel, Socket);
  const { applyDelta } = DataPlane.prototype;
  // The first table shows the data plane, which the worker keeps to itself.
  DataPlane.prototype.applyDelta = function (this: InstanceType<typeof DataPlane>, ...args) {
    DataPlane.prototype.applyDelta = applyDelta;
    deadlinesOf.push(() => this.deadlines);
    return applyDelta.apply(this, args);
  };
}

process.on('SIGUSR2', () => void report());

async function report(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    // The last resort also gives pages back that are empty now.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const objects = Object.fromEntries(counted.map((each) => [each.name, queryObjects(each, { format: 'count' })]));
  const deadlines = deadlinesOf.reduce((sum, read) => sum + read(), 0);
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const state: ProcessState = { rss, heapUsed, external, descriptors: readdirSync('/proc/self/fd').length, deadlines, timers, objects };
  const file = join(folder, `${process.pid}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

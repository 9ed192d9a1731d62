import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RequestSeriesIndex } from '../../../src/observability/request-series-index.ts';
import { diffTables } from '../../../src/routes/diff-tables.ts';
import { emptyRouteTable } from '../../../src/routes/route-table.ts';
import { packDelta } from '../../../src/workers/packed-delta.ts';
import { type WorkerExit, WorkerProcess } from '../../../src/workers/worker-process.ts';
import { eventually } from '../../tools/eventually.ts';
import { largeTable, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

const whole = packDelta(diffTables(emptyRouteTable, tinyTable({ backends: [9], listeners: [] })) ?? {});

function startWorker() {
  const heard: string[] = [];
  const exits: WorkerExit[] = [];
  const worker = new WorkerProcess({
    slot: 0,
    idPrefix: 't-',
    config: tinyConfig(),
    ticketKeys: new Uint8Array(48),
    entry: { script: fileURLToPath(new URL('../../../src/workers/worker-entry.ts', import.meta.url)), args: [], execArgv: [] },
    sockets: [],
    udpPorts: [],
    heartbeatMs: 50,
    seriesIndex: new RequestSeriesIndex(),
    observer: {
      workerStarted: () => heard.push('started'),
      workerApplied: () => heard.push(`applied ${worker.generation}`),
      workerNeedsTable: () => heard.push('needs the table'),
      workerFailed: (_worker, message) => heard.push(message),
      workerOverload: () => 0,
      workerRates: () => 0,
      workerActive: () => 0,
      workerRedis: () => 0,
      workerExited: (_worker, exit) => exits.push(exit),
    },
  });
  return { worker, heard, exits };
}

test('WorkerProcess: a delta that does not fit asks for the whole table, which then serves', async () => {
  const { worker, heard } = startWorker();
  try {
    worker.sendDelta(7, 8, packDelta({}));
    worker.sendDelta(0, 9, whole);
    await eventually('it serves', () => worker.serving);
    assert.deepEqual(heard, ['needs the table', 'applied 9', 'started']);
  } finally {
    await worker.end();
  }
});

test('WorkerProcess: a small delta behind a large one is applied after it, and what does not fit asks for the whole table', async () => {
  const { worker, heard } = startWorker();
  try {
    const large = largeTable(5000, { backends: [9], listeners: [] });
    const packed = packDelta(diffTables(emptyRouteTable, large) ?? {});
    assert.equal(packed.kind, 'large');
    worker.sendDelta(0, 1, packed);
    worker.sendDelta(1, 2, packDelta({ hosts: { set: [], removed: ['4999.example'] } })); // fits the large one only
    worker.sendDelta(7, 8, packDelta({}));
    worker.sendDelta(0, 9, packed);
    worker.sendDelta(9, 10, packDelta({ hosts: { set: [], removed: ['0.example'] } }));
    await eventually('the last is applied', () => worker.generation === 10);
    assert.deepEqual(
      heard.filter((line) => line !== 'started'),
      ['applied 1', 'applied 2', 'needs the table', 'applied 9', 'applied 10'],
    );
  } finally {
    await worker.end();
  }
});

test('WorkerProcess: signals meant for the whole process group do not end it; its end is told once', async () => {
  const { worker, exits } = startWorker();
  worker.sendDelta(0, 1, whole);
  await eventually('it serves', () => worker.serving);
  const pid = worker.pid as number;
  process.kill(pid, 'SIGTERM');
  process.kill(pid, 'SIGINT');
  const before = worker.lastHeardMs;
  await eventually('two more heartbeats have come', () => worker.lastHeardMs > before + 100);
  await worker.end();
  await worker.end();
  assert.deepEqual(
    exits.map(({ how }) => how),
    ['signal SIGKILL'],
  );
  assert.deepEqual(await worker.connections(10), [], 'an answer, though nobody gives it');
  assert.equal(worker.serving, false);
});

test('WorkerProcess: a script that does not exist is an exit, not an exception', async () => {
  const exits: WorkerExit[] = [];
  const nobody = () => {};
  new WorkerProcess({
    slot: 0,
    idPrefix: 't-',
    config: tinyConfig(),
    ticketKeys: new Uint8Array(48),
    entry: { script: '/nonexistent/worker.js', args: [], execArgv: [] },
    sockets: [],
    udpPorts: [],
    heartbeatMs: 1000,
    seriesIndex: new RequestSeriesIndex(),
    observer: {
      workerStarted: nobody,
      workerApplied: nobody,
      workerNeedsTable: nobody,
      workerFailed: nobody,
      workerOverload: nobody,
      workerRates: nobody,
      workerActive: nobody,
      workerRedis: nobody,
      workerExited: (_worker, exit) => exits.push(exit),
    },
  });
  await eventually('it has ended', () => exits.length === 1);
  assert.equal(exits[0]?.how, 'code 1');
});

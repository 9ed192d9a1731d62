// A main process for the tests to kill: starts two workers, gives them a table and tells their pids.
import { WorkerSupervisor } from '../../../src/workers/worker-supervisor.ts';
import { httpListener, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const supervisor = new WorkerSupervisor({ config: tinyConfig({ workers: 2 }), listeners: [httpListener()], log });
await supervisor.start();
supervisor.publish(tinyTable({ backends: [9] }));
await supervisor.applied();
process.send?.(supervisor.workers.map(({ pid }) => pid));

// A main process whose workers write the access log: tells its port, drains when told to, and ends.
import { WorkerSupervisor } from '../../../src/workers/worker-supervisor.ts';
import { httpListener, tinyConfig, tinyTable } from '../../tools/tiny-table.ts';

const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const supervisor = new WorkerSupervisor({ config: tinyConfig({ workers: 2, accessLog: 'all' }), listeners: [httpListener()], log });
const [bound] = await supervisor.start();
supervisor.publish(tinyTable({ backends: [Number(process.argv[2])] }));
await supervisor.applied();
process.send?.(bound?.port);
process.once('message', async () => {
  await supervisor.drain(10_000);
  await supervisor.close();
  process.disconnect?.();
});

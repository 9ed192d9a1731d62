import { runWorker } from './worker-main.ts';

runWorker();

import { workerData } from 'node:worker_threads';
import { watch } from './watchdog.ts';

watch(workerData);

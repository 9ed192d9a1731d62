import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';

/** What a process holds on to after its garbage was collected. Memory in bytes. */
export interface ProcessState {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly descriptors: number;
  /** Armed deadlines of the data plane. */
  readonly deadlines: number;
  /** Timers of Node's own. */
  readonly timers: number;
  /** Living objects of some classes, by name. */
  readonly objects: Readonly<Record<string, number>>;
}

const probe = new URL('./process-probe-main.ts', import.meta.url).href;

/** The environment that puts the probe into a program and all its processes. */
export function probeEnvironment(folder: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${probe}`, SOAK_PROBE_FOLDER: folder };
}

/** Makes a process collect its garbage and say what it holds. */
export async function probeProcess(folder: string, pid: number): Promise<ProcessState> {
  const file = join(folder, `${pid}.json`);
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return await eventually(`process ${pid} says what it holds`, async () => {
    if (!existsSync(file)) process.kill(pid, 0); // throws ESRCH where it has ended
    return JSON.parse(await readFile(file, 'utf8')) as ProcessState;
  });
}

/** Resident bytes of a process now, garbage included; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}

import { readFileSync } from 'node:fs';
import { processTree } from '../../bench/process-tree.ts';

/** The command line of a process; none where it has ended. */
export function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Kills `root` and what descends from it, also what is stopped and would outlive its parent. */
export function killTree(root: number): void {
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}

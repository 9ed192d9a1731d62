import { readFileSync } from 'node:fs';

/** `pid` and all processes that descend from it and have not lost their parents. */
export function processTree(pid: number): readonly number[] {
  const children = readOfProcess(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processTree)];
}

/** The command line of a process; none where it has ended. */
export function argumentsOf(pid: number): readonly string[] {
  return readOfProcess(pid, 'cmdline').split('\0');
}

/** Kills `pid` and what descends from it, also what is stopped and would outlive its parent. */
export function killTree(pid: number): void {
  for (const each of processTree(pid)) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}

/** Empty where there is no such process any more, or no /proc. */
function readOfProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

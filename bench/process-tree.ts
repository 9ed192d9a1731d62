import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The kernel's clock ticks a second (USER_HZ), which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface ProcStat {
  readonly parent: number;
  readonly cpuTicks: number;
  readonly rssPages: number;
}

function readStat(pid: number): ProcStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // fields from 3 (state) on: proc_pid_stat(5)
    return { parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]), rssPages: Number(fields[21]) };
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** `root` and all its descendants that have not lost their parents; `root` alone where there is no /proc. */
export function processTree(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of existsSync('/proc/self/stat') ? readdirSync('/proc') : []) {
    const pid = Number(entry);
    const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
    if (stat !== undefined) parents.set(pid, stat.parent);
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** CPU seconds, user and system, that the tree below `root` has used so far. */
export function treeCpuSeconds(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + (readStat(pid)?.cpuTicks ?? 0), 0) / ticksPerSecond;
}

/** Resident bytes of the tree below `root`. */
export function treeRssBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + (readStat(pid)?.rssPages ?? 0), 0) * 4096;
}

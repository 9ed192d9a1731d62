import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { MemoryReading, MemorySource } from '../networkproxy/overload/memory-reading.ts';
import { residentBytes } from '../observability/resident-bytes.ts';

/** What a probe asks the machine; tests pass their own. */
export interface MemoryProbeSource {
  /** The text of a file; undefined: it cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Resident bytes of this process. */
  residentBytes(): number;
  /** All memory of the machine. */
  readonly machineBytes: number;
}

const realSource: MemoryProbeSource = {
  read: (path) => readFile(path, 'latin1').catch(() => undefined),
  residentBytes,
  machineBytes: totalmem(),
};

/** A control group with its files' names, which differ between the two versions. */
interface MemoryGroup {
  readonly folder: string;
  readonly limit: string;
  readonly used: string;
  /** The line of `memory.stat` with file cache that the kernel drops before it ends anybody. */
  readonly droppable: string;
}

const v2Files = { limit: 'memory.max', used: 'memory.current', droppable: 'inactive_file' } as const;
const v1Files = { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', droppable: 'total_inactive_file' } as const;

/**
 * Measures how much of its memory limit this process's control group uses: with all workers of a pod in one group, each sees the same and
 * acts alike. Without a limit, the process is measured against its share of the machine. Reads files in the thread pool: the kernel may
 * take its time over them.
 */
export class MemoryProbe implements MemorySource {
  readonly #source: MemoryProbeSource;
  readonly #processes: number;
  #group: MemoryGroup | undefined;
  #isSearched = false;

  /** @param processes how many share the limit */
  constructor(processes: number, source: MemoryProbeSource = realSource) {
    this.#source = source;
    this.#processes = processes;
  }

  async read(): Promise<MemoryReading> {
    if (!this.#isSearched) this.#group = await this.#findGroup();
    this.#isSearched = true;
    const reading = this.#group === undefined ? undefined : await this.#readGroup(this.#group);
    if (reading !== undefined) return reading;
    const shareBytes = this.#source.machineBytes / this.#processes;
    return { usedBytes: this.#source.residentBytes(), limitBytes: shareBytes, shareBytes };
  }

  /** The group with the least limit, of our own and those around it: the first that would run out. */
  async #findGroup(): Promise<MemoryGroup | undefined> {
    const groups = groupsOf((await this.#source.read('/proc/self/cgroup')) ?? '');
    let least: MemoryGroup | undefined;
    let leastBytes = Number.POSITIVE_INFINITY;
    for (const group of groups) {
      const limit = await this.#limitOf(group);
      if (limit === undefined || limit >= leastBytes) continue;
      least = group;
      leastBytes = limit;
    }
    return least;
  }

  /** Undefined: there is none, or one that the machine does not have. */
  async #limitOf({ folder, limit }: MemoryGroup): Promise<number | undefined> {
    const bytes = numberOf(await this.#source.read(join(folder, limit)));
    return bytes !== undefined && bytes > 0 && bytes < this.#source.machineBytes ? bytes : undefined;
  }

  /** The limit too is read each time: a pod may be resized while it runs. */
  async #readGroup(group: MemoryGroup): Promise<MemoryReading | undefined> {
    const [limitBytes, used, stat] = await Promise.all([
      this.#limitOf(group),
      this.#source.read(join(group.folder, group.used)),
      this.#source.read(join(group.folder, 'memory.stat')),
    ]);
    const usedBytes = numberOf(used);
    if (limitBytes === undefined || usedBytes === undefined) return undefined;
    const droppable = new RegExp(`^${group.droppable} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? '0';
    return { usedBytes: Math.max(0, usedBytes - Number(droppable)), limitBytes, shareBytes: limitBytes / this.#processes };
  }
}

/** `max` and whatever else is no number: undefined. */
function numberOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

/**
 * The groups named by `/proc/self/cgroup` that may limit memory, innermost first, up to the root: inside a container the path may be the
 * host's, of which only the root is mounted.
 */
function groupsOf(text: string): readonly MemoryGroup[] {
  const groups: MemoryGroup[] = [];
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === '') groups.push(...upFrom('/sys/fs/cgroup', path).map((folder) => ({ folder, ...v2Files })));
    else if (controllers.split(',').includes('memory'))
      groups.push(...upFrom('/sys/fs/cgroup/memory', path).map((folder) => ({ folder, ...v1Files })));
  }
  return groups;
}

function upFrom(mount: string, path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return Array.from({ length: names.length + 1 }, (_, i) => join(mount, ...names.slice(0, names.length - i)));
}

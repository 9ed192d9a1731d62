import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { getHeapStatistics } from 'node:v8';
import { residentBytes } from './resident-bytes.ts';

/** What a process uses, as plain data. */
export interface ProcessFacts {
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** User and system time since the start. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** The size of the JavaScript heap at which V8 ends the process. */
  readonly heapLimitBytes: number;
  /** Undefined: not counted yet, or this system does not tell. */
  readonly openFiles: number | undefined;
  /** Undefined: no limit, or this system does not tell. */
  readonly maxFiles: number | undefined;
}

const ownFiles = '/proc/self/fd';

/** Looks at the process that it is in. Cheap enough for every heartbeat: file descriptors are counted between two looks, off the loop. */
export class ProcessProbe {
  readonly #startedAtMs = Date.now() - process.uptime() * 1000;
  readonly #maxFiles = readMaxFiles();
  #openFiles: number | undefined;
  #isCounting = false;

  constructor() {
    void this.#countFiles();
  }

  read(): ProcessFacts {
    void this.#countFiles();
    const { user, system } = process.cpuUsage();
    const { used_heap_size: heapBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
    return {
      startedAtMs: this.#startedAtMs,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: residentBytes(),
      heapBytes,
      heapLimitBytes,
      openFiles: this.#openFiles,
      maxFiles: this.#maxFiles,
    };
  }

  async #countFiles(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    this.#openFiles = await countOpenFiles();
    this.#isCounting = false;
  }
}

/** The size of the folder is their number since Linux 6.2; before, it is 0 and they are listed, themselves included. */
async function countOpenFiles(): Promise<number | undefined> {
  try {
    const { size } = await stat(ownFiles);
    return size > 0 ? size : (await readdir(ownFiles)).length;
  } catch {
    return undefined; // no Linux
  }
}

/** The soft limit. */
function readMaxFiles(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

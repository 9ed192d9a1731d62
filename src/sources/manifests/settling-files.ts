/** So long a file has to stay as it is before it is read: whoever writes it in place has it empty or cut for a moment. */
const settleMs = 100;
/** So long before it takes away an object that it held, or is taken for gone: a writer may have to wait in between. */
const removalMs = 500;
/** One that never settles is read all the same, but takes nothing away. */
const overdueMs = 2000;

interface Unsettled {
  readonly version: string;
  readonly sinceMs: number;
  /** Since when it is another one than what was read. */
  readonly firstMs: number;
}

/** What may be done about a file that is not as it was read last. */
export interface Settled {
  readonly mayRead: boolean;
  readonly mayRemove: boolean;
}

/** Files that changed and may be in the middle of being written. The clock may begin anywhere, in milliseconds. */
export class SettlingFiles {
  readonly #files = new Map<string, Unsettled>();

  /** How soon it is worth to look again; undefined: nothing is unsettled. */
  get lookAgainMs(): number | undefined {
    return this.#files.size === 0 ? undefined : settleMs;
  }

  /** @param version of the file as it is now */
  seen(path: string, version: string, nowMs: number): Settled {
    const before = this.#files.get(path);
    const now = before?.version === version ? before : { version, sinceMs: nowMs, firstMs: before?.firstMs ?? nowMs };
    this.#files.set(path, now);
    const ageMs = nowMs - now.sinceMs;
    return { mayRead: ageMs >= settleMs || nowMs - now.firstMs >= overdueMs, mayRemove: ageMs >= removalMs };
  }

  /** It is as it was read, or gone for good. */
  settle(path: string): void {
    this.#files.delete(path);
  }
}

import { access, constants, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, SmartProxyError } from '../errors.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { openTable, sealTable } from './seal-table.ts';

export interface TableSnapshotOptions {
  readonly file: string;
  /** 32 bytes; asked for until it is there once. */
  readonly readKey: () => Promise<Buffer>;
  /** How long changes are gathered before they are written. */
  readonly debounceMs?: number;
  /** A write that failed is tried again after so long, and with the next change. @default 30,000 */
  readonly retryMs?: number;
  /** A file system that has not answered for so long is told of, and no stop waits longer for it. @default 10,000 */
  readonly patienceMs?: number;
  /** The key or the folder can't be used. */
  readonly onError: (error: SmartProxyError) => void;
  /** They can. */
  readonly onSuccess?: () => void;
}

/** The last good table on disk, encrypted: written some seconds after changes, read when the API server is absent at start. */
export class TableSnapshot {
  readonly #options: TableSnapshotOptions;
  #key: Buffer | undefined;
  #waiting: RouteTable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #writtenAtMs: number | undefined;
  #failures = 0;

  constructor(options: TableSnapshotOptions) {
    this.#options = options;
  }

  /** When this run wrote a table last, in milliseconds since 1970; undefined: it has not. */
  get writtenAtMs(): number | undefined {
    return this.#writtenAtMs;
  }

  /** Writes of this run that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** The table of the last run; undefined: none was written yet.
   * @throws SmartProxyError SNAPSHOT_INVALID when it can't be trusted, STATE_UNUSABLE when it can't be read */
  async load(): Promise<RouteTable | undefined> {
    const { file } = this.#options;
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new SmartProxyError('STATE_UNUSABLE', `Cannot read the last-good snapshot ${file}: ${messageOf(error)}`, { cause: error });
    });
    return bytes === undefined ? undefined : openTable(bytes, await this.#readKey());
  }

  /** Tells, before there is anything to write, whether that will be possible. */
  probe(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#readKey();
        await mkdir(dirname(this.#options.file), { recursive: true, mode: 0o700 });
        await access(dirname(this.#options.file), constants.W_OK);
      } catch (error) {
        this.#options.onError(this.#cannotWrite(error));
      }
    });
  }

  /** Takes a table that was published; it is written within the debounce time, unless a newer one comes. */
  save(table: RouteTable): void {
    this.#waiting = table;
    this.#arm(this.#options.debounceMs ?? 5000);
  }

  /** Writes what waits and resolves when it is on disk. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const table = this.#waiting;
    this.#waiting = undefined;
    return table === undefined ? this.#writing : this.#inTurn(() => this.#write(table));
  }

  /** `flush`, unless that takes too long: a mount may hang for ever. */
  async close(): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([this.flush(), delay(this.#patienceMs, undefined, { signal: waiting.signal }).catch(() => {})]);
    waiting.abort();
  }

  get #patienceMs(): number {
    return this.#options.patienceMs ?? 10_000;
  }

  /** Does `step` when the one before it is over. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const tell = (): void => this.#options.onError(this.#cannotWrite(new Error(`no answer for ${this.#patienceMs / 1000} s`)));
      const timer = setTimeout(tell, this.#patienceMs).unref();
      await step().finally(() => clearTimeout(timer));
    });
    return this.#writing;
  }

  #arm(delayMs: number): void {
    this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
  }

  async #readKey(): Promise<Buffer> {
    this.#key ??= await this.#options.readKey();
    return this.#key;
  }

  #cannotWrite(cause: unknown): SmartProxyError {
    if (cause instanceof SmartProxyError) return cause;
    const { file } = this.#options;
    return new SmartProxyError('STATE_UNUSABLE', `Cannot write the last-good snapshot ${file}: ${messageOf(cause)}`, { cause });
  }

  /** Whole or not at all: a crash leaves the old file. */
  async #write(table: RouteTable): Promise<void> {
    const { file, onError, onSuccess, retryMs = 30_000 } = this.#options;
    const temporary = `${file}.new`;
    try {
      const key = await this.#readKey();
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const handle = await open(temporary, 'w', 0o600);
      try {
        await handle.writeFile(sealTable(table, key));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      this.#writtenAtMs = Date.now();
      onSuccess?.();
    } catch (error) {
      this.#failures++;
      onError(this.#cannotWrite(error));
      this.#waiting ??= table;
      this.#arm(retryMs);
    }
  }
}

import type { Log } from '../../log.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Troubles } from '../troubles.ts';
import type { ApiClient } from './api-client.ts';
import { hasStatus } from './api-error.ts';
import { apiTrouble } from './api-trouble.ts';

/** How often statuses were written, by result. */
export interface StatusWrites {
  readonly ok: number;
  readonly failed: number;
}

/** A status to bring about. */
export interface PacedWrite {
  /** Of the object: no two writes of one follow each other sooner than the interval. */
  readonly uid: string;
  /** Of the status subresource. */
  readonly path: string;
  /** The status, as a merge patch; null: none any more. */
  readonly status: unknown;
  /** It is tried now; whether the server takes it may stay unknown. */
  begin(): void;
  /** The server took it. */
  done(): void;
}

export interface PacedWriterOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly troubles: Troubles;
  /** Name in troubles: `ingresses/status`. */
  readonly part: string;
  /** Every change of it is a reason to look again. */
  readonly store: ObjectStore;
  /** The writes that there is a need for now. */
  readonly needed: () => readonly PacedWrite[];
  /** Least time between two writes of one object. @default 30,000 */
  readonly minWriteIntervalMs?: number;
  /** How long changes are collected before they are written. @default 500 */
  readonly holdOffMs?: number;
}

const writesAtOnce = 4;

/**
 * Brings statuses about while active: collected, a few at once, and never two of one object within the interval. One that fails is told
 * in troubles and tried again after the interval.
 */
export class PacedWriter {
  readonly #options: PacedWriterOptions;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  /** Monotonic milliseconds of the last attempt, by uid. */
  readonly #attempts = new Map<string, number>();
  #isActive = false;
  #succeeded = 0;
  #failed = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #pass: Promise<void> | undefined;

  constructor(options: PacedWriterOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.subscribe(() => this.changed());
  }

  /** Writes that came to an end. */
  get writes(): StatusWrites {
    return { ok: this.#succeeded, failed: this.#failed };
  }

  /** Whether we may write: leadership. */
  set active(isActive: boolean) {
    this.#isActive = isActive && !this.#closing.signal.aborted;
    if (!isActive) {
      this.#attempts.clear();
      this.#options.troubles.clear(this.#options.part);
    }
    this.changed();
  }

  /** There may be something to write. */
  changed(): void {
    this.#schedule(this.#options.holdOffMs ?? 500);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#isActive = false;
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the status writer was closed'));
    await this.#pass;
  }

  /** The earliest of the times asked for wins. */
  #schedule(delayMs: number): void {
    if (!this.#isActive) return;
    const dueMs = performance.now() + delayMs;
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timerDueMs = Number.POSITIVE_INFINITY;
      this.#startPass();
    }, delayMs);
    this.#timer.unref();
  }

  #startPass(): void {
    if (this.#pass !== undefined) {
      this.changed();
      return;
    }
    this.#pass = this.#writeDue().finally(() => {
      this.#pass = undefined;
    });
  }

  async #writeDue(): Promise<void> {
    const writes = this.#due().values();
    const lane = async () => {
      for (const write of writes) if (this.#isActive) await this.#write(write);
    };
    await Promise.all(Array.from({ length: writesAtOnce }, lane));
  }

  /** What may be written now; what must wait gets its time. */
  #due(): readonly PacedWrite[] {
    if (!this.#isActive) return [];
    const nowMs = performance.now();
    const intervalMs = this.#intervalMs;
    for (const [uid, atMs] of this.#attempts) if (atMs + intervalMs <= nowMs) this.#attempts.delete(uid);
    const needed = this.#options.needed();
    if (needed.length === 0) this.#options.troubles.clear(this.#options.part);
    return needed.filter(({ uid }) => {
      const lastMs = this.#attempts.get(uid);
      if (lastMs === undefined) return true;
      this.#schedule(lastMs + intervalMs - nowMs);
      return false;
    });
  }

  async #write(write: PacedWrite): Promise<void> {
    const { client, log, troubles, part } = this.#options;
    const { uid, path, status } = write;
    const { signal } = this.#closing;
    this.#attempts.set(uid, performance.now());
    write.begin();
    try {
      // The uid makes the server refuse the write when another object took the name.
      await client.json({ method: 'PATCH', path, body: { metadata: { uid }, status }, signal });
      this.#succeeded++;
      troubles.clear(part);
      write.done();
    } catch (error) {
      // An object that is gone needs no status.
      if (signal.aborted || hasStatus(error, 404)) return;
      this.#failed++;
      log.debug({ path, err: error }, 'writing a status failed: trying again');
      troubles.report(part, apiTrouble(error, 'patch', path));
      this.#schedule(this.#intervalMs);
    }
  }

  get #intervalMs(): number {
    return this.#options.minWriteIntervalMs ?? 30_000;
  }
}

import type { ObjectStore } from '../object-store.ts';

/** A write to bring about. */
export interface PacedWrite {
  /** Of the object: no two writes of one follow each other sooner than the interval. */
  readonly uid: string;
  /** Rejects when it should be tried again after the interval. */
  perform(signal: AbortSignal): Promise<void>;
}

export interface PacedWriterOptions {
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

/** Brings writes about while active: collected, a few at once, and never two of one object within the interval. */
export class PacedWriter {
  readonly #options: PacedWriterOptions;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  /** Monotonic milliseconds of the last attempt, by uid. */
  readonly #attempts = new Map<string, number>();
  #isActive = false;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #pass: Promise<void> | undefined;

  constructor(options: PacedWriterOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.subscribe(() => this.changed());
  }

  /** Whether we may write: leadership. */
  set active(isActive: boolean) {
    this.#isActive = isActive && !this.#closing.signal.aborted;
    if (!isActive) this.#attempts.clear();
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
    return this.#options.needed().filter(({ uid }) => {
      const lastMs = this.#attempts.get(uid);
      if (lastMs === undefined) return true;
      this.#schedule(lastMs + intervalMs - nowMs);
      return false;
    });
  }

  async #write(write: PacedWrite): Promise<void> {
    this.#attempts.set(write.uid, performance.now());
    try {
      await write.perform(this.#closing.signal);
    } catch {
      this.#schedule(this.#intervalMs);
    }
  }

  get #intervalMs(): number {
    return this.#options.minWriteIntervalMs ?? 30_000;
  }
}

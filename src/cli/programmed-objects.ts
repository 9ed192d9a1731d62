import { setTimeout as delay } from 'node:timers/promises';
import type { Translation } from '../translate/translation.ts';

export interface ProgrammedObjectsOptions {
  /** Resolves when every worker serves the last table. */
  readonly applied: () => Promise<void>;
  readonly report: (translation: Translation, isProgrammed: boolean) => void;
  /** Workers that take longer make objects `Pending`. @default 5,000 */
  readonly patienceMs?: number;
}

/**
 * Tells what objects with conditions have come to once the workers serve them, or that they do not yet: a table is with them in a moment, and a status
 * that says otherwise for that moment would be two writes for nothing. Always the last translation; those between may be left out.
 */
export class ProgrammedObjects {
  readonly #options: ProgrammedObjectsOptions;
  readonly #closing = new AbortController();
  #next: Translation | undefined;
  #isRunning = false;
  #applied: Promise<true> | undefined;

  constructor(options: ProgrammedObjectsOptions) {
    this.#options = options;
  }

  /** @param translation whose table was published, or is the one that was published before */
  update(translation: Translation): void {
    this.#next = translation;
    if (!this.#isRunning) void this.#run();
  }

  close(): void {
    this.#closing.abort();
    this.#next = undefined;
  }

  async #run(): Promise<void> {
    const { patienceMs = 5000 } = this.#options;
    this.#isRunning = true;
    for (let translation = this.#take(); translation !== undefined; translation = this.#take()) {
      const inTime = await Promise.race([this.#allApplied(), this.#pause(patienceMs)]);
      this.#report(translation, inTime);
      // With nothing newer: wait on, for as long as it takes.
      if (!inTime && !this.#closing.signal.aborted) this.#next ??= translation;
    }
    this.#isRunning = false;
  }

  /** One look at the workers at a time: it waits for whatever table is the last. */
  #allApplied(): Promise<true> {
    this.#applied ??= this.#options.applied().then(() => {
      this.#applied = undefined;
      return true;
    });
    return this.#applied;
  }

  #take(): Translation | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  #pause(ms: number): Promise<false> {
    const { signal } = this.#closing;
    return delay(ms, false as const, { signal, ref: false }).catch(() => false as const);
  }

  #report(translation: Translation, isProgrammed: boolean): void {
    if (!this.#closing.signal.aborted) this.#options.report(translation, isProgrammed);
  }
}

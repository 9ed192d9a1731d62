/** After an event: wait for this long without another one, so that a file in the middle of being written is not read. */
const quietMs = 50;
/** But never longer than this after the first event. */
const maxWaitMs = 500;
/** Without any event: look anyway, because watches miss things. */
const rescanMs = 5000;
/** A scan may take this part of the time at most: a huge folder is looked through less often. */
const maxShareOfTime = 0.1;

/** Decides when a scan runs: soon after events, now and then without any, never two at a time. */
export class ScanSchedule {
  readonly #scan: () => Promise<number | undefined>;
  #timer: NodeJS.Timeout | undefined;
  #firstEventMs: number | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  /** @param scan reports its failures by itself and does not reject; resolves to how soon another is due, in ms, where that is soon */
  constructor(scan: () => Promise<number | undefined>) {
    this.#scan = scan;
  }

  /** Scans now, or right after the scan that is running. */
  async run(): Promise<void> {
    if (this.#running !== undefined) await this.#running;
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#firstEventMs = undefined;
    const startedMs = performance.now();
    const scan = this.#scan();
    this.#running = scan.then(() => undefined);
    const againMs = await scan;
    this.#running = undefined;
    const tookMs = performance.now() - startedMs;
    const rescan = againMs === undefined ? Math.max(rescanMs, tookMs / maxShareOfTime) : Math.max(againMs, tookMs);
    this.#arm(this.#firstEventMs === undefined ? rescan : quietMs);
  }

  /** Something happened: scan when it has calmed down. */
  soon(): void {
    const nowMs = performance.now();
    this.#firstEventMs ??= nowMs;
    if (this.#running === undefined) this.#arm(Math.max(0, Math.min(quietMs, this.#firstEventMs + maxWaitMs - nowMs)));
  }

  /** No scan starts any more; resolves when the running one is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.run(), delayMs).unref();
  }
}

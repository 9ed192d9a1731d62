import { BackOff, type BackOffOptions } from './back-off.ts';
import type { FleetWorker } from './fleet-worker.ts';
import type { WorkerExit } from './worker-process.ts';

/** Starts the nth process of a slot; undefined: it could not even be started, and no exit follows. */
export type SpawnWorker = (slot: number, incarnation: number) => FleetWorker | undefined;

/** One of the N places that a worker process fills: starts it, and starts another when it ends, ever slower while it crashes. */
export class WorkerSlot {
  readonly index: number;
  readonly #spawn: SpawnWorker;
  readonly #backOff: BackOff;
  #process: FleetWorker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #incarnation = 0;
  #stopped = false;

  constructor(index: number, backOff: BackOffOptions, spawn: SpawnWorker) {
    this.index = index;
    this.#backOff = new BackOff(backOff);
    this.#spawn = spawn;
  }

  /** The process that fills the slot; undefined while none does. */
  get process(): FleetWorker | undefined {
    return this.#process;
  }

  /** Processes that were started after the first. */
  get restarts(): number {
    return Math.max(0, this.#incarnation - 1);
  }

  start(): void {
    this.#timer = undefined;
    this.#incarnation++;
    this.#process = this.#spawn(this.index, this.#incarnation);
    if (this.#process === undefined) this.ended({ livedMs: 0 });
  }

  /** Called when the process has ended: the delay until the next one starts, or undefined when none will. */
  ended({ livedMs }: Pick<WorkerExit, 'livedMs'>): number | undefined {
    this.#process = undefined;
    if (this.#stopped) return undefined;
    const delayMs = this.#backOff.nextDelayMs(livedMs);
    this.#timer = setTimeout(() => this.start(), delayMs);
    return delayMs;
  }

  /** From now on no process is started. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

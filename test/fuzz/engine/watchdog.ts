import { Worker } from 'node:worker_threads';
import { Corpus } from './corpus.ts';
import { maxInputBytes } from './mutate.ts';

/** No input may take so long: this is a hang. */
const patienceMs = 30_000;
const headerBytes = 8;

/**
 * Looks on from another thread. An input that does not come to an end is saved, and the process ended: nothing else could stop it.
 */
export class Watchdog implements AsyncDisposable {
  readonly #shared = new SharedArrayBuffer(headerBytes + 2 * maxInputBytes);
  readonly #counters = new Int32Array(this.#shared, 0, 2);
  readonly #bytes = new Uint8Array(this.#shared, headerBytes);
  readonly #worker: Worker;

  constructor(name: string, isText: boolean) {
    this.#worker = new Worker(new URL('watchdog-main.ts', import.meta.url), { workerData: { shared: this.#shared, name, isText } });
    this.#worker.unref();
  }

  /** `input` is tried next. */
  begin(input: Buffer): void {
    this.#bytes.set(input.subarray(0, 2 * maxInputBytes));
    Atomics.store(this.#counters, 1, Math.min(input.length, 2 * maxInputBytes));
    Atomics.add(this.#counters, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** What the other thread does. */
export function watch({
  shared,
  name,
  isText,
}: {
  readonly shared: SharedArrayBuffer;
  readonly name: string;
  readonly isText: boolean;
}): void {
  const counters = new Int32Array(shared, 0, 2);
  let last = -1;
  setInterval(() => {
    const current = Atomics.load(counters, 0);
    if (current !== last) {
      last = current;
      return;
    }
    const corpus = new Corpus(name, isText);
    const input = Buffer.from(new Uint8Array(shared, headerBytes, Atomics.load(counters, 1)));
    console.error(`fuzz ${name}: no end within ${patienceMs} ms: ${corpus.lineOf(input)}, saved in ${corpus.addFound(input)}`);
    process.kill(process.pid, 'SIGKILL');
  }, patienceMs);
}

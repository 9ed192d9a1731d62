import { Worker } from 'node:worker_threads';

/** One password to be checked. */
export interface PasswordQuestion {
  readonly password: string;
  readonly hash: string;
}

interface Job extends PasswordQuestion {
  readonly answer: PromiseWithResolvers<boolean>;
}

/** How many may wait for the thread: at a bcrypt hash of cost 10, some seconds of it. */
const maxWaiting = 64;

/** Where the thread begins: beside this module, or beside main.js, one folder above the chunks of the bundle. */
const script = new URL(import.meta.filename.endsWith('.ts') ? './password-thread-main.ts' : '../password-thread.js', import.meta.url);

/**
 * Checks passwords in a thread of its own, begun when the first one is asked for. One at a time: workers are as many as cores. Nobody
 * waits for long: when too many do, `check` refuses.
 */
export class PasswordThread {
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #thread: Worker | undefined;
  #isClosed = false;

  /** Rejects when too many wait already, or the thread is lost. */
  check(question: PasswordQuestion): Promise<boolean> {
    if (this.#isClosed || this.#waiting.length >= maxWaiting) return Promise.reject(new Error('Cannot check a password: too many wait'));
    const answer = Promise.withResolvers<boolean>();
    this.#waiting.push({ ...question, answer });
    this.#next();
    return answer.promise;
  }

  /** Ends the thread; who waits is told. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#fail(new Error('Cannot check a password: shutting down'));
    await thread?.terminate();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#current = job;
    this.#thread ??= this.#start();
    this.#thread.postMessage({ password: job.password, hash: job.hash } satisfies PasswordQuestion);
  }

  #start(): Worker {
    const thread = new Worker(script, { env: {}, resourceLimits: { maxOldGenerationSizeMb: 32 } });
    thread.unref();
    thread.on('message', (matches: boolean) => {
      const job = this.#current;
      this.#current = undefined;
      job?.answer.resolve(matches);
      this.#next();
    });
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error('Cannot check a password: the thread has ended')));
    return thread;
  }

  /** The thread is lost: all that wait are told, and the next question begins another. */
  #fail(error: unknown): void {
    this.#thread?.removeAllListeners();
    this.#thread = undefined;
    const jobs = this.#current === undefined ? this.#waiting.splice(0) : [this.#current, ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const job of jobs) job.answer.reject(error);
  }
}

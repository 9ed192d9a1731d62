import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A backend in a process of its own, to be killed like a real one. */
export class BackendProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param name what it answers with; `/hold` is answered only when `release` is called */
  static async start(name: string): Promise<BackendProcess> {
    const child = fork(fileURLToPath(new URL('./backend-process-main.ts', import.meta.url)), [name], { execArgv: [] });
    const [port] = (await once(child, 'message')) as [number];
    return new BackendProcess(child, port);
  }

  /** Resolves when `count` requests for `/hold` have come since the start. */
  async held(count: number): Promise<void> {
    this.#child.send(count);
    await once(this.#child, 'message');
  }

  release(): void {
    this.#child.send('release');
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

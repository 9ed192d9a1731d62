import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a backend is spoken to: HTTP/1.1 with WebSockets, or gRPC on HTTP/2 without TLS. */
export type BackendProtocol = 'http1' | 'grpc';

/** A backend of the soak in a process of its own. It stamps each answer with its name, what it was asked and a hash of what it got. */
export class SoakBackend {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess, port: number) {
    this.name = name;
    this.#child = child;
    this.port = port;
  }

  static async start(name: string, protocol: BackendProtocol): Promise<SoakBackend> {
    const main = fileURLToPath(new URL('./soak-backend-main.ts', import.meta.url));
    const child = fork(main, [name, protocol], { execArgv: [] });
    const [port] = (await once(child, 'message')) as [number];
    return new SoakBackend(name, child, port);
  }

  /** Connections that are open to it now. */
  async connections(): Promise<number> {
    this.#child.send('connections');
    const [count] = (await once(this.#child, 'message')) as [number];
    return count;
  }

  /** Ends the process with a signal; resolves when it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request whose head has come; its body may still be on its way. */
export interface SeenByExample {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a backend does in place of its usual answer; undefined: that. */
export type OtherAnswer = (request: SeenByExample, response: ServerResponse) => unknown;

/** A pod behind the Services of the examples: answers 200 with the name of its Service, and says in `x-pod` which one it is. */
export class ExampleBackend implements AsyncDisposable {
  readonly seen: SeenByExample[] = [];
  /** Returns something when it has dealt with the request. */
  otherwise: OtherAnswer = () => undefined;
  readonly #name: string;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  private constructor(name: string) {
    this.#name = name;
  }

  static async start(name: string, address: string): Promise<ExampleBackend> {
    const backend = new ExampleBackend(name);
    backend.#server.keepAliveTimeout = 120_000;
    backend.#server.listen(0, address);
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get last(): SeenByExample | undefined {
    return this.seen.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers };
    this.seen.push(seen);
    request.on('error', () => {}).resume();
    response.setHeader('x-pod', `${this.port}`);
    if (this.otherwise(seen, response) === undefined) request.once('end', () => response.end(this.#name));
  }
}

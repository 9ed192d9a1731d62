import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a backend saw of one request. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A plain HTTP backend that answers 200 with its own name. */
export class NamedBackend implements AsyncDisposable {
  readonly name: string;
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;

  private constructor(name: string, headers: Readonly<Record<string, string>>) {
    this.name = name;
    this.#server = createServer((request, response) => {
      this.seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
      request.resume();
      // Not by writeHead, which would make the answer one of unknown length.
      for (const [field, value] of Object.entries(headers)) response.setHeader(field, value);
      request.once('end', () => response.end(name));
    });
  }

  /** On 127.0.0.1. @param headers of every answer */
  static async start(name: string, headers: Readonly<Record<string, string>> = {}): Promise<NamedBackend> {
    const backend = new NamedBackend(name, headers);
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

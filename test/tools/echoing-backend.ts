import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an `EchoingBackend` says of the request that it answers. */
export interface Echo {
  readonly backend: string;
  readonly method: string;
  readonly host: string;
  readonly url: string;
  /** The header `x-ask`, by which a client knows its own answer. */
  readonly ask: string;
  readonly body: string;
}

/** An HTTP backend on 127.0.0.1 that answers every request with what it saw of it. */
export class EchoingBackend implements AsyncDisposable {
  readonly name: string;
  readonly #server: Server;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('end', () => {
        const { method = '', headers, url = '' } = request;
        const body = Buffer.concat(chunks).toString('latin1');
        const echo: Echo = { backend: name, method, host: headers.host ?? '', url, ask: String(headers['x-ask'] ?? ''), body };
        response.end(JSON.stringify(echo));
      });
    });
  }

  static async start(name: string): Promise<EchoingBackend> {
    const backend = new EchoingBackend(name);
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

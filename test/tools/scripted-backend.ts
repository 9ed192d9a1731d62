import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request that has come as a whole. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A plain HTTP backend on 127.0.0.1 that does what the test says. */
export class ScriptedBackend {
  /** In the order in which they were complete. */
  readonly received: ReceivedRequest[] = [];
  /** Connections, ever. */
  connections = 0;
  readonly #server;

  private constructor(answer: (request: ReceivedRequest, response: ServerResponse) => void, onHead?: (request: IncomingMessage) => void) {
    this.#server = createServer((request, response) => {
      onHead?.(request);
      const chunks: Buffer[] = [];
      request.on('error', () => {});
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('end', () => {
        const { method = '', url = '', headers } = request;
        const received = { method, url, headers, body: Buffer.concat(chunks).toString() };
        this.received.push(received);
        answer(received, response);
      });
    });
    this.#server.on('connection', () => this.connections++);
  }

  /** Ends with the test. @param onHead called with each request before its body */
  static async start(
    t: TestContext,
    answer: (request: ReceivedRequest, response: ServerResponse) => void,
    onHead?: (request: IncomingMessage) => void,
  ): Promise<ScriptedBackend> {
    const backend = new ScriptedBackend(answer, onHead);
    const server = backend.#server;
    server.keepAliveTimeout = 120_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A backend that answers with `hello`, holds `/held` until the test answers, and echoes on upgraded connections. */
export class HeldBackend {
  /** Answers that wait for the test. */
  readonly held: ServerResponse[] = [];
  readonly seen: IncomingHttpHeaders[] = [];
  readonly #server = createServer((request, response) => {
    this.seen.push(request.headers);
    request.resume();
    if (request.url === '/held') this.held.push(response);
    else response.end('hello');
  });

  /** Ends with the test. */
  static async start(t: TestContext): Promise<HeldBackend> {
    const backend = new HeldBackend();
    const server = backend.#server;
    server.keepAliveTimeout = 120_000;
    server.on('upgrade', (_request, socket: Socket) => {
      socket.on('error', () => {}).on('end', () => socket.end());
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
      t.after(() => socket.destroy());
    });
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

import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Answer } from './get.ts';

export interface KeepAliveRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A client that sends one request after the other on one connection to 127.0.0.1, and says when it had to open another. */
export class KeepAliveClient implements Disposable {
  readonly #port: number;
  readonly #serverName: string | undefined;
  readonly #agent: HttpAgent;
  readonly #sockets = new Set<unknown>();

  /** @param serverName over TLS, with this name */
  constructor(port: number, serverName?: string) {
    this.#port = port;
    this.#serverName = serverName;
    this.#agent =
      serverName === undefined ? new HttpAgent({ keepAlive: true, maxSockets: 1 }) : new HttpsAgent({ keepAlive: true, maxSockets: 1 });
  }

  /** Connections that were opened so far. */
  get connections(): number {
    return this.#sockets.size;
  }

  ask(host: string, path: string, { method = 'GET', headers = {}, body }: KeepAliveRequest = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const common = { method, path, headers: { host, ...headers }, host: '127.0.0.1', port: this.#port, agent: this.#agent };
    const request =
      this.#serverName === undefined
        ? httpRequest(common)
        : httpsRequest({ ...common, servername: this.#serverName, rejectUnauthorized: false });
    request.once('error', reject);
    request.once('socket', (socket) => this.#sockets.add(socket));
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

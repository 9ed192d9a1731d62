import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { ClusterConfig } from '../../src/sources/kubernetes/cluster-config.ts';

/** Answers one request; `url` is parsed. */
export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** An HTTP server in the API server's place that misbehaves on purpose, in ways that a real one can't be made to. */
export class ScriptedApi {
  readonly #server: Server;
  readonly #folder = mkdtempSync(join(tmpdir(), 'smartproxy-scripted-api-'));
  readonly requests: { readonly method: string; readonly url: URL; readonly headers: IncomingMessage['headers'] }[] = [];
  readonly client: ApiClient;
  readonly kubeconfig = join(this.#folder, 'kubeconfig');

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.writeKubeconfig(port, 'first');
    this.client = new ApiClient(new ClusterConfig({ kubeconfig: this.kubeconfig }));
  }

  static async start(answer: Answer): Promise<ScriptedApi> {
    let api: ScriptedApi | undefined;
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://api');
      api?.requests.push({ method: request.method ?? '', url, headers: request.headers });
      answer(request, response, url);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Cannot tell the port of the scripted API');
    api = new ScriptedApi(server, address.port);
    return api;
  }

  writeKubeconfig(port: number, token: string): void {
    const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
    const config = {
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('Cannot tell the port of the scripted API');
    return address.port;
  }

  get watches(): readonly URL[] {
    return this.requests.map(({ url }) => url).filter((url) => url.searchParams.get('watch') === 'true');
  }

  get lists(): readonly URL[] {
    return this.requests.map(({ url }) => url).filter((url) => url.searchParams.get('watch') === null);
  }

  async close(): Promise<void> {
    this.client.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

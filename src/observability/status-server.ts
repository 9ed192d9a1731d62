import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exposition } from './exposition.ts';
import { contentTypes, type ExpositionFormat, negotiatedFormat } from './exposition-format.ts';
import { HttpListener, type ServerAddress } from './http-listener.ts';
import { type ReadinessCheck, readinessAnswer } from './readiness.ts';

export interface StatusServerOptions {
  readonly address: string;
  /** 0: a free port. */
  readonly port: number;
  /** Whether the pod should get traffic now, part by part. */
  readonly readiness: () => readonly ReadinessCheck[];
  readonly exposition: Exposition;
  /** A scrape that failed is answered with 500 and told here. */
  readonly onError: (error: unknown) => void;
}

/**
 * Health and metrics for the kubelet and Prometheus: `/healthz` (the main process runs), `/readyz` (it serves a table, or
 * what keeps it from that; `?verbose` for every part), `/metrics`.
 * Nothing here changes state or shows a secret, so it may listen on the pod's address.
 */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #listener = new HttpListener((request, response) => void this.#answer(request, response));

  constructor(options: StatusServerOptions) {
    this.#options = options;
  }

  /** @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE */
  start(): Promise<ServerAddress> {
    return this.#listener.listen('health and metrics', this.#options.address, this.#options.port);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(response, 405, 'only GET is allowed\n');
    const [path, query] = (request.url ?? '').split('?');
    switch (path) {
      case '/healthz':
        return plain(response, 200, 'ok\n');
      case '/readyz':
        return this.#answerReady(query, response);
      case '/metrics':
        return await this.#answerMetrics(negotiatedFormat(request.headers.accept), response);
      default:
        return plain(response, 404, 'there are /healthz, /readyz and /metrics here\n');
    }
  }

  #answerReady(query: string | undefined, response: ServerResponse): void {
    const verbose = new URLSearchParams(query).has('verbose');
    const { status, body } = readinessAnswer(this.#options.readiness(), verbose);
    plain(response, status, body);
  }

  async #answerMetrics(format: ExpositionFormat, response: ServerResponse): Promise<void> {
    const { exposition, onError } = this.#options;
    try {
      const chunks = await exposition.render(format);
      response.writeHead(200, { 'content-type': contentTypes[format], vary: 'accept' });
      for (const chunk of chunks) response.write(chunk);
      response.end();
    } catch (error) {
      onError(error);
      plain(response, 500, 'the metrics cannot be read now; the log says why\n');
    }
  }
}

function plain(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(body);
}

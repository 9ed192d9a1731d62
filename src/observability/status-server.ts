import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exposition } from './exposition.ts';
import { contentTypes, type ExpositionFormat, negotiatedFormat } from './exposition-format.ts';
import { HttpListener, type ServerAddress } from './http-listener.ts';

export interface StatusServerOptions {
  readonly address: string;
  /** 0: a free port. */
  readonly port: number;
  /** Why the pod should get no traffic now; undefined: a table is served and no drain has begun. */
  readonly notReady: () => string | undefined;
  readonly exposition: Exposition;
  /** A scrape that failed is answered with 500 and told here. */
  readonly onError: (error: unknown) => void;
}

/**
 * Health and metrics for the kubelet and Prometheus: `/healthz` (the main process runs), `/readyz` (it serves a table), `/metrics`.
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
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return plain(response, 200, 'ok\n');
      case '/readyz':
        return this.#answerReady(response);
      case '/metrics':
        return await this.#answerMetrics(negotiatedFormat(request.headers.accept), response);
      default:
        return plain(response, 404, 'there are /healthz, /readyz and /metrics here\n');
    }
  }

  #answerReady(response: ServerResponse): void {
    const reason = this.#options.notReady();
    plain(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
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

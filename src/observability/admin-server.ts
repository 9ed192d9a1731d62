import type { IncomingMessage, ServerResponse } from 'node:http';
import { SmartProxyError } from '../errors.ts';
import { isLoopbackAddress } from '../local-address.ts';
import { HttpListener, type ServerAddress } from './http-listener.ts';

/** A page of the admin server: plain data without secrets, made when it is asked for. */
export type DebugPage = (query: URLSearchParams) => unknown | Promise<unknown>;

export interface AdminServerOptions {
  /** A loopback address; any other is refused. */
  readonly address: string;
  /** 0: a free port. */
  readonly port: number;
  /** By path: `/debug/routes` and so on. */
  readonly pages: Readonly<Record<string, DebugPage>>;
  /** A page that failed is answered with 500 and told here. */
  readonly onError: (error: unknown) => void;
}

/**
 * Debug pages as JSON for whoever is on this machine (in a pod: `kubectl port-forward`). It binds loopback only, and answers only
 * requests whose Host is loopback too: a web page that points its own name at 127.0.0.1 (DNS rebinding) gets nothing.
 */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #listener = new HttpListener((request, response) => void this.#answer(request, response));

  /** @throws SmartProxyError CONFIG_INVALID when the address is not loopback */
  constructor(options: AdminServerOptions) {
    if (!isLoopbackAddress(options.address)) {
      throw new SmartProxyError(
        'CONFIG_INVALID',
        `Cannot open the admin server on ${options.address}: it is for loopback addresses only (127.0.0.1 or ::1)`,
      );
    }
    this.#options = options;
  }

  /** @throws SmartProxyError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE */
  start(): Promise<ServerAddress> {
    return this.#listener.listen('debug pages', this.#options.address, this.#options.port);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isLocalAuthority(request.headers.host)) return json(response, 403, { error: 'the Host header must name this machine: localhost' });
    if (request.method !== 'GET') return json(response, 405, { error: 'only GET is allowed' });
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const page = Object.hasOwn(this.#options.pages, path) ? this.#options.pages[path] : undefined;
    if (page === undefined) return json(response, 404, { error: 'no such page', pages: Object.keys(this.#options.pages) });
    try {
      json(response, 200, await page(new URLSearchParams(query)));
    } catch (error) {
      this.#options.onError(error);
      json(response, 500, { error: 'the page cannot be made now; the log says why' });
    }
  }
}

/** Whether a Host header (`localhost:10255`, `[::1]:10255`) names this machine. */
function isLocalAuthority(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || isLoopbackAddress(name.replace(/^\[(.*)\]$/, '$1'));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value, undefined, 2)}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(body);
}

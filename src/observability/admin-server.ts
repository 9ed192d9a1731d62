import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SmartProxyError } from '../errors.ts';
import { isLoopbackAddress } from '../local-address.ts';
import type { AdminToken, ChangeRefusal } from './admin-token.ts';
import { HttpListener, type ServerAddress } from './http-listener.ts';
import type { UiAssets } from './ui/load-ui-assets.ts';
import { serveUiAsset } from './ui/ui-asset.ts';

/** A page of the admin server: plain data without secrets, made when it is asked for. */
export type DebugPage = (query: URLSearchParams) => unknown | Promise<unknown>;

/** What a page gives in place of data when its query means nothing: 400, with why. */
export class PageRefusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What a page gives in place of data when it goes on for a while: each item is a line of JSON, until there is no more or the client leaves. */
export class PageStream {
  readonly items: (signal: AbortSignal) => AsyncIterable<unknown>;

  /** @param items called before the answer begins; its signal is aborted when nobody reads them any more */
  constructor(items: (signal: AbortSignal) => AsyncIterable<unknown>) {
    this.items = items;
  }
}

/** Something that PUT or DELETE brings about; resolves to how many things the query meant, or to why it means none that can be. */
export type DebugChange = (query: URLSearchParams) => Promise<number | string>;

export interface AdminServerOptions {
  /** A loopback address; any other is refused. */
  readonly address: string;
  /** 0: a free port. */
  readonly port: number;
  /** By path: `/debug/routes` and so on. */
  readonly pages: Readonly<Record<string, DebugPage>>;
  /** By path of a page: what DELETE does there. @default nothing */
  readonly removals?: Readonly<Record<string, DebugChange>>;
  /** By path of a page: what PUT does there. @default nothing */
  readonly additions?: Readonly<Record<string, DebugChange>>;
  /** What PUT and DELETE need. */
  readonly token: Pick<AdminToken, 'refusalOf'>;
  /** The web UI, read when somebody opens it. @default none */
  readonly assets?: () => Promise<UiAssets>;
  /** A page that failed is answered with 500 and told here. */
  readonly onError: (error: unknown) => void;
}

/**
 * Debug pages as JSON, and the web UI that shows them, for whoever is on this machine (in a pod: `kubectl port-forward`). It binds loopback
 * only, and answers only requests whose Host is loopback too: a web page that points its own name at 127.0.0.1 (DNS rebinding) gets nothing.
 * Nor does one that asks for more than the page of the web UI under the name of this machine (`<img src="http://localhost:10255/debug/...">`).
 * Nor can a page of another origin send PUT or DELETE: browsers ask first (CORS), and nobody here says yes. So POST, which they send
 * unasked, does nothing. Who sends PUT or DELETE has to have the admin token.
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

  async #answerAsset(assets: () => Promise<UiAssets>, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const asset = (await assets()).get(path);
      if (asset === undefined) json(response, 404, { error: 'no such file of the web UI' });
      else if (request.method === 'GET' || request.method === 'HEAD') serveUiAsset(request, response, asset);
      else json(response, 405, { error: 'this method is not allowed here' });
    } catch (error) {
      this.#options.onError(error);
      json(response, 500, { error: 'the web UI cannot be read; the log says why' });
    }
  }

  #changeOf(method: string | undefined, path: string): DebugChange | undefined {
    const { removals = {}, additions = {} } = this.#options;
    const changes = method === 'DELETE' ? removals : method === 'PUT' ? additions : {};
    return Object.hasOwn(changes, path) ? changes[path] : undefined;
  }

  async #change(change: DebugChange, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await this.#options.token.refusalOf(request.headers.authorization);
    if (refusal === undefined) changed(response, await change(query));
    else refused(response, refusal);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isLocalAuthority(request.headers.host)) return json(response, 403, { error: 'the Host header must name this machine: localhost' });
    const { pages } = this.#options;
    const { path, query } = targetOf(request.url ?? '');
    if (path !== '/' && isOfAnotherSite(request)) return json(response, 403, { error: otherSite });
    if (isOfUi(path) && this.#options.assets !== undefined) return this.#answerAsset(this.#options.assets, path, request, response);
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) return json(response, 404, { error: 'no such page', pages: Object.keys(pages) });
    const change = this.#changeOf(request.method, path);
    try {
      if (request.method === 'GET') await shown(response, await page(query));
      else if (change === undefined) json(response, 405, { error: 'this method is not allowed here' });
      else await this.#change(change, query, request, response);
    } catch (error) {
      this.#options.onError(error);
      if (response.headersSent) response.destroy();
      else json(response, 500, { error: 'the page cannot be made now; the log says why' });
    }
  }
}

function refused(response: ServerResponse, { status, message }: ChangeRefusal): void {
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  json(response, status, { error: message });
}

/** A `?` within the query belongs to it: `?url=http://a/b?c`. */
function targetOf(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const end = url.indexOf('?');
  return { path: end < 0 ? url : url.slice(0, end), query: new URLSearchParams(end < 0 ? '' : url.slice(end + 1)) };
}

const otherSite = 'a page of another site asked for this; type the address, or start at the web UI';

/**
 * Whether a browser says that a page from elsewhere asks (Fetch Metadata): it could not read the answer, but have the program work for it.
 * Another port of this machine is elsewhere too.
 */
function isOfAnotherSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

function isOfUi(path: string): boolean {
  return path === '/' || path.startsWith('/ui/');
}

async function shown(response: ServerResponse, data: unknown): Promise<void> {
  if (data instanceof PageRefusal) json(response, 400, { error: data.message });
  else if (data instanceof PageStream) await streamed(response, data);
  else json(response, 200, data);
}

async function streamed(response: ServerResponse, { items }: PageStream): Promise<void> {
  if (response.destroyed) return;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const begun = items(gone.signal);
  head(response, 200, 'application/x-ndjson');
  response.flushHeaders();
  for await (const item of begun) {
    if (gone.signal.aborted) break;
    if (!response.write(`${JSON.stringify(item)}\n`)) await drained(response, gone.signal);
  }
  response.end();
}

/** Resolves when more can be written, or nobody reads any more. */
async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal: gone });
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}

function changed(response: ServerResponse, result: number | string): void {
  if (typeof result === 'string') json(response, 400, { error: result });
  else if (result === 0) json(response, 404, { error: 'there is none that the query means', changed: 0 });
  else json(response, 200, { changed: result });
}

/** Whether a Host header (`localhost:10255`, `[::1]:10255`) names this machine. */
function isLocalAuthority(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || isLoopbackAddress(name.replace(/^\[(.*)\]$/, '$1'));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value, undefined, 2)}\n`;
  head(response, status, 'application/json');
  response.end(body);
}

function head(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
}

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { messageOf } from '../../errors.ts';
import { readAnswer } from '../../read-answer.ts';
import { ApiError, hasStatus } from './api-error.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { LineDecoder } from './line-decoder.ts';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiRequest {
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  /** @default 'application/json' */
  readonly accept?: string;
  readonly body?: unknown;
  /** Time for the whole answer. @default 30,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface WatchRequest {
  readonly path: string;
  readonly query: Query;
  readonly accept?: string;
  /** The watch is given up after this time without a byte. */
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
  /** The server accepted the watch. */
  readonly onOpen: () => void;
  readonly onLine: (line: string) => void;
}

const defaultTimeoutMs = 30_000;
/** A page of 500 objects is far below; an endless answer is not. */
const maxAnswerBytes = 256 * 1024 * 1024;
/** etcd takes objects of 1.5 MiB. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * Requests to the API server over kept-alive connections. The agents keep one pool per TLS material, so a rotated certificate gets
 * new connections by itself. A 401 reads the credentials again and asks once more.
 */
export class ApiClient {
  readonly #config: ClusterConfig;
  readonly #httpsAgent = new HttpsAgent({ keepAlive: true, maxFreeSockets: 4, timeout: 60_000 });
  readonly #httpAgent = new HttpAgent({ keepAlive: true, maxFreeSockets: 4, timeout: 60_000 });
  readonly #closing = new AbortController();

  constructor(config: ClusterConfig) {
    this.#config = config;
  }

  /** The parsed JSON answer; rejects with ApiError for any other status than 2xx, and for no answer in time. */
  async json<T>(request: ApiRequest): Promise<T> {
    const action = describe(request);
    const deadline = new AbortController();
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const signal = AbortSignal.any([deadline.signal, this.#closing.signal, ...(request.signal === undefined ? [] : [request.signal])]);
    try {
      const response = await this.#sendAuthorised(request, signal);
      return JSON.parse(await readAnswer(response, maxAnswerBytes)) as T;
    } catch (error) {
      throw asApiError(action, error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Hands over the lines of a watch until the server ends it, or has accepted it and goes silent; rejects with ApiError for everything else. */
  async watch(request: WatchRequest): Promise<'ended' | 'silent'> {
    const stall = new AbortController();
    const timer = setTimeout(() => stall.abort(new Error(`nothing came for ${request.stallTimeoutMs} ms`)), request.stallTimeoutMs);
    const signal = AbortSignal.any([stall.signal, this.#closing.signal, request.signal]);
    let isOpen = false;
    try {
      const response = await this.#sendAuthorised(request, signal);
      isOpen = true;
      timer.refresh();
      request.onOpen();
      const decoder = new LineDecoder(maxLineBytes);
      for await (const chunk of response) {
        timer.refresh();
        for (const line of decoder.push(chunk as Buffer)) request.onLine(line);
      }
      if (decoder.pendingBytes > 0) throw new Error('it ended in the middle of an event');
      return 'ended';
    } catch (error) {
      if (isOpen && stall.signal.aborted) return 'silent';
      throw asApiError(`watch ${request.path}`, error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends every request and connection. */
  close(): void {
    this.#closing.abort(new Error('the client was closed'));
    this.#httpsAgent.destroy();
    this.#httpAgent.destroy();
  }

  async #sendAuthorised(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#send(request, signal);
    } catch (error) {
      if (!hasStatus(error, 401)) throw error;
      this.#config.reload();
      return this.#send(request, signal);
    }
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { response, reused } = await this.#exchange(request, signal);
    if (response !== undefined) return accepted(request, response);
    // A kept-alive connection that the server had closed already: nothing of this request was read.
    const second = reused && (request.method ?? 'GET') === 'GET' ? await this.#exchange(request, signal) : undefined;
    if (second?.response === undefined) throw new Error('the connection was closed');
    return accepted(request, second.response);
  }

  async #exchange(request: ApiRequest, signal: AbortSignal): Promise<{ response: IncomingMessage | undefined; reused: boolean }> {
    signal.throwIfAborted();
    const { server, options, proxied } = await this.#config.connection();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const secure = server.protocol === 'https:';
    const agent = proxied ? options.agent : secure ? this.#httpsAgent : this.#httpAgent;
    const headers = { ...options.headers, ...headersOf(request, body) };
    const target = new URL(`${server.pathname.replace(/\/$/, '')}${request.path}${queryText(request.query)}`, server);
    const send = secure ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent: ClientRequest = send(target, { ...options, method: request.method ?? 'GET', headers, agent, signal }, (response) =>
        resolve({ response, reused: sent.reusedSocket }),
      );
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve({ response: undefined, reused: true });
        else reject(error);
      });
      sent.end(body);
    });
  }
}

function headersOf(request: ApiRequest, body: string | undefined): Record<string, string | number> {
  const headers: Record<string, string | number> = { accept: request.accept ?? 'application/json', 'user-agent': 'smartproxy-ingress' };
  if (body === undefined) return headers;
  headers['content-type'] = request.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  headers['content-length'] = Buffer.byteLength(body);
  return headers;
}

function queryText(query: Query = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

function describe(request: ApiRequest): string {
  return `${request.method ?? 'GET'} ${request.path}`;
}

/** The response when its status is 2xx; else an ApiError with the message of the Status object in it. */
async function accepted(request: ApiRequest, response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const answer = await readAnswer(response, maxAnswerBytes).catch(() => '');
  const retryAfterMs = Math.min(60, Number(response.headers['retry-after']) || 0) * 1000;
  throw new ApiError(describe(request), `${status} ${statusMessage(answer)}`, { status, retryAfterMs });
}

function statusMessage(answer: string): string {
  try {
    return String(JSON.parse(answer).message ?? '').slice(0, 500);
  } catch {
    return answer.slice(0, 200).trim();
  }
}

/** Attempts at several addresses end in one error without a message: its code says what each of them met. */
function reasonOf(cause: unknown): string {
  return messageOf(cause) || String((cause as NodeJS.ErrnoException).code ?? 'the connection failed');
}

function asApiError(action: string, error: unknown, signal: AbortSignal): Error {
  if (error instanceof ApiError) return error;
  const cause = signal.aborted ? signal.reason : error;
  return new ApiError(action, reasonOf(cause), { cause });
}
